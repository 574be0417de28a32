"""When a decision takes effect, and what moves with it: its cases go on, what follows is owed.

A decision takes effect only after its notice stood its full time and while no objection that holds it up is open.
The council is locked by every caller; here the decision is locked before, then the cases by key, then their clocks.
"""

from dataclasses import dataclass
from datetime import datetime

from cases.council_terms import DecisionState, NoticeState, ObjectionState
from cases.models import Case, Council, Decision, Notice, Objection, User
from cases.terms import EventType
from workflows import permissions as may
from workflows.commands._transition import locked as locked_case
from workflows.commands.council import carry_decision
from workflows.council.acts import make, say
from workflows.council.follow_ups import start_follow_ups, stop_follow_ups
from workflows.council.periods import publishing_of
from workflows.machines import DecisionLifecycle

SUSPENDS = "suspend"
STOOD = (NoticeState.ENDED, NoticeState.CONTESTED, NoticeState.CLEARED)
CAN_BE_SUSPENDED = (DecisionState.IN_PUBLICATION, DecisionState.EFFECTIVE, DecisionState.IMPLEMENTING)


def holds_up(decision: Decision) -> bool:
    """Whether an objection keeps it from taking effect, by its rules."""
    return publishing_of(decision).objection_effect == SUSPENDS


@dataclass(frozen=True)
class Objections:
    """How many are open, and how many were right."""

    still_open: int
    sustained: int


def objections_to(decision: Decision) -> Objections:
    """All objections to its notices, read once."""
    states = list(Objection.objects.filter(notice__decision=decision).values_list("state", flat=True))
    return Objections(states.count(ObjectionState.OPEN), states.count(ObjectionState.SUSTAINED))


def is_free(decision: Decision) -> bool:
    """Whether its notice has stood its full time and no objection holds it up."""
    newest = Notice.objects.filter(decision=decision).order_by("-pk").values_list("state", flat=True).first()
    if newest not in STOOD:
        return False
    found = objections_to(decision)
    return not (found.sustained or (found.still_open and holds_up(decision)))


def take_effect_when_free(decision: DecisionLifecycle, council: Council, *, now: datetime) -> bool:
    """Put a posted decision into effect when nothing is in its way any more; False when something is."""
    if decision.state != DecisionState.IN_PUBLICATION or not is_free(decision):
        return False
    make(decision, "take_effect", at=now)
    decision.save(update_fields=["state", "effective_from"])
    say(council, EventType.DECISION_MOVED, actor=None, now=now, decision=decision.pk, move="take_effect")
    carry(decision, actor=None, now=now)
    return True


def carry(decision: Decision, *, actor: User | None, now: datetime) -> None:
    """Every case of the topic that is still with the council goes on, and what follows gets its clocks."""
    event = None
    for case_id in lock_cases(decision):
        moved = carry_decision(case_id=case_id, decision=decision, actor=may.CLOCK, now=now)
        if moved is not None and case_id == decision.case_id:
            event = moved.event
    start_follow_ups(decision, event=event, actor=actor, now=now)


def lock_cases(decision: Decision) -> list[int]:
    """The keys of the cases that it is about, locked in their order."""
    of_topic = Case.objects.filter(topics__items__decisions=decision.pk)
    keys = {decision.case_id, *of_topic.values_list("pk", flat=True)}
    return list(Case.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk", flat=True))


def suspend(  # noqa: PLR0913  # what is said of it
    decision: DecisionLifecycle,
    council: Council,
    *,
    reason: str,
    actor: User | None,
    now: datetime,
    authority: str = "",
    objection: Objection | None = None,
) -> None:
    """Nothing of it is carried out for now: its clocks stop. Raises TransitionNotAllowed."""
    make(decision, "suspend", reason=reason)
    decision.save(update_fields=["state", "ended_reason"])
    said = {"reason": reason, "authority": authority, "objection": objection.pk if objection else None}
    say(council, EventType.DECISION_MOVED, actor=actor, now=now, decision=decision.pk, move="suspend", **said)
    stop_clocks(decision, now=now)


def stop_clocks(decision: Decision, *, now: datetime) -> None:
    """What follows is not owed for now; the case is locked before its clocks."""
    locked_case(decision.case_id)
    stop_follow_ups(decision, now=now)
