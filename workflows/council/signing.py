"""Signatures under minutes: each over the hash of one version; enough of them by the rules make it signed."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.council_terms import MinutesState, SignatureMethod
from cases.models import Council, Meeting, MinutesVersion, PresenceInterval, Seat, Signature, User
from cases.terms import EventType
from workflows.council import access
from workflows.council.acts import locked, locked_council, make, say
from workflows.council.packs import rules_of
from workflows.machines import MeetingLifecycle, MinutesLifecycle

CHAIR_AND_RECORDER = "chair_and_recorder"
TO_BE_SIGNED = (MinutesState.APPROVED, MinutesState.SIGNED, MinutesState.PUBLISHED)


@dataclass(frozen=True)
class Signers:
    """Whose signatures count: the members that the share is taken of, and those of them who may sign."""

    members: frozenset[int]
    may_sign: frozenset[int]
    needed: int

    def enough(self, signed: set[int]) -> bool:
        """Whether the rules are met."""
        return len(signed & self.members) >= self.needed


def day_of(meeting: Meeting) -> date:
    """The day of a meeting here."""
    return timezone.localdate(meeting.opened_at or meeting.planned_at)


def keeps_minutes(meeting: Meeting, council: Council, actor: User) -> bool:
    """The secretary, or who recorded the meeting."""
    if access.is_secretary_of(council, actor):
        return True
    return meeting.recorder is not None and meeting.recorder.user_id == actor.pk


def signers_of(meeting: Meeting) -> Signers:
    """By the rules of the meeting: chair and recorder, or every voting seat of its day.

    Who was away cannot confirm what was said: of the members those may sign who were there, where they are enough.
    """
    rules = rules_of(meeting.pack)
    if rules.sign_who == CHAIR_AND_RECORDER:
        members = frozenset(pk for pk in (meeting.chair_id, meeting.recorder_id) if pk)
        return Signers(members, members, rules.sign.needed(len(members)))
    seats = Seat.objects.on(day_of(meeting)).filter(party__council=meeting.council_id, has_vote=True)
    members = frozenset(seats.values_list("pk", flat=True))
    there = PresenceInterval.objects.filter(attendance__meeting=meeting).values_list("attendance__seat", flat=True)
    present, needed = members & set(there), rules.sign.needed(len(members))
    return Signers(members, present if len(present) >= needed else members, needed)


@transaction.atomic
def sign_minutes(*, version_id: int, actor: User, now: datetime, sha256: str) -> Signature:
    """Somebody signs with their own login what they were shown: `sha256` is the hash on their page.

    Raises PermissionDenied (no seat that counts), ValidationError (not to be signed now, another text, twice).
    """
    version, minutes, council = _locked(version_id)
    seat = access.seat_of(council, actor, day_of(minutes.meeting))
    if seat is None:
        raise PermissionDenied("sign_minutes")
    if sha256 != version.sha256:
        raise ValidationError(_("您看到的文本和现在的不一样，请重新打开本页，看清后再签。"))
    return _sign(version, minutes, council, seat, SignatureMethod.LOGIN, actor, now)


@transaction.atomic
def record_signature(*, version_id: int, seat_id: int, actor: User, now: datetime) -> Signature:
    """The secretary enters a signature on paper. Raises PermissionDenied, ValidationError."""
    version, minutes, council = _locked(version_id)
    access.require_secretary(council, actor, "record_signature")
    seat = Seat.objects.filter(party__council=council, pk=seat_id).first()
    if seat is None:
        raise ValidationError({"seat": _("请选择签名的成员。")})
    return _sign(version, minutes, council, seat, SignatureMethod.PAPER, actor, now)


def _sign(  # noqa: PLR0913, PLR0917  # who signed what, and who says so
    version: MinutesVersion,
    minutes: MinutesLifecycle,
    council: Council,
    seat: Seat,
    method: SignatureMethod,
    actor: User,
    now: datetime,
) -> Signature:
    signers = signers_of(minutes.meeting)
    if seat.pk not in signers.may_sign:
        raise PermissionDenied("sign_minutes")
    signed = set(version.signatures.values_list("seat", flat=True))
    if seat.pk in signed:
        raise ValidationError(_("已经签过了，没有重复签署。"))
    row = Signature.objects.create(
        version=version, seat=seat, sha256=version.sha256, method=method, recorded_by=actor, at=now
    )
    about = {"minutes": minutes.meeting_id, "meeting": minutes.meeting_id, "version": version.n}
    said = {"seat": seat.pk, "method": method, "sha256": version.sha256}
    say(council, EventType.MINUTES_SIGNED, actor=actor, now=now, **about, **said)
    if minutes.state == MinutesState.APPROVED and signers.enough({*signed, seat.pk}):
        _signed(minutes, council, actor, now)
    return row


def _signed(minutes: MinutesLifecycle, council: Council, actor: User, now: datetime) -> None:
    """Enough signatures: the wording is fixed for ever, and the meeting has its minutes."""
    make(minutes, "sign")
    minutes.save(update_fields=["state"])
    about = {"minutes": minutes.meeting_id, "meeting": minutes.meeting_id, "move": "sign"}
    say(council, EventType.MINUTES_MOVED, actor=actor, now=now, **about)
    meeting = locked(MeetingLifecycle, minutes.meeting_id)
    make(meeting, "minute")
    meeting.save(update_fields=["state"])
    say(council, EventType.MEETING_MOVED, actor=actor, now=now, meeting=meeting.pk, move="minute")


def _locked(version_id: int) -> tuple[MinutesVersion, MinutesLifecycle, Council]:
    """The version that is to be signed now, its minutes and its council. Raises ValidationError for any other."""
    version = MinutesVersion.objects.select_related("minutes__meeting").get(pk=version_id)
    council = locked_council(version.minutes.meeting.council_id)
    minutes = locked(MinutesLifecycle, version.minutes_id, "meeting__pack", "meeting__chair", "meeting__recorder")
    version.minutes = minutes  # whoever asks the version afterwards hears what became of them
    if minutes.state not in TO_BE_SIGNED:
        raise ValidationError(_("纪要现在是「%(state)s」，还不能签署。") % {"state": minutes.get_state_display()})
    newest_text = minutes.versions.filter(is_addendum=False).order_by("-n").values_list("pk", flat=True)[0]
    if not version.is_addendum and version.pk != newest_text:
        raise ValidationError(_("这不是定稿的版本，请重新打开本页。"))
    return version, minutes, council
