"""Minutes: drafted from the records, corrected, approved, signed over a hash, published; later only an addendum.

Lock order: the council first, then the minutes, then the meeting.
"""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.council_terms import CorrectionState, MeetingState, MinutesState
from cases.models import Correction, Council, Meeting, Minutes, MinutesVersion, User
from cases.terms import EventType
from workflows.council import access
from workflows.council.acts import digest, locked, locked_council, make, say, words
from workflows.council.minutes_text import decisions_of, minutes_text
from workflows.council.signing import day_of, keeps_minutes
from workflows.machines import MeetingLifecycle, MinutesLifecycle

LONGEST_REPLY = 300
WRITABLE = (MinutesState.DRAFT, MinutesState.CORRECTING)


@transaction.atomic
def draft_minutes(*, meeting_id: int, actor: User, now: datetime) -> Minutes:
    """Build the minutes of a closed meeting from its records; again while they are a draft: another version.

    Raises PermissionDenied (neither secretary nor recorder), ValidationError (not closed, sent round already).
    """
    council = _council_of(meeting_id)
    meeting = locked(Meeting, meeting_id, "council", "chair", "recorder", "pack")
    _require_keeper(meeting, council, actor, "draft_minutes")
    if meeting.state != MeetingState.CLOSED:
        raise ValidationError(_("散会后才能整理纪要。"))
    minutes, is_new = MinutesLifecycle.objects.get_or_create(meeting=meeting)
    if minutes.state not in WRITABLE:
        raise ValidationError(_("纪要已发出征求意见，请先转入修改。"))
    body = minutes_text(meeting)
    if is_new or _newest(minutes).body != body:
        _write(minutes, body, actor, now)
        _moved(minutes, council, "draft", actor, now)
    return minutes


@transaction.atomic
def edit_minutes(*, meeting_id: int, actor: User, now: datetime, body: str) -> MinutesVersion:
    """Another wording, beside the one before; while a draft or being corrected.

    Raises PermissionDenied, ValidationError (no words, not the time for it).
    """
    minutes, council = _locked(meeting_id)
    _require_keeper(minutes.meeting, council, actor, "edit_minutes")
    if minutes.state not in WRITABLE:
        raise ValidationError(_("纪要现在是「%(state)s」，不能改正文。") % {"state": minutes.get_state_display()})
    body = _plain(words("body", body, _("纪要不能是空的。")))
    newest = _newest(minutes)
    if newest.body == body:
        return newest
    version = _write(minutes, body, actor, now)
    _moved(minutes, council, "edit", actor, now, version=version.n)
    return version


@transaction.atomic
def circulate_minutes(*, meeting_id: int, actor: User, now: datetime) -> Minutes:
    """Send them round to all who were invited. Raises TransitionNotAllowed, PermissionDenied."""
    return _step(meeting_id, "circulate", actor, now)


@transaction.atomic
def correct_minutes(*, meeting_id: int, actor: User, now: datetime) -> Minutes:
    """Open them for changes again. Raises TransitionNotAllowed, PermissionDenied."""
    return _step(meeting_id, "correct", actor, now)


@transaction.atomic
def approve_minutes(*, meeting_id: int, actor: User, now: datetime) -> Minutes:
    """Fix the wording that will be signed: every correction settled, every decision in it letter by letter.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError (which decision is missing).
    """
    minutes, council = _locked(meeting_id)
    make(minutes, "approve")
    _require_keeper(minutes.meeting, council, actor, "approve_minutes")
    if minutes.corrections.filter(state=CorrectionState.OPEN).exists():
        raise ValidationError(_("还有修改意见没有处理。"))
    body = _newest(minutes).body
    missing = [d.number for d in decisions_of(minutes.meeting) if _plain(d.text) not in body]
    if missing:
        said = {"numbers": "、".join(missing)}
        raise ValidationError(_("纪要里没有原文照录这些决议：%(numbers)s。请把决议原文补全再定稿。") % said)
    minutes.save(update_fields=["state"])
    _moved(minutes, council, "approve", actor, now)
    return minutes


@transaction.atomic
def publish_minutes(*, meeting_id: int, actor: User, now: datetime) -> Minutes:
    """Make signed minutes known. Raises TransitionNotAllowed, PermissionDenied."""
    return _step(meeting_id, "publish", actor, now)


@transaction.atomic
def add_addendum(*, meeting_id: int, actor: User, now: datetime, body: str) -> MinutesVersion:
    """What has to be said after signing: a version beside the signed one, to be signed likewise.

    Raises PermissionDenied, ValidationError (not signed yet, no words).
    """
    minutes, council = _locked(meeting_id)
    _require_keeper(minutes.meeting, council, actor, "add_addendum")
    if minutes.state not in (MinutesState.SIGNED, MinutesState.PUBLISHED):
        raise ValidationError(_("纪要还没有签署完毕，直接改正文就行。"))
    version = _write(minutes, _plain(words("body", body, _("请写明补充的内容。"))), actor, now, is_addendum=True)
    _moved(minutes, council, "addendum", actor, now, version=version.n)
    return version


