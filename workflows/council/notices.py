"""Notices: post a text for its time; take it down early and post it again; end those whose time is over.

Lock order: the council first, then the notice, its decision, then cases by key and their clocks.
"""

from datetime import datetime
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import DecisionState, NoticeState
from cases.lib.photos import UnusablePhoto, reencode
from cases.models import Council, Notice, User
from cases.terms import EventType
from workflows.council import access
from workflows.council.acts import digest, locked, locked_council, make, say, words
from workflows.council.effect import objections_to, take_effect_when_free
from workflows.council.periods import end_after, publishing_of
from workflows.machines import DecisionLifecycle, NoticeLifecycle

BATCH = 100
LONGEST_REASON = 200
STILL_UP = (DecisionState.IN_PUBLICATION, DecisionState.SUSPENDED)


def post_notice(  # noqa: PLR0913  # what hangs on the wall, word by word
    council: Council,
    kind: str,
    title: str,
    body: str,
    *,
    until: datetime,
    actor: User,
    now: datetime,
    channels: str = "",
    alarm_at: datetime | None = None,
    **about: object,
) -> Notice:
    """Put up a notice until a moment; `about` names its meeting, decision or poll. The council is locked.

    With `alarm_at` the sweep looks at it then and ends it; without, it hangs until somebody takes it down.
    """
    notice = NoticeLifecycle(
        council=council,
        kind=kind,
        title=words("title", title, longest=120),
        body=words("body", body),
        sha256=digest(body.strip()),
        channels=channels.strip(),
        posted_by=actor,
        alarm_at=alarm_at,
        **about,
    )
    make(notice, "post", at=now, until=until)
    notice.save()
    subject = {name: row.pk for name, row in about.items() if row is not None}  # type: ignore[attr-defined]
    say(council, EventType.NOTICE_POSTED, actor=actor, now=now, notice=notice.pk, kind=kind, until=until, **subject)
    return notice


@transaction.atomic
def take_down_early(*, notice_id: int, actor: User, now: datetime, reason: str) -> Notice:
    """It hangs no longer, though its time is not over: it has to be posted again for its full time.

    Raises TransitionNotAllowed, PermissionDenied (no secretary), ValidationError (no reason, its time is over).
    """
    notice, council = _locked_notice(notice_id, actor, "take_down_early")
    reason = words("reason", reason, _("请写明提前取下的理由。"), longest=LONGEST_REASON)
    make(notice, "take_down", at=now, reason=reason)
    if notice.must_stay_until is None or notice.must_stay_until <= now:
        raise ValidationError(_("公示期已满，不用再提前取下。"))
    notice.alarm_at = None
    notice.save(update_fields=["state", "taken_down_at", "taken_down_reason", "alarm_at"])
    _moved(notice, council, "take_down", actor, now, reason=reason)
    return notice


@transaction.atomic
def repost_notice(*, notice_id: int, actor: User, now: datetime) -> Notice:
    """Post it again after it was taken down early: its time, and that for objections, starts afresh.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError (what it announces is settled otherwise).
    """
    notice, council = _locked_notice(notice_id, actor, "repost_notice")
    if notice.decision_id is None:
        made = notice.must_stay_until - notice.posted_at if notice.must_stay_until and notice.posted_at else None
        until = now + made if made else now
    else:
        decision = locked(DecisionLifecycle, notice.decision_id, "item__meeting__pack", "poll__pack")
        if decision.state not in STILL_UP:
            said = {"state": decision.get_state_display()}
            raise ValidationError(_("决议现在是「%(state)s」，不再公示。") % said)
        rules = publishing_of(decision)
        until = end_after(now, rules.min_days, rules.calendar)
        decision.objection_until = end_after(now, rules.objection_days, rules.calendar)
        decision.save(update_fields=["objection_until"])
        notice.alarm_at = until
    make(notice, "post", at=now, until=until)
    notice.posted_by = actor
    notice.save(update_fields=["state", "posted_at", "posted_by", "must_stay_until", "alarm_at"])
    _moved(notice, council, "post_again", actor, now, until=until)
    return notice


@transaction.atomic
def add_evidence(*, notice_id: int, actor: User, now: datetime, file: BinaryIO) -> Notice:
    """Keep a photograph of the notice on its wall, re-encoded; a later one stands in its place, both in the history.

    Raises PermissionDenied (no secretary), ValidationError (no photograph).
    """
    notice, council = _locked_notice(notice_id, actor, "add_evidence")
    try:
        photo = reencode(file)
    except UnusablePhoto as error:
        raise ValidationError({"photo": str(error)}) from error
    notice.evidence.save("notice.jpg", ContentFile(photo.content), save=False)
    notice.save(update_fields=["evidence"])
    _moved(notice, council, "evidence", actor, now, sha256=photo.sha256)
    return notice


