"""Meetings: prepare, convene with the lead time that the rules want, open, pause, close; call again without quorum."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.council_terms import ItemKind, ItemState, MeetingKind, MeetingState, NoticeKind, TopicState
from cases.models import AgendaItem, Attendance, Council, Meeting, Seat, Topic, User
from cases.terms import EventType
from workflows import limits
from workflows.council import access, presence
from workflows.council.acts import locked, locked_council, make, next_serial, say, words
from workflows.council.agenda import put_on_agenda
from workflows.council.meeting_words import agenda_text
from workflows.council.notices import post_notice
from workflows.council.packs import pack_of, rules_of
from workflows.machines import ItemLifecycle, MeetingLifecycle

UNDECIDED = (ItemState.ACCEPTED, ItemState.ANNOUNCED, ItemState.IN_DISCUSSION)


@dataclass(frozen=True)
class Plan:
    """When and where a meeting is to be, and who leads it."""

    planned_at: datetime
    venue: str
    kind: MeetingKind = MeetingKind.REGULAR
    mode: str = "onsite"
    chair: Seat | None = None
    recorder: Seat | None = None


@transaction.atomic
def prepare_meeting(
    *, council_id: int, plan: Plan, topics: Sequence[Topic], actor: User, now: datetime, items: str = ItemKind.DECIDE
) -> Meeting:
    """A draft with its first agenda. Raises PermissionDenied (no secretary), ValidationError."""
    council = locked_council(council_id)
    access.require_secretary(council, actor, "prepare_meeting")
    meeting = _drafted(council, plan, actor, now)
    for topic in topics:
        put_on_agenda(meeting, topic, kind=items, now=now)
    keys = [topic.pk for topic in topics]
    say(council, EventType.MEETING_PREPARED, actor=actor, now=now, meeting=meeting.pk, topics=keys)
    return meeting


def _drafted(council: Council, plan: Plan, actor: User, now: datetime, reconvenes: Meeting | None = None) -> Meeting:
    _check_plan(council, plan, now)
    year, serial = next_serial(council.meetings, now)
    return Meeting.objects.create(
        council=council,
        year=year,
        serial=serial,
        kind=plan.kind,
        mode=plan.mode,
        planned_at=plan.planned_at,
        venue=plan.venue.strip(),
        chair=plan.chair,
        recorder=plan.recorder,
        pack=pack_of(council, timezone.localdate(plan.planned_at)),
        reconvenes=reconvenes,
        sign_in_salt=secrets.token_hex(16),
        created_by=actor,
        created_at=now,
    )


def _check_plan(council: Council, plan: Plan, now: datetime) -> None:
    words("venue", plan.venue, _("请写明开会地点。"), longest=120)
    if plan.planned_at <= now:
        raise ValidationError({"planned_at": _("开会时间须在现在以后。")})
    for name, seat in (("chair", plan.chair), ("recorder", plan.recorder)):
        if seat is not None and seat.party.council_id != council.pk:
            raise ValidationError({name: _("此人不是本会成员，请另选。")})


@transaction.atomic
def change_meeting(*, meeting_id: int, plan: Plan, actor: User, now: datetime) -> Meeting:
    """Another time, place or chair, while nobody has been invited. Raises PermissionDenied, ValidationError."""
    council, meeting = _locked(meeting_id)
    access.require_secretary(council, actor, "change_meeting")
    if meeting.state != MeetingState.DRAFT:
        raise ValidationError(_("会议已通知，不能再改；需要改期请取消后另行召集。"))
    _check_plan(council, plan, now)
    fields = ("planned_at", "venue", "kind", "mode", "chair", "recorder")
    for name in fields:
        setattr(meeting, name, getattr(plan, name))
    meeting.pack = pack_of(council, timezone.localdate(plan.planned_at))
    meeting.save(update_fields=[*fields, "pack"])
    return meeting


def earliest_start(meeting: Meeting, now: datetime) -> datetime:
    """The first moment for which a notice that is posted now is early enough."""
    rules = rules_of(meeting.pack)
    if rules.notice_days and rules.notice_calendar == "working":
        return limits.default_calendar().add_days(now, rules.notice_days)
    return now + timedelta(days=rules.notice_days)


@transaction.atomic
def convene_meeting(*, meeting_id: int, actor: User, now: datetime, reason: str = "", channels: str = "") -> Meeting:
    """Post the notice with the agenda and invite the seats; the items are announced by it.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError (no agenda, nobody to lead it, too short a notice
    unless it is an emergency with its reason).
    """
    council, meeting = _locked(meeting_id)
    access.require_secretary(council, actor, "convene_meeting")
    make(meeting, "convene")
    items = list(ItemLifecycle.objects.filter(meeting=meeting, state=ItemState.ACCEPTED).select_related("topic"))
    _check_agenda(meeting, items, now, reason)
    meeting.reason = reason.strip()
    meeting.save(update_fields=["state", "reason"])
    for item in items:
        make(item, "announce", at=now)
        item.save(update_fields=["state", "published_at"])
    seats = Seat.objects.on(timezone.localdate(meeting.planned_at)).filter(party__council=council)
    Attendance.objects.bulk_create(Attendance(meeting=meeting, seat=seat) for seat in seats)
    title, body = agenda_text(meeting, items)
    post_notice(
        council,
        NoticeKind.MEETING,
        title,
        body,
        until=meeting.planned_at,
        actor=actor,
        now=now,
        channels=channels,
        meeting=meeting,
    )
    say(
        council,
        EventType.MEETING_CONVENED,
        actor=actor,
        now=now,
        meeting=meeting.pk,
        planned_at=meeting.planned_at,
        reason=meeting.reason,
    )
    return meeting


def _check_agenda(meeting: Meeting, items: Sequence[AgendaItem], now: datetime, reason: str) -> None:
    if not items:
        raise ValidationError(_("议程还是空的，请先列入议题。"))
    if meeting.chair is None or meeting.recorder is None:
        raise ValidationError(_("请先定好主持人和记录人。"))
    if meeting.planned_at <= now:
        raise ValidationError(_("开会时间已过，请先改期再张贴通知。"))
    earliest = earliest_start(meeting, now)
    if meeting.planned_at >= earliest:
        return
    day = timezone.localtime(earliest).strftime("%Y-%m-%d %H:%M")
    if meeting.kind != MeetingKind.EMERGENCY:
        raise ValidationError(_("通知时间不够：按规则最早 %(day)s 开会，请改期或改为紧急会议。") % {"day": day})
    if not reason.strip():
        raise ValidationError({"reason": _("紧急会议通知时间不足，请写明理由。")})


@transaction.atomic
def cancel_meeting(*, meeting_id: int, actor: User, now: datetime, reason: str) -> Meeting:
    """It does not take place; its items go back to the list. Raises TransitionNotAllowed, PermissionDenied."""
    council, meeting = _locked(meeting_id)
    access.require_secretary(council, actor, "cancel_meeting")
    make(meeting, "cancel", reason=words("reason", reason, _("请写明取消的理由。"), longest=300))
    meeting.save(update_fields=["state", "reason"])
    for item in ItemLifecycle.objects.filter(meeting=meeting, state__in=[ItemState.ACCEPTED, ItemState.ANNOUNCED]):
        make(item, "withdraw", reason=meeting.reason)
        item.save(update_fields=["state", "outcome"])
    _said(council, meeting, "cancel", actor, now, reason=meeting.reason)
    return meeting


@transaction.atomic
def open_meeting(*, meeting_id: int, actor: User, now: datetime) -> Meeting:
    """The chair opens it, not before the time in the notice; quorum is asked at each poll.

    An emergency meeting begins as soon as one may sign in. Raises TransitionNotAllowed, PermissionDenied,
    ValidationError (too early).
    """
    council, meeting = _locked(meeting_id)
    access.require_secretary(council, actor, "open_meeting")
    make(meeting, "open", at=now)
    is_emergency = meeting.kind == MeetingKind.EMERGENCY
    begins = meeting.planned_at - (presence.SIGN_IN_FROM if is_emergency else timedelta())
    if now < begins:
        moment = timezone.localtime(begins).strftime("%Y-%m-%d %H:%M")
        raise ValidationError(_("通知上的时间还没有到，%(moment)s 起才能开会。") % {"moment": moment})
    meeting.save(update_fields=["state", "opened_at"])
    say(council, EventType.MEETING_OPENED, actor=actor, now=now, meeting=meeting.pk)
    return meeting


@transaction.atomic
def turn_meeting(*, meeting_id: int, move: str, actor: User, now: datetime) -> Meeting:
    """A recess, or its end: `move` is pause or resume. Raises TransitionNotAllowed, PermissionDenied."""
    council, meeting = _locked(meeting_id)
    access.require_secretary(council, actor, "turn_meeting")
    make(meeting, move)
    meeting.save(update_fields=["state"])
    _said(council, meeting, move, actor, now)
    return meeting


@transaction.atomic
def close_meeting(*, meeting_id: int, actor: User, now: datetime) -> Meeting:
    """Everybody leaves; no item stays open. Raises TransitionNotAllowed, PermissionDenied, ValidationError."""
    council, meeting = _locked(meeting_id)
    access.require_secretary(council, actor, "close_meeting")
    make(meeting, "close", at=now)
    left = meeting.items.filter(state__in=[*UNDECIDED, ItemState.POLLING]).select_related("topic").first()
    if left is not None:
        raise ValidationError(_("“%(item)s”还没有结论：请表决、延后或撤回，再散会。") % {"item": left})
    meeting.save(update_fields=["state", "closed_at"])
    presence.end_presence(meeting, now)
    say(council, EventType.MEETING_CLOSED, actor=actor, now=now, meeting=meeting.pk)
    return meeting


@transaction.atomic
def miss_quorum(*, meeting_id: int, actor: User, now: datetime) -> Meeting:
    """Too few came: it ends without a decision on what is left. Raises TransitionNotAllowed, ValidationError.

    What was in the notice waits for the next meeting; what came up in the room goes back to the list.
    """
    council, meeting = _locked(meeting_id)
    access.require_secretary(council, actor, "miss_quorum")
    if meeting.state == MeetingState.CONVENED and now < meeting.planned_at:
        raise ValidationError(_("开会时间还没有到，不能按不足法定人数处理；不开了请取消会议。"))
    if meeting.items.filter(state=ItemState.POLLING).exists():
        raise ValidationError(_("还有一项在表决，请先截止表决。"))
    here = presence.counted_at(meeting, now)
    if not any(need.missing for need in presence.quorum_now(meeting, here)):
        raise ValidationError(_("到会人数已够，不能按不足法定人数处理。"))
    make(meeting, "miss_quorum", at=now)
    meeting.save(update_fields=["state", "closed_at"])
    presence.end_presence(meeting, now)
    for item in ItemLifecycle.objects.filter(meeting=meeting, state__in=UNDECIDED):
        move = "withdraw" if item.state == ItemState.ACCEPTED else "adjourn"
        make(item, move, reason=str(MeetingState.NO_QUORUM.label))
        item.save(update_fields=["state", "outcome"])
    _said(council, meeting, "miss_quorum", actor, now)
    return meeting


@transaction.atomic
def reconvene_meeting(*, meeting_id: int, plan: Plan, actor: User, now: datetime) -> Meeting:
    """Call it again with a new notice: a new meeting with what was left. Raises TransitionNotAllowed."""
    council, meeting = _locked(meeting_id)
    access.require_secretary(council, actor, "reconvene_meeting")
    make(meeting, "reconvene")
    meeting.save(update_fields=["state"])
    again = _drafted(council, plan, actor, now, reconvenes=meeting)
    for item in meeting.items.filter(state=ItemState.ADJOURNED, carried_to=None).select_related("topic"):
        if item.topic.state == TopicState.ACCEPTED:
            put_on_agenda(again, item.topic, kind=item.kind, now=now, carried_from=item)
    say(council, EventType.MEETING_PREPARED, actor=actor, now=now, meeting=again.pk, reconvenes=meeting.pk)
    return again


def _locked(meeting_id: int) -> tuple[Council, MeetingLifecycle]:
    council = locked_council(Meeting.objects.only("council_id").get(pk=meeting_id).council_id)
    meeting = locked(MeetingLifecycle, meeting_id, "pack", "chair", "recorder")
    meeting.council = council
    return council, meeting


def _said(council: Council, meeting: Meeting, move: str, actor: User, now: datetime, **data: str) -> None:
    say(council, EventType.MEETING_MOVED, actor=actor, now=now, meeting=meeting.pk, move=move, **data)
