"""What must hold whatever became of the processes; reckoned from the dates of the clocks, not from their alarms."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, F

from cases.events import verify_all
from cases.models import Case, CaseEvent
from workflows import clocks, limits, sla
from workflows.models import Clock

WARNED, OVERDUE, ESCALATED = "warned", "overdue", "escalated"


class Mark(NamedTuple):
    """One ring: of which clock, for which limit, which kind and which step."""

    clock: int
    due_at: datetime
    kind: str
    level: int = 0


def told() -> list[tuple[Mark, datetime]]:
    """Every ring that the histories know, and when it was."""
    rows = CaseEvent.objects.filter(data__has_key="clock_id").order_by("pk")
    return [(_mark(event.type, event.data), event.at) for event in rows]


def _mark(kind: str, said: dict[str, Any]) -> Mark:
    due_at = datetime.fromisoformat(said["due_at"])
    return Mark(said["clock_id"], due_at, kind.rpartition(".")[2], said.get("level", 0))


def rung() -> Counter[Mark]:
    """How often each rang."""
    return Counter(mark for mark, _ in told())


def moments() -> Iterator[tuple[Mark, datetime]]:
    """When each live clock has to ring, by its dates."""
    for clock in clocks.read(Clock.objects.filter(stopped_at=None, paused_at=None)):
        yield Mark(clock.pk, clock.due_at, WARNED), clock.warn_at
        yield Mark(clock.pk, clock.due_at, OVERDUE), clock.due_at
        calendar, intervals = limits.calendar_of(clock), clocks.intervals_of(clock)
        for level, step in enumerate(limits.ladder_of(clock.policy), 1):
            at = sla.step_at(step, calendar, clock.due_at, intervals)
            yield Mark(clock.pk, clock.due_at, ESCALATED, level), at


def lost(now: datetime) -> set[Mark]:
    """What should have rung and did not; a warning that was slept through past its limit need not."""
    owed = {mark for mark, at in moments() if at <= now and (mark.kind != WARNED or mark.due_at > now)}
    return owed - rung().keys()


def doubled() -> set[Mark]:
    """What rang more than once."""
    return {mark for mark, n in rung().items() if n > 1}


def early() -> set[Mark]:
    """What rang before its moment."""
    when = dict(moments())
    return {mark for mark, at in told() if mark in when and at < when[mark]}


def all_rang_once(now: datetime) -> None:
    """Late only, once each, none lost; and every history whole."""
    assert rung()
    assert (lost(now), doubled(), early()) == (set(), set(), set())
    assert not Clock.objects.filter(alarm_at__lte=now).exists()
    assert not Case.objects.annotate(told=Count("events")).exclude(version=F("told")).exists()
    assert verify_all().broken == []