def end_due_notices(*, now: datetime) -> dict[str, int]:
    """End each notice whose time is over, and put into effect what nothing holds up; each once, late but never early.

    A council that somebody else holds is left for the next look, a moment later.
    """
    done = {"notices_ended": 0, "decisions_effective": 0}
    seen: tuple[datetime, int] | None = None
    while batch := _due(now, seen):
        seen = batch[-1][:2]
        for alarm_at, pk, council_id in batch:
            for name in _look_at(pk, council_id, alarm_at, now):
                done[name] += 1
    return done


def _due(now: datetime, seen: tuple[datetime, int] | None) -> list[tuple[datetime, int, int]]:
    """The next notices to look at: (alarm_at, key, council); those of this run are passed by."""
    due = Notice.objects.filter(alarm_at__lte=now)
    if seen is not None:
        due = due.filter(Q(alarm_at__gt=seen[0]) | Q(alarm_at=seen[0], pk__gt=seen[1]), alarm_at__gte=seen[0])
    rows = due.order_by("alarm_at", "pk").values_list("alarm_at", "pk", "council_id")[:BATCH]
    return [(alarm_at, pk, council) for alarm_at, pk, council in rows if alarm_at is not None]


@transaction.atomic
def _look_at(pk: int, council_id: int, alarm_at: datetime, now: datetime) -> list[str]:
    """End one notice, or settle it when the time for objections is over too; nothing when somebody was quicker."""
    council = _free_council(council_id)
    if council is None or not Notice.objects.filter(pk=pk, alarm_at=alarm_at).update(alarm_at=None):
        return []
    notice = locked(NoticeLifecycle, pk)
    decision = locked(DecisionLifecycle, notice.decision_id, "item__topic") if notice.decision_id else None
    done = []
    if notice.state == NoticeState.POSTED:
        make(notice, "end", at=now)
        notice.save(update_fields=["state", "ended_at"])
        _moved(notice, council, "end", None, now)
        done.append("notices_ended")
        if decision is not None and take_effect_when_free(decision, council, now=now):
            done.append("decisions_effective")
    if notice.state == NoticeState.ENDED:
        _settle_or_wait(notice, council, decision, now)
    return done


def _settle_or_wait(
    notice: NoticeLifecycle, council: Council, decision: DecisionLifecycle | None, now: datetime
) -> None:
    """Objections may still come: look again then. Else it is clear or contested for good."""
    if decision is not None and decision.objection_until is not None and decision.objection_until > now:
        notice.alarm_at = decision.objection_until
        notice.save(update_fields=["alarm_at"])
        return
    found = objections_to(decision) if decision is not None else None
    move = "contest" if found and (found.still_open or found.sustained) else "clear"
    make(notice, move)
    notice.save(update_fields=["state"])
    _moved(notice, council, move, None, now)


def settle_notice(notice: NoticeLifecycle, council: Council, *, actor: User, now: datetime) -> None:
    """The last objection was answered and none was right: nothing is left to contest. All is locked."""
    if notice.state != NoticeState.CONTESTED or notice.decision is None:
        return
    found = objections_to(notice.decision)
    if not found.still_open and not found.sustained:
        make(notice, "settle")
        notice.save(update_fields=["state"])
        _moved(notice, council, "settle", actor, now)


def _free_council(council_id: int) -> Council | None:
    """The council, locked; None when somebody else holds it."""
    rows = Council.objects.filter(pk=council_id)
    skip = connection.features.has_select_for_update_skip_locked
    rows = rows.select_for_update(skip_locked=skip, of=("self",)) if skip else rows.select_for_update()
    return rows.first()


def _locked_notice(notice_id: int, actor: User, what: str) -> tuple[NoticeLifecycle, Council]:
    council = locked_council(Notice.objects.only("council_id").get(pk=notice_id).council_id)
    access.require_secretary(council, actor, what)
    return locked(NoticeLifecycle, notice_id), council


def _moved(
    notice: NoticeLifecycle, council: Council, move: str, actor: User | None, now: datetime, **said: Any
) -> None:
    about = {"notice": notice.pk, "decision": notice.decision_id, "meeting": notice.meeting_id, "move": move}
    say(council, EventType.NOTICE_MOVED, actor=actor, now=now, **about, **said)
