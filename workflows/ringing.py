"""What rings when its moment has come: the warning, the limit, and each step of the ladder after it, once each.

The cases are locked, and a clock is written under the lock of its case only: so nobody else rings it meanwhile. Marks,
history and the heads of the cases are written in one statement each, however many clocks ring.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import prefetch_related_objects

from cases import events
from cases.lib.bulk import update_many
from cases.models import Case
from cases.terms import ClockKind, EventType
from workflows import clocks, limits
from workflows.models import Clock
from workflows.models.clock import OWED_TO

OVERDUE_EVENTS = {ClockKind.REQUEST: EventType.REQUEST_OVERDUE, ClockKind.PART: EventType.PART_OVERDUE}
MARKS = ["warned_at", "overdue_at", "level", "alarm_at"]


def ring(cases: Sequence[Case], *, now: datetime) -> tuple[Counter[str], list[Clock]]:
    """Ring all that is due on locked cases; counts by mark, and the clocks whose limit was reached just now.

    After a night asleep every step that fell due is taken, each with its own event. Only a warning that was slept
    through past its limit is left out: the limit says more.
    """
    by_key = {case.pk: case for case in cases}
    due = clocks.read(Clock.objects.filter(case__in=by_key, alarm_at__lte=now).order_by("alarm_at", "pk"))
    for owed in OWED_TO.values():  # each query only where there is something of the kind
        prefetch_related_objects([clock for clock in due if getattr(clock, f"{owed}_id")], owed)
    rang: Counter[str] = Counter()
    facts: list[events.Fact] = []
    ended: list[Clock] = []
    for clock in due:
        for kind, data in _marks(clock, now):
            rang[kind.value.rpartition(".")[2]] += 1
            facts.append(events.Fact(by_key[clock.case_id], kind, _said(clock) | data))
            if "level" not in data and kind != EventType.CLOCK_WARNED:
                ended.append(clock)
    events.record_facts(facts, at=now)
    if due:
        update_many(due, MARKS)
    return rang, ended


def _marks(clock: Clock, now: datetime) -> Iterator[tuple[EventType, dict[str, Any]]]:
    """Mark a clock until its next moment lies ahead; yields what each mark says."""
    while clock.alarm_at is not None and clock.alarm_at <= now:
        if clock.overdue_at:
            step = limits.ladder_of(clock.policy)[clock.level]
            clock.level += 1
            yield EventType.CLOCK_ESCALATED, {"level": clock.level, "to": step.role}
        elif clock.due_at <= now:
            clock.overdue_at = now
            yield OVERDUE_EVENTS.get(ClockKind(clock.kind), EventType.CLOCK_OVERDUE), {}
        else:
            clock.warned_at = now
            yield EventType.CLOCK_WARNED, {}
        clock.alarm_at = clocks.next_alarm(clock)


def _said(clock: Clock) -> dict[str, Any]:
    owed: dict[str, Any] = {}
    if clock.request:
        owed = {"request": clock.request.pk, "kind": clock.request.kind}
    elif clock.part:
        owed = {"part": clock.part.pk, "team": clock.part.team_id}
    elif clock.order:
        owed = {"order": clock.order.pk, "number": clock.order.number, "team": clock.order.team_id}
    elif clock.follow_up:
        owed = {"follow_up": clock.follow_up.pk, "what": clock.follow_up.what, "team": clock.follow_up.owner_id}
    elif clock.objection:
        owed = {"objection": clock.objection.pk}
    elif clock.spot_check:
        owed = {"spot_check": clock.spot_check.pk}
    return {
        "clock": clock.kind,
        "clock_id": clock.pk,
        "round": clock.round,
        "generation": clock.generation,
        "due_at": clock.due_at,
        **owed,
    }