@transaction.atomic
def ask_correction(*, meeting_id: int, actor: User, now: datetime, text: str) -> Correction:
    """A seat asks to have something changed. Raises PermissionDenied (no seat that day), ValidationError."""
    minutes, council = _locked(meeting_id)
    seat = access.seat_of(council, actor, day_of(minutes.meeting))
    if seat is None:
        raise PermissionDenied("ask_correction")
    if minutes.state not in (MinutesState.CIRCULATED, MinutesState.CORRECTING):
        raise ValidationError(_("现在不是征求意见的时候，请联系秘书。"))
    text = words("text", text, _("请写明哪里要改、改成什么。"), longest=2000)
    row = Correction.objects.create(minutes=minutes, seat=seat, text=text, asked_at=now)
    _moved(minutes, council, "ask_correction", actor, now, correction=row.pk)
    return row


@transaction.atomic
def settle_correction(*, correction_id: int, actor: User, now: datetime, taken: bool, reply: str = "") -> Correction:
    """Taken up or not, and then why not; the minutes are open for changes with the first that is taken up.

    Raises PermissionDenied, ValidationError (settled already, declined without a word).
    """
    known = Correction.objects.select_related("minutes").get(pk=correction_id)
    minutes, council = _locked(known.minutes.meeting_id)
    _require_keeper(minutes.meeting, council, actor, "settle_correction")
    row: Correction = locked(Correction, correction_id)
    if row.state != CorrectionState.OPEN:
        raise ValidationError(_("这条修改意见已经处理过了。"))
    row.reply = reply.strip() if taken else words("reply", reply, _("不采纳的，请写明理由。"), longest=LONGEST_REPLY)
    row.reply = row.reply[:LONGEST_REPLY]
    row.state, row.settled_at = CorrectionState.TAKEN if taken else CorrectionState.DECLINED, now
    row.save(update_fields=["state", "reply", "settled_at"])
    _moved(minutes, council, "take_correction" if taken else "decline_correction", actor, now, correction=row.pk)
    if taken and minutes.state == MinutesState.CIRCULATED:
        make(minutes, "correct")
        minutes.save(update_fields=["state"])
        _moved(minutes, council, "correct", actor, now)
    return row


@transaction.atomic
def archive_meeting(*, meeting_id: int, actor: User, now: datetime) -> Meeting:
    """Nothing more is to be done about a meeting with signed minutes. Raises TransitionNotAllowed, PermissionDenied."""
    council = _council_of(meeting_id)
    meeting = locked(MeetingLifecycle, meeting_id)
    make(meeting, "archive")
    access.require_secretary(council, actor, "archive_meeting")
    meeting.save(update_fields=["state"])
    say(council, EventType.MEETING_MOVED, actor=actor, now=now, meeting=meeting.pk, move="archive")
    return meeting


def _step(meeting_id: int, move: str, actor: User, now: datetime) -> Minutes:
    minutes, council = _locked(meeting_id)
    make(minutes, move)
    _require_keeper(minutes.meeting, council, actor, f"{move}_minutes")
    minutes.save(update_fields=["state"])
    _moved(minutes, council, move, actor, now)
    return minutes


def _write(minutes: Minutes, body: str, actor: User, now: datetime, *, is_addendum: bool = False) -> MinutesVersion:
    last = minutes.versions.order_by("-n").values_list("n", flat=True).first() or 0
    return MinutesVersion.objects.create(
        minutes=minutes,
        n=last + 1,
        is_addendum=is_addendum,
        body=body,
        sha256=digest(body),
        written_by=actor,
        written_at=now,
    )


def _newest(minutes: Minutes) -> MinutesVersion:
    return minutes.versions.order_by("-n")[0]


def _plain(text: str) -> str:
    """Browsers send a line's end as two characters: the text of a decision must be found again in the minutes."""
    return text.replace("\r\n", "\n")


def _council_of(meeting_id: int) -> Council:
    return locked_council(Meeting.objects.only("council_id").get(pk=meeting_id).council_id)


def _locked(meeting_id: int) -> tuple[MinutesLifecycle, Council]:
    council = _council_of(meeting_id)
    known = Minutes.objects.only("pk").get(meeting=meeting_id)
    return locked(MinutesLifecycle, known.pk, "meeting__council", "meeting__recorder"), council


def _require_keeper(meeting: Meeting, council: Council, actor: User, what: str) -> None:
    if not keeps_minutes(meeting, council, actor):
        raise PermissionDenied(what)


def _moved(minutes: Minutes, council: Council, move: str, actor: User, now: datetime, **said: Any) -> None:
    about = {"minutes": minutes.meeting_id, "meeting": minutes.meeting_id, "move": move}
    say(council, EventType.MINUTES_MOVED, actor=actor, now=now, **about, **said)
