"""Decisions called into question: suspended, upheld, remanded, annulled, replaced; and appeals.

Nothing is ever deleted: each move is a row of the history with its reason, the person and on whose word. An overseer
moves them; a higher body that is asked decides through the secretary, who enters its written word.
"""

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.council_terms import AppealState, DecisionState
from cases.models import Appeal, Council, Decision, User
from cases.terms import DecisionOutcome, EventType
from workflows.council import access
from workflows.council.acts import locked, locked_council, make, say, words
from workflows.council.effect import CAN_BE_SUSPENDED, STOOD, carry, holds_up, objections_to, stop_clocks, suspend
from workflows.council.follow_ups import start_follow_ups
from workflows.machines import DecisionLifecycle

LONGEST_REASON, LONGEST_AUTHORITY, LONGEST_NAME = 200, 80, 60
IN_FORCE = (
    DecisionState.EFFECTIVE,
    DecisionState.IMPLEMENTING,
    DecisionState.IMPLEMENTED,
    DecisionState.REVIEWED,
    DecisionState.UPHELD,
)
END = {"remand": AppealState.REMANDED, "annul": AppealState.ANNULLED, "uphold": AppealState.UPHELD}


@transaction.atomic
def suspend_decision(*, decision_id: int, actor: User, now: datetime, reason: str, authority: str = "") -> Decision:
    """Carry nothing of it out for now. Raises TransitionNotAllowed, PermissionDenied (no overseer), ValidationError."""
    decision, council = _locked(decision_id)
    access.require_overseer(council, actor, "suspend_decision")
    authority = _on_whose_word(authority)
    suspend(decision, council, reason=_why(reason), authority=authority, actor=actor, now=now)
    return decision


@transaction.atomic
def uphold_decision(*, decision_id: int, actor: User, now: datetime, reason: str, authority: str = "") -> Decision:
    """It was right: what follows is owed again. One that never took effect does so now, its notice having stood.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError (its notice still hangs, an objection is open).
    """
    return _judge("uphold", decision_id, actor, now, reason, authority)


@transaction.atomic
def remand_decision(*, decision_id: int, actor: User, now: datetime, reason: str, authority: str = "") -> Decision:
    """Back to the council: its topic may come on an agenda again. Raises as `uphold_decision`."""
    return _judge("remand", decision_id, actor, now, reason, authority)


@transaction.atomic
def annul_decision(*, decision_id: int, actor: User, now: datetime, reason: str, authority: str = "") -> Decision:
    """It holds no longer. Raises as `uphold_decision`."""
    return _judge("annul", decision_id, actor, now, reason, authority)


def _judge(name: str, decision_id: int, actor: User, now: datetime, reason: str, authority: str) -> Decision:
    decision, council = _locked(decision_id)
    make(decision, name, reason=_why(reason))
    access.require_overseer(council, actor, f"{name}_decision")
    return _judged(name, decision, council, actor, now, _on_whose_word(authority))


def _judged(
    name: str, decision: DecisionLifecycle, council: Council, actor: User, now: datetime, authority: str
) -> Decision:
    """Save a move that was made in memory, say it, and let follow what does."""
    never_in_force = name == "uphold" and decision.effective_from is None
    if name == "uphold":
        _check_upholdable(decision)
    if never_in_force:
        decision.effective_from = now
    decision.save(update_fields=["state", "ended_reason", "effective_from"])
    said = {"reason": decision.ended_reason, "authority": authority}
    say(council, EventType.DECISION_MOVED, actor=actor, now=now, decision=decision.pk, move=name, **said)
    if never_in_force:
        carry(decision, actor=actor, now=now)
    elif name == "uphold":
        start_follow_ups(decision, event=None, actor=actor, now=now)
    else:
        stop_clocks(decision, now=now)
    return decision


def _check_upholdable(decision: DecisionLifecycle) -> None:
    """It may be in force again only when nothing stands in the way of a decision that never was suspended."""
    if objections_to(decision).still_open and holds_up(decision):
        raise ValidationError(_("还有异议没有答复，答复后再维持。"))
    newest = decision.notices.order_by("-pk").first()
    if newest is None or newest.state not in STOOD:
        raise ValidationError(_("公示期还没有满，期满后再维持。"))


@transaction.atomic
def supersede_decision(*, decision_id: int, by_id: int, actor: User, now: datetime, reason: str) -> Decision:
    """A later decision of the same council, in force, takes the place of this one; both rows stay.

    Raises TransitionNotAllowed, PermissionDenied (no secretary), ValidationError (no later decision in force).
    """
    decision, council = _locked(decision_id)
    make(decision, "supersede", reason=_why(reason))
    access.require_secretary(council, actor, "supersede_decision")
    other = locked(Decision, by_id)
    if other.council_id != council.pk or other.pk == decision.pk or other.recorded_at < decision.recorded_at:
        raise ValidationError({"by": _("请选择本议事会在这之后的决议。")})
    if other.state not in IN_FORCE or other.outcome == DecisionOutcome.NOT_ADOPTED:
        raise ValidationError({"by": _("新决议还没有生效，生效后再替代。")})
    if other.supersedes_id is not None:
        raise ValidationError({"by": _("这份决议已替代了另一份，请另选。")})
    decision.save(update_fields=["state", "ended_reason"])
    other.supersedes = decision
    other.save(update_fields=["supersedes"])
    said = {"reason": decision.ended_reason, "by_decision": other.pk, "number": other.number}
    say(council, EventType.DECISION_MOVED, actor=actor, now=now, decision=decision.pk, move="supersede", **said)
    stop_clocks(decision, now=now)
    return decision


