"""Who was invited, who is there and when, and whether that is enough; intervals never overlap."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import AttendanceStatus, MeetingState, PresenceMethod
from cases.models import AgendaItem, Attendance, Mandate, Meeting, PresenceInterval, Seat, User
from workflows.council import access
from workflows.council.acts import locked, locked_council
from workflows.council.packs import rules_of
from workflows.polling.facts import Elector
from workflows.polling.result import Needed, heads_needed

RUNNING = (MeetingState.IN_SESSION, MeetingState.RECESS)
BEFORE_THE_END = (MeetingState.CONVENED, *RUNNING)
SIGN_IN_FROM = timedelta(hours=1)  # before the planned start; nobody is there days ahead


@transaction.atomic
def answer_invitation(*, meeting_id: int, seat_id: int, actor: User, comes: bool) -> Attendance:
    """A seat says whether it will come; the secretary may note it. Raises PermissionDenied, ValidationError."""
    meeting = _held(meeting_id)
    row = _invited(meeting, seat_id)
    _check_actor(row, actor, "answer_invitation")
    if meeting.state != MeetingState.CONVENED:
        raise ValidationError(_("会议已开始或已结束，不用再回复。"))
    row.status = AttendanceStatus.CONFIRMED if comes else AttendanceStatus.EXCUSED
    row.save(update_fields=["status"])
    return row


@transaction.atomic
def sign_in(*, meeting_id: int, seat_id: int, actor: User, now: datetime, method: PresenceMethod) -> PresenceInterval:
    """Somebody is there from now on; nothing happens when they are already.

    Raises PermissionDenied (neither the seat itself nor the secretary), ValidationError (not invited, meeting over).
    """
    meeting = _held(meeting_id)
    row = _invited(meeting, seat_id)
    _check_actor(row, actor, "sign_in")
    _check_open(meeting, now)
    return _come(row, now, method)


@transaction.atomic
def all_present(*, meeting_id: int, actor: User, now: datetime) -> int:
    """Everybody who was invited is there; returns how many came now.

    Not who excused themselves, who has given a mandate, or who left: they are signed in one by one.
    """
    meeting = _held(meeting_id)
    access.require_secretary(meeting.council, actor, "all_present")
    _check_open(meeting, now)
    principals = meeting.mandates.filter(revoked_at=None).values("principal")
    rows = meeting.attendances.filter(intervals=None).exclude(
        Q(status=AttendanceStatus.EXCUSED) | Q(seat__in=principals)
    )
    there = [PresenceInterval(attendance=row, began_at=now, method=PresenceMethod.RECORDER) for row in rows]
    return len(PresenceInterval.objects.bulk_create(there))


@transaction.atomic
def sign_out(*, meeting_id: int, seat_id: int, actor: User, now: datetime) -> PresenceInterval:
    """Somebody leaves. Raises PermissionDenied, ValidationError (was not there)."""
    meeting = _held(meeting_id)
    row = _invited(meeting, seat_id)
    _check_actor(row, actor, "sign_out")
    interval = row.intervals.filter(ended_at=None).first()
    if interval is None:
        raise ValidationError(_("此人没有签到，不用签退。"))
    return _leave(interval, now)


def may_sign_in(meeting: Meeting, now: datetime) -> bool:
    """From an hour before it begins until it is closed."""
    return meeting.state in RUNNING or (
        meeting.state == MeetingState.CONVENED and now >= meeting.planned_at - SIGN_IN_FROM
    )


def end_presence(meeting: Meeting, now: datetime) -> None:
    """Everybody leaves with the meeting. The council is locked."""
    there = PresenceInterval.objects.filter(attendance__meeting=meeting, ended_at=None)
    there.filter(began_at__gte=now).delete()  # came and went in the same moment: they were not there
    there.update(ended_at=now)


def present_at(meeting: Meeting, at: datetime) -> set[int]:
    """Keys of the voting seats that were there at an instant; mandates are not counted in."""
    there = PresenceInterval.objects.filter(Q(ended_at=None) | Q(ended_at__gt=at), began_at__lte=at)
    found = there.filter(attendance__meeting=meeting, attendance__seat__has_vote=True)
    return set(found.values_list("attendance__seat", flat=True))


def mandated(meeting: Meeting, item: AgendaItem) -> dict[int, Mandate]:
    """The live mandate of each principal that covers an item: one that names items covers those, any other all."""
    rows = meeting.mandates.filter(revoked_at=None).select_related("holder", "principal")
    return {row.principal_id: row for row in rows if not row.instructions or str(item.pk) in row.instructions}


def counted_at(meeting: Meeting, at: datetime, item: AgendaItem | None = None) -> set[int]:
    """Those who are there, and those whose holder is, where the rules allow mandates."""
    there = present_at(meeting, at)
    if not rules_of(meeting.pack).proxy.allowed:
        return there
    live = mandated(meeting, item) if item else {m.principal_id: m for m in meeting.mandates.filter(revoked_at=None)}
    return there | {principal for principal, mandate in live.items() if mandate.holder_id in there}


def voting_seats(meeting: Meeting) -> list[Seat]:
    """The seats that were invited and may vote, party by party."""
    found = Seat.objects.filter(attendances__meeting=meeting, has_vote=True).select_related("party", "user")
    return list(found.order_by("party__position", "pk"))


def quorum_now(meeting: Meeting, present: Collection[int]) -> list[Needed]:
    """For each quorum of the rules how many are there, how many must be, how many more that is."""
    roll = [Elector(str(seat.pk), seat.party.code) for seat in voting_seats(meeting)]
    return heads_needed(rules_of(meeting.pack), roll, {str(pk) for pk in present})


def _held(meeting_id: int) -> Meeting:
    """The meeting with its council locked."""
    council = locked_council(Meeting.objects.only("council_id").get(pk=meeting_id).council_id)
    meeting = locked(Meeting, meeting_id, "pack")
    meeting.council = council
    return meeting


def _invited(meeting: Meeting, seat_id: int) -> Attendance:
    if meeting.state not in BEFORE_THE_END:
        raise ValidationError(_("会议还没有通知或已经结束，不能签到。"))
    row = meeting.attendances.select_related("seat__party").filter(seat=seat_id).first()
    if row is None:
        raise ValidationError({"seat": _("此人不在会议通知的名单里。")})
    return row


def _check_open(meeting: Meeting, now: datetime) -> None:
    if not may_sign_in(meeting, now):
        raise ValidationError(_("开会前一小时才能签到，散会后不能再签。"))


def _check_actor(row: Attendance, actor: User, what: str) -> None:
    if row.seat.user_id != actor.pk and not access.is_secretary_of(row.meeting.council, actor):
        raise PermissionDenied(what)


def _come(row: Attendance, now: datetime, method: PresenceMethod) -> PresenceInterval:
    last = row.intervals.order_by("-began_at").first()
    if last is not None and last.ended_at is None:
        return last
    if last is not None and last.ended_at is not None and last.ended_at > now:
        raise ValidationError(_("签到时间早于上次签退，请核对时间。"))
    return PresenceInterval.objects.create(attendance=row, began_at=now, method=method)


def _leave(interval: PresenceInterval, now: datetime) -> PresenceInterval:
    if interval.began_at >= now:  # came and went in the same moment: they were not there
        interval.delete()
        return interval
    interval.ended_at = now
    interval.save(update_fields=["ended_at"])
    return interval
