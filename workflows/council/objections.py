"""Objections to a posted decision: raised by anybody, answered by a date, and while open in the way of its effect.

Lock order: the council first, then the notice and its decision, then the case and its clocks.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import events
from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.council_terms import DecisionState, NoticeState, ObjectionState
from cases.models import Council, Notice, Objection, User
from cases.terms import ClockKind, EventType
from workflows import clocks
from workflows.commands._transition import locked as locked_case
from workflows.council import access
from workflows.council.acts import locked, locked_council, say, words
from workflows.council.decision_words import office_words
from workflows.council.effect import CAN_BE_SUSPENDED, holds_up, lock_cases, suspend, take_effect_when_free
from workflows.council.notices import settle_notice
from workflows.machines import DecisionLifecycle, NoticeLifecycle
from workflows.models import Clock

LONGEST_TEXT, LONGEST_NAME, LONGEST_CONTACT, LONGEST_REASON = 2000, 50, 100, 200
SAME_TAP = timedelta(minutes=10)  # the same words within this are one sending, tapped twice
IN_FORCE = (DecisionState.EFFECTIVE, DecisionState.IMPLEMENTING)
OVER = (DecisionState.ANNULLED, DecisionState.REMANDED, DecisionState.SUPERSEDED, DecisionState.REVIEWED)


class _Rows(NamedTuple):
    """Everything that an objection touches, locked."""

    council: Council
    notice: NoticeLifecycle
    decision: DecisionLifecycle


def is_open_to_objections(notice: Notice, now: datetime) -> bool:
    """Whether one may still object: while the notice hangs, and until the day that was named."""
    decision = notice.decision
    if decision is None or decision.state in OVER or notice.posted_at is None:
        return False
    if notice.state == NoticeState.POSTED:
        return True
    return decision.objection_until is not None and now <= decision.objection_until


@transaction.atomic
def raise_objection(  # what is known of it
    *, notice_id: int, actor: User | None, now: datetime, text: str, name: str = "", contact: str = ""
) -> Objection:
    """Somebody objects on the public page (`actor` None), or the secretary enters what came on paper.

    Its clock starts on the case of the decision. By rules under which objections suspend, one that comes in time but
    after the decision took effect suspends it. Raises PermissionDenied, ValidationError (too late, no words).
    """
    rows = _locked(Notice.objects.only("council_id").get(pk=notice_id).council_id, notice_id)
    council, notice, decision = rows
    if actor is not None:
        access.require_secretary(council, actor, "raise_objection")
    if not is_open_to_objections(notice, now):
        raise ValidationError(_("异议期已过，不能再提出异议。可以向社区或街道反映。"))
    text = words("text", text, _("请写明您的异议和理由。"), longest=LONGEST_TEXT)
    same = notice.objections.filter(text=text, state=ObjectionState.OPEN, received_at__gt=now - SAME_TAP)
    if known := same.first():
        return known
    objection = Objection.objects.create(
        notice=notice,
        text=text,
        name=name.strip()[:LONGEST_NAME],
        contact=contact.strip()[:LONGEST_CONTACT],
        received_at=now,
        received_by=actor,
    )
    _start_clock(objection, rows, actor, now)
    about = {"notice": notice.pk, "decision": decision.pk, "objection": objection.pk}
    say(council, EventType.NOTICE_MOVED, actor=actor, now=now, move="object", **about)
    if decision.state in IN_FORCE and holds_up(decision):
        reason = office_words(_("公示期内收到异议"))
        suspend(decision, council, reason=reason, actor=None, now=now, objection=objection)
    return objection


def _start_clock(objection: Objection, rows: _Rows, actor: User | None, now: datetime) -> None:
    case = locked_case(rows.decision.case_id)
    data = {"objection": objection.pk, "notice": rows.notice.pk, "number": rows.decision.number}
    if actor is None:
        data["by"] = "resident"
    event = events.record_fact(case, EventType.OBJECTION_RAISED, actor=actor, at=now, data=data)
    clocks.start_obligation(case, event, ClockKind.OBJECTION, owed=objection)


@transaction.atomic
def reply_to_objection(
    *, objection_id: int, actor: User, now: datetime, reply: str, sustained: bool = False
) -> Objection:
    """Answer it, by the secretary or an overseer; one that is right suspends the decision until an overseer decides.

    With the last answer a decision whose notice has stood its time takes effect.
    Raises PermissionDenied, ValidationError (answered already, no words).
    """
    objection, rows = _locked_objection(objection_id)
    if not (access.is_secretary_of(rows.council, actor) or access.is_overseer_of(rows.council, actor)):
        raise PermissionDenied("reply_to_objection")
    objection.reply = words("reply", reply, _("请写明答复。"), longest=LONGEST_TEXT)
    objection.state = ObjectionState.SUSTAINED if sustained else ObjectionState.REPLIED
    objection.replied_by, objection.replied_at = actor, now
    objection.save(update_fields=["state", "reply", "replied_by", "replied_at"])
    _end(objection, rows, actor, now, "sustain" if sustained else "reply")
    return objection


@transaction.atomic
def withdraw_objection(*, objection_id: int, actor: User, now: datetime, note: str = "") -> Objection:
    """Who raised it takes it back; the secretary writes down how. Raises PermissionDenied, ValidationError."""
    objection, rows = _locked_objection(objection_id)
    access.require_secretary(rows.council, actor, "withdraw_objection")
    note = words("note", note, _("请写明本人怎样撤回的。"), longest=LONGEST_TEXT)
    objection.state, objection.reply = ObjectionState.WITHDRAWN, note
    objection.replied_by, objection.replied_at = actor, now
    objection.save(update_fields=["state", "reply", "replied_by", "replied_at"])
    _end(objection, rows, actor, now, "withdraw")
    return objection


@transaction.atomic
def reveal_objector(*, objection_id: int, actor: User, now: datetime, reason: str) -> Objection:
    """Who objected and how to reach them, to the secretary, with a reason that stays in the history.

    Raises PermissionDenied, ValidationError (no reason).
    """
    objection = Objection.objects.select_related("notice").get(pk=objection_id)
    notice = objection.notice
    council = locked_council(notice.council_id)
    access.require_secretary(council, actor, "reveal_objector")
    reason = words("reason", reason, _("请写明查看的理由，理由会留在办理记录里。"), longest=LONGEST_REASON)
    about = {"notice": notice.pk, "decision": notice.decision_id, "objection": objection.pk}
    say(council, EventType.NOTICE_MOVED, actor=actor, now=now, move="reveal", reason=reason, **about)
    record_access(AccessKind.OBJECTOR, by=actor, at=now, council=council, reason=reason)
    return objection


def _end(objection: Objection, rows: _Rows, actor: User, now: datetime, move: str) -> None:
    """Say it in both histories, stop the clock, and let go on what it held up."""
    council, notice, decision = rows
    lock_cases(decision)  # in the order of their keys: the last answer may move all of them
    case = locked_case(decision.case_id)
    data = {"objection": objection.pk, "notice": notice.pk, "number": decision.number, "move": move}
    events.record_fact(case, EventType.OBJECTION_ANSWERED, actor=actor, at=now, data=data | {"reply": objection.reply})
    for clock in Clock.objects.filter(objection=objection, stopped_at=None).select_related("policy", "calendar"):
        clocks.stop_obligation(clock, now)
    about = {"notice": notice.pk, "decision": decision.pk, "objection": objection.pk}
    say(council, EventType.NOTICE_MOVED, actor=actor, now=now, move=move, **about)
    if objection.state == ObjectionState.SUSTAINED and decision.state in CAN_BE_SUSPENDED:
        reason = office_words(_("异议成立"))
        suspend(decision, council, reason=reason, actor=actor, now=now, objection=objection)
    take_effect_when_free(decision, council, now=now)
    settle_notice(notice, council, actor=actor, now=now)


def _locked_objection(objection_id: int) -> tuple[Objection, _Rows]:
    """An objection that waits for an answer, with everything around it locked. Raises ValidationError."""
    known = Objection.objects.select_related("notice").only("notice__council_id").get(pk=objection_id)
    rows = _locked(known.notice.council_id, known.notice_id)
    objection = locked(Objection, objection_id)
    if objection.state != ObjectionState.OPEN:
        raise ValidationError(_("这条异议已经办过了。"))
    return objection, rows


def _locked(council_id: int, notice_id: int) -> _Rows:
    council = locked_council(council_id)
    notice = locked(NoticeLifecycle, notice_id)
    if notice.decision_id is None:
        raise ValidationError(_("这份公示不接受异议。"))
    decision = locked(DecisionLifecycle, notice.decision_id, "item__topic", "item__meeting__pack", "poll__pack")
    notice.decision = decision
    return _Rows(council, notice, decision)
