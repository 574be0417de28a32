"""How a case is told: its steps one after the other, each so many working hours after the one before."""

from collections.abc import Iterable
from datetime import datetime

from cases.models import Case
from cases.terms import State
from workflows.demo.council_steps import COUNCIL_STEPS
from workflows.demo.days import Days, Story
from workflows.demo.steps import STEPS, Scene, Step

ALL_STEPS: dict[str, Step] = STEPS | COUNCIL_STEPS
WAITING_FOR_RESIDENT = frozenset({"satisfied", "fair", "dissatisfied", "unsolved"})
# The hours of work since the step before; or the moment itself, of what waits for a meeting.
Script = Iterable[tuple[str, float | datetime]]


def told(days: Days, scene: Scene, begin: datetime, script: Script) -> Story:
    """The life of a case from a moment on."""
    at = begin
    for name, gap in script:
        at = max(at, gap) if isinstance(gap, datetime) else days.later(at, gap)
        yield at
        if name in WAITING_FOR_RESIDENT and is_closed_by_its_clock(scene.case_id):
            return
        ALL_STEPS[name](scene, at)


def is_closed_by_its_clock(case_id: int) -> bool:
    """A week of holidays closes what waits for its survey; then the story ends there."""
    return Case.objects.filter(pk=case_id, state=State.CLOSED).exists()


def moments_before(days: Days, script: Iterable[tuple[str, float]], idle: float) -> list[tuple[str, datetime]]:
    """The moments of a script of which the last step was `idle` working hours ago."""
    at, found = days.before(days.now, idle), []
    for name, gap in reversed(list(script)):
        found.append((name, at))
        at = days.before(at, gap)
    return found[::-1]
