"""Which moves a person may make on a case now: read from the declarations, plus the facts that move nothing."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django_fsm import TransitionNotAllowed, can_proceed, has_transition_perm

from cases.models import Case, CaseEvent, Category, User
from cases.terms import ClockKind, EventType, Role, State
from workflows import permissions as may
from workflows import spot_checks
from workflows.commands._transition import declared
from workflows.commands.spot_checks import may_check
from workflows.commands.surveys import is_within_window
from workflows.hands import had_a_hand
from workflows.lifecycle import CaseLifecycle
from workflows.models import Part

# The move that a person with a case of this state before them most likely wants.
LIKELY = {
    State.REPORTED: "accept",
    State.INFO_REQUESTED: "supply_info",
    State.ACCEPTED: "dispatch",
    State.DISPATCHED: "sign",
    State.IN_PROGRESS: "submit",
    State.DELIBERATING: "take_decision",
    State.ON_HOLD: "resume",
    State.SUBMITTED: "verify",
    State.ANSWERED: "record_survey",
    State.REOPEN_REQUESTED: "reopen",
}
THEN = ("pass_spot_check", "answer_part", "keep_promise")


@dataclass(frozen=True)
class Available:
    """A move that may be made now, by the word of its button and what it leaves in the history."""

    name: str
    label: str
    event: EventType


FACTS = {
    "pass_spot_check": EventType.SPOT_CHECK_PASSED,
    "answer_part": EventType.PART_ANSWERED,
    "keep_promise": EventType.PROMISE_KEPT,
    "urge": EventType.URGED,
    "correct_facts": EventType.FACTS_CORRECTED,
    "report_again": EventType.REPORTED_AGAIN,
    "add_note": EventType.NOTE_ADDED,
}


def case_for(viewer: User, number: str) -> CaseLifecycle | None:
    """A case in the viewer's scope, with what its page names."""
    rows = CaseLifecycle.objects.visible_to(viewer).select_related(
        "area", "category", "team", "handler", "holder_user", "reported_by", "reporter", "council", "main_case"
    )
    return rows.filter(number=number).first()  # type: ignore[return-value]


def available_moves(case: CaseLifecycle, actor: User, *, now: datetime) -> list[Available]:
    """What this person may do with this case at this moment; requests to a second person are `flows.approval`'s."""
    moves = [
        Available(step.name, str(step.custom["label"]), step.custom["event"])
        for step in case.get_available_user_state_transitions(actor)  # type: ignore[attr-defined]
        if _holds_besides(step.name, case, actor, now)
    ]
    order = {name: n for n, name in enumerate(vars(CaseLifecycle))}
    moves.sort(key=lambda move: order[move.name])
    return moves + [Available(name, str(FACTS[name].label), FACTS[name]) for name in FACTS if _may[name](case, actor)]


def likely(moves: list[Available], case: Case) -> Available | None:
    """The one that becomes the big button."""
    named = {move.name: move for move in moves}
    for name in (LIKELY.get(State(case.state), ""), *THEN):
        if name in named:
            return named[name]
    return None


def check_move(name: str, case: CaseLifecycle, actor: User, *, now: datetime) -> None:
    """Raise TransitionNotAllowed when the state forbids a move, PermissionDenied when this person may not."""
    if name in FACTS:
        if not _may[name](case, actor):
            raise PermissionDenied(name)
        return
    step = getattr(case, name)
    if not can_proceed(step):
        raise TransitionNotAllowed(name, object=case, method=step)
    if not has_transition_perm(step, actor):
        raise PermissionDenied(name)
    if not _holds_besides(name, case, actor, now):
        if name == "record_survey":
            raise PermissionDenied(name)
        raise TransitionNotAllowed(name, object=case, method=step)


def event_of(name: str) -> EventType:
    """What a move leaves in the history."""
    return FACTS[name] if name in FACTS else declared(getattr(CaseLifecycle, name))["event"]


def was_made(case: Case, name: str, actor: User, *, version: int | None, inputs: dict[str, Any]) -> bool:
    """Whether the same person already sent just this since the page was made. Locks the case: two taps are one.

    1. A second tap waits here for the first one's transaction. 2. It then finds the event with its own words.
    """
    if version is None:
        return False
    Case.objects.select_for_update().get(pk=case.pk)
    rows = CaseEvent.objects.filter(case_id=case.pk, seq__gt=version, actor=actor, type=event_of(name))
    said = _plain(inputs)
    return any(all(_same(event.data[key], value) for key, value in said.items() if key in event.data) for event in rows)


def _plain(inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs as the history keeps them: rows by key, a category by its code, answers field by field."""
    plain: dict[str, Any] = {}
    for name, value in inputs.items():
        if isinstance(value, Category):
            plain[name] = value.code
        elif isinstance(value, Model):
            plain[name] = value.pk
        elif is_dataclass(value):
            plain |= _plain({f.name: getattr(value, f.name) for f in fields(value)})
        elif isinstance(value, str | bool):
            plain[name] = value
    return plain


def _same(kept: Any, given: Any) -> bool:
    return str(kept).strip() == str(given).strip()


def last_move(case: Case) -> CaseEvent | None:
    """The newest event that moved the case: who was quicker."""
    moving = [step.custom["event"] for step in CaseLifecycle().get_all_state_transitions()]  # type: ignore[attr-defined]
    return case.events.filter(type__in=moving).select_related("actor").order_by("-seq").first()


def _holds_besides(name: str, case: CaseLifecycle, actor: User, now: datetime) -> bool:
    """The conditions that commands check beyond state and role, so that no button is shown which would be refused."""
    if name == "record_survey":
        return not had_a_hand(case, actor)
    if name == "request_reopen" and case.state == State.CLOSED:
        return is_within_window(case, now)
    if name == "fail_spot_check":
        return _checks(case, actor)
    if name == "split_off":
        return case.main_case is not None and case.main_case.is_open
    return True


def _owes_part(case: Case, actor: User) -> bool:
    teams = actor.grants().team_ids()
    owed = Part.objects.filter(joint__case=case, joint__closed_at=None, answered_at=None, team_id__in=teams)
    return bool(teams) and owed.exists()


def _promised(case: Case) -> bool:
    return any(clock.kind == ClockKind.PROMISE and clock.stopped_at is None for clock in case.clocks.all())


def _keeps_promise(case: Case, actor: User) -> bool:
    return may.is_team_member(case, actor) and _promised(case)


def _urges(case: Case, actor: User) -> bool:
    return may.either(may.is_supervisor, may.is_leader)(case, actor) and (case.is_open or _promised(case))


def _corrects(case: Case, actor: User) -> bool:
    return case.is_open and may.either(may.is_desk, may.is_dispatcher, may.is_supervisor)(case, actor)


def _notes(case: Case, actor: User) -> bool:  # noqa: ARG001
    return bool(actor.grants().roles - {Role.AUDITOR, Role.ADMINISTRATOR})  # an auditor reads only


def _checks(case: CaseLifecycle, actor: User) -> bool:
    is_over = case.state in (State.ANSWERED, State.CLOSED)
    return is_over and spot_checks.drawn(case) is not None and may_check(case, actor)


def _reports_again(case: CaseLifecycle, actor: User) -> bool:
    return case.state == State.CLOSED and may.may_report_again(case, actor) and not case.followed_by.open().exists()


_may: dict[str, Callable[[CaseLifecycle, User], bool]] = {
    "pass_spot_check": _checks,
    "answer_part": _owes_part,
    "keep_promise": _keeps_promise,
    "urge": _urges,
    "correct_facts": _corrects,
    "report_again": _reports_again,
    "add_note": _notes,
}
