"""One way for every move: lock, state (409), person (403), move, event, clocks, save."""

from datetime import datetime
from typing import Any, NamedTuple, cast

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django_fsm import TransitionNotAllowed, can_proceed, has_transition_perm

from cases import events
from cases.models import Case, CaseEvent, User
from cases.terms import EventType, State
from workflows import clocks
from workflows.lifecycle import CaseLifecycle
from workflows.permissions import Actor, System

# Everything that a move may stamp: one UPDATE, and no field forgotten.
MOVED_FIELDS = (
    "state", "round", "holder_role", "holder_user", "team", "handler", "dispatch_is_final", "council", "main_case",
    "result_code", "result_text", "promised_date", "category", "priority", "policy_version", "answered_at",
    "answer_workdays", "closed_at", "due_at", "warn_at", *events.HEAD_FIELDS,
)  # fmt: skip


class Moved(NamedTuple):
    """A moved case and the event that says so."""

    case: CaseLifecycle
    event: CaseEvent


def locked(case_id: int, *more: str, **known: Q) -> CaseLifecycle:
    """The case, its row locked until the transaction ends; its area comes along for the permission.

    And its category, the calendar of its team for the clocks, and whatever `more` relation or `known` expression the
    caller will ask for: a join costs less than a question. Trap: an expression is of the moment before the lock.
    """
    related = ("area", "category", "team__own_calendar__calendar", *more)
    rows = CaseLifecycle.objects.select_for_update(of=("self",)).select_related(*related).annotate(**known)
    return cast(CaseLifecycle, rows.get(pk=case_id))


def transition(
    name: str,
    case_id: int,
    *,
    actor: Actor,
    now: datetime,
    log: dict[str, Any] | None = None,
    case: CaseLifecycle | None = None,
    **inputs: Any,
) -> Moved:
    """Make one move. `inputs` go to the move, `log` into the history; `case` when the caller has locked it already.

    Raises TransitionNotAllowed (the state forbids it), PermissionDenied (this person may not), Case.DoesNotExist.
    """
    if case is not None:  # in the transaction of the caller: a savepoint more would cost two statements
        return _move(name, case, actor=actor, now=now, log=log, inputs=inputs)
    with transaction.atomic():
        return _move(name, locked(case_id), actor=actor, now=now, log=log, inputs=inputs)


def _move(
    name: str,
    case: CaseLifecycle,
    *,
    actor: Actor,
    now: datetime,
    log: dict[str, Any] | None,
    inputs: dict[str, Any],
) -> Moved:
    step = getattr(case, name)
    if not can_proceed(step):  # before the permission, or every conflict would be answered 403
        raise TransitionNotAllowed(name, object=case, method=step)
    if not has_transition_perm(step, cast(User, actor)):
        raise PermissionDenied(name)
    came_from = State(case.state)
    step(**inputs)
    case.find_holder()
    return finish(case, declared(step)["event"], actor=actor, now=now, log=log, came_from=came_from)


def declared(step: Any) -> dict[str, Any]:
    """What the move declared besides its states: event, label, two_people."""
    transitions = step._django_fsm.transitions  # noqa: SLF001
    return next(iter(transitions.values())).custom  # type: ignore[no-any-return]


def finish(
    case: Case, event_type: Any, *, actor: Actor, now: datetime, log: dict[str, Any] | None, came_from: State | None
) -> Moved:
    """Record the event, bring the clocks in line and save, all in the transaction of the caller."""
    data = dict(log or {})
    if isinstance(actor, System):
        data["by"] = actor.name
    user = actor if isinstance(actor, User) else None
    event = events.record(case, event_type, actor=user, at=now, data=data)
    for clock in clocks.follow(case, event, came_from):
        said = {name: getattr(clock, name) for name in ("round", "generation", "due_at")}
        stopped = {"clock": clock.kind, "clock_id": clock.pk, **said}
        events.record(case, EventType.CLOCK_STOPPED_LATE, actor=None, at=now, data=stopped)
    case.save(update_fields=MOVED_FIELDS)
    return Moved(case, event)  # type: ignore[arg-type]