@transaction.atomic
def receive_appeal(  # what was received
    *, decision_id: int, actor: User, now: datetime, appellant: str, authority: str, text: str
) -> Appeal:
    """Somebody asked a higher body to look at it; it stays in force unless it is suspended.

    Raises PermissionDenied (neither secretary nor overseer), ValidationError (one is open, a missing word).
    """
    decision, council = _locked(decision_id)
    if not (access.is_secretary_of(council, actor) or access.is_overseer_of(council, actor)):
        raise PermissionDenied("receive_appeal")
    if decision.appeals.filter(state=AppealState.OPEN).exists():
        raise ValidationError(_("已有一份复议申请在处理，办完再收下一份。"))
    appeal = Appeal.objects.create(
        decision=decision,
        appellant=words("appellant", appellant, longest=LONGEST_NAME),
        authority=words("authority", authority, longest=LONGEST_AUTHORITY),
        text=words("text", text, _("请写明申请复议的理由。")),
        received_by=actor,
        received_at=now,
    )
    said = {"appeal": appeal.pk, "authority": appeal.authority}
    say(council, EventType.DECISION_MOVED, actor=actor, now=now, decision=decision.pk, move="appeal", **said)
    return appeal


@transaction.atomic
def decide_appeal(*, appeal_id: int, actor: User, now: datetime, verdict: str, outcome: str) -> Appeal:
    """Uphold, remand or annul: by an overseer, or on the written word of the body that was asked.

    The secretary enters such a word; `outcome` then names the document. Raises PermissionDenied,
    ValidationError (decided already, no words, a state in which nothing can be undone).
    """
    decision, council = _locked(Appeal.objects.only("decision_id").get(pk=appeal_id).decision_id)
    appeal = locked(Appeal, appeal_id)
    if not (access.is_secretary_of(council, actor) or access.is_overseer_of(council, actor)):
        raise PermissionDenied("decide_appeal")
    if appeal.state != AppealState.OPEN:
        raise ValidationError(_("这份复议申请已经办结。"))
    if verdict not in END:
        raise ValidationError({"verdict": _("请选择处理结果。")})
    outcome = words("outcome", outcome, _("请写明处理意见和文号。"))
    _carry_out(verdict, decision, council, appeal, actor, now, outcome)
    appeal.state, appeal.outcome, appeal.decided_at = END[verdict], outcome, now
    appeal.save(update_fields=["state", "outcome", "decided_at"])
    return appeal


def _carry_out(  # noqa: PLR0913, PLR0917  # one move with its words
    verdict: str,
    decision: DecisionLifecycle,
    council: Council,
    appeal: Appeal,
    actor: User,
    now: datetime,
    outcome: str,
) -> None:
    """Make the verdict on the decision; upholding one that was never suspended moves nothing."""
    reason, authority = outcome[:LONGEST_REASON], appeal.authority
    if verdict != "uphold" and decision.state in CAN_BE_SUSPENDED:
        suspend(decision, council, reason=reason, authority=authority, actor=actor, now=now)
    if decision.state == DecisionState.SUSPENDED:
        make(decision, verdict, reason=reason)
        _judged(verdict, decision, council, actor, now, authority)
        return
    if verdict != "uphold":
        state = decision.get_state_display()
        raise ValidationError({"verdict": _("决议现在是「%(state)s」，不能发回或撤销。") % {"state": state}})
    said = {"appeal": appeal.pk, "authority": authority, "reason": reason}
    say(council, EventType.DECISION_MOVED, actor=actor, now=now, decision=decision.pk, move="appeal_upheld", **said)


RELATED = ("item__topic", "item__meeting__pack", "poll__pack", "council", "recorded_by")


def _locked(decision_id: int) -> tuple[DecisionLifecycle, Council]:
    council = locked_council(Decision.objects.only("council_id").get(pk=decision_id).council_id)
    return locked(DecisionLifecycle, decision_id, *RELATED), council


def _why(reason: str) -> str:
    return words("reason", reason, _("请写明理由。"), longest=LONGEST_REASON)


def _on_whose_word(authority: str) -> str:
    return words("authority", authority, longest=LONGEST_AUTHORITY) if authority.strip() else ""


MOVES: dict[str, Callable[..., Decision]] = {
    "suspend": suspend_decision,
    "uphold": uphold_decision,
    "remand": remand_decision,
    "annul": annul_decision,
}
