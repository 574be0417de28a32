"""P7: how late a clock rings while the real loop, `manage.py sweep`, looks for what is due."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import quantiles
from time import monotonic, sleep

from django.conf import settings
from django.db.models import Max

from cases.models import CaseEvent
from cases.terms import ClockKind, EventType, Priority
from workflows.benchmark.many import Life, Timing, make_cases, policy_of, put_away
from workflows.benchmark.measure import Figure
from workflows.benchmark.moves import database_url
from workflows.benchmark.world import World
from workflows.models import Clock

SHARE = 20  # a burst is the twentieth part of the clocks of the world
ALONE, SPREAD = 200, 10.0  # clocks that fall due by themselves, over so many seconds
LEAD = 1.5  # seconds, and one for each so many clocks: they must be there before they fall due
MADE_A_SECOND = 2000
LOOK, PATIENCE = 0.02, 120.0
BEFORE_WARNING = timedelta(minutes=45)  # three quarters of an hour that runs day and night
TO_THE_MOMENT = 1e-3  # clocks are kept to the microsecond, lateness is told in hundredths of a second


def measure_lateness(world: World, *, alone: int = ALONE, spread: float = SPREAD) -> list[Figure]:
    """Clocks at random moments, then many at one moment; from each alarm until its event can be read by others."""
    burst, random = max(world.size // SHARE, 1), Random(alone)  # noqa: S311  # no secret
    with _loop() as is_running:
        _ring(world, [0.0], is_running)  # the process has started when it has rung once
        idle = _ring(world, [random.uniform(0, spread) for _ in range(alone)], is_running)
        at_once = _ring(world, [0.0] * burst, is_running)
    return [
        _figure(f"P7 lateness p99 in s, {alone:,} in {spread:.0f} s", idle, 2, 1),
        _figure(f"P7 lateness p99 in s, {burst:,} at once", at_once, 60, 15),
    ]


def _figure(name: str, late: Sequence[float], floor: float, goal: float) -> Figure:
    p99 = quantiles(late, n=100)[-1] if len(late) > 1 else late[0]
    return Figure(name, p99, None, None, floor, goal, min(late) > -TO_THE_MOMENT, smaller_is_better=True)


@contextmanager
def _loop() -> Iterator[Callable[[], bool]]:
    """The loop as it is run by `manage.py up`, on the database of the benchmark."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "sweep"]
    given = os.environ | {"DATABASE_URL": database_url()}
    process = subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        yield lambda: process.poll() is None
    finally:
        process.terminate()
        process.wait()


def _ring(world: World, offsets: Sequence[float], is_running: Callable[[], bool]) -> list[float]:
    """Make clocks whose warnings fall due so many seconds after a moment just ahead; returns how late each rang."""
    policy = policy_of(ClockKind.SIGN, Priority.CRITICAL)
    overall = policy_of(ClockKind.OVERALL, Priority.CRITICAL)
    newest = CaseEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    moment = _now() + timedelta(seconds=LEAD + len(offsets) / MADE_A_SECOND)
    starts = [moment + timedelta(seconds=offset) - BEFORE_WARNING for offset in dict.fromkeys(offsets)]
    lives: list[Life] = [(Timing(policy, start), Timing(overall, start)) for start in starts]
    keys = make_cases(world, world.dispatched(), lives, len(offsets))
    made = _now()  # on a slow machine after the moment: nothing can ring before it is there
    clocks = Clock.objects.filter(case__pk__gte=keys[0], case__pk__lte=keys[-1], kind=ClockKind.SIGN)
    due = dict(clocks.values_list("pk", "warn_at"))
    late: dict[int, float] = {}
    give_up = monotonic() + LEAD + (max(due.values()) - made).total_seconds() + PATIENCE
    while len(late) < len(due):
        if not is_running() or monotonic() > give_up:
            raise RuntimeError(f"The sweep has rung {len(late)} of {len(due)} clocks and goes no further.")
        sleep(LOOK)
        said = CaseEvent.objects.filter(pk__gt=newest, type=EventType.CLOCK_WARNED).order_by("pk")
        rows = list(said.values_list("pk", "data__clock_id"))
        seen = _now()
        newest = rows[-1][0] if rows else newest
        for _, clock_id in rows:
            if clock_id in due:
                late[clock_id] = (seen - max(due[clock_id], made)).total_seconds()
    put_away(keys)
    return list(late.values())


def _now() -> datetime:
    return datetime.now(UTC)
