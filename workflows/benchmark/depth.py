"""P11: the overdue list at its end against its beginning: by keyset, as the page reads it, and by OFFSET."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import log
from random import Random
from statistics import median
from time import perf_counter

from django.db import connection

from cases.keyset import SIZE, cursor, take
from cases.models import Case
from cases.selectors import PRESSING
from cases.terms import ClockKind, State
from workflows import limits
from workflows import overdue as lists
from workflows.bands import bands
from workflows.benchmark.many import LIVES, SEED, Life, Timing, in_handling, make_cases, policy_of, tidy, workday
from workflows.benchmark.measure import Figure, Turns, take_turns
from workflows.benchmark.world import World
from workflows.models import Clock
from workflows.overdue_counts import counts

ROUNDS, LOOKS, OPENINGS = 8, 5, 5
GROWTH = (100, 10, 1)  # the largest number of cases over each of the three
ONE_IN = 20  # of so many open cases one is past its limit, or near it
DEPTH = 0.99
BEGAN = range(8, 60)  # so many working days ago began what is late or near by now
RECENT = range(1, 5)


def populate(world: World, to: int) -> None:
    """Bring the number of cases in handling up to `to`, one in twenty of them late or near."""
    missing = to - Case.objects.filter(state=State.IN_PROGRESS).count()
    if missing <= 0:
        return
    handle, overall = policy_of(ClockKind.HANDLE), policy_of(ClockKind.OVERALL)
    moments = _moments(world, min(missing, LIVES))
    lives: list[Life] = [(Timing(handle, at), Timing(overall, at)) for at in moments]
    make_cases(world, in_handling(world), lives, missing)
    tidy()
    with connection.cursor() as sql:
        sql.execute("ANALYZE")  # the small tables too: of a place that nobody has counted the server expects nothing


def _moments(world: World, count: int) -> list[datetime]:
    zone, random = limits.default_calendar().zone, Random(SEED)  # noqa: S311  # no secret
    days = {n: datetime.combine(workday(world.now, -n), time(8, 30), zone) for n in (*RECENT, *BEGAN)}
    day = 9 * 3600 * 10**6
    ages = [random.choice(BEGAN if n % ONE_IN == 0 else RECENT) for n in range(count)]
    return [days[age] + timedelta(microseconds=random.randrange(day)) for age in ages]


def measure_depth(world: World) -> list[Figure]:
    """The page at 99 % depth and the first one take turns, among N, 10 N and 100 N open cases.

    A page is what the desk shows: the rows, and why each is late. Keyset and OFFSET must list the same rows.
    """
    sizes = [max(world.size // part, 1) for part in GROWTH]
    found = []
    for size in sizes:
        populate(world, size)
        found.append(_measured(world))
    few, some, many = found
    name = f"P11 overdue list of {many.rows:,} among {sizes[-1]:,} cases: page at 99 % ÷ first, ms"
    equal, noisy = all(one.equal for one in found), many.turns.noisy
    deep, first = 1000 / many.turns.subject, 1000 / many.turns.anchor
    figures = [Figure(name, deep, first, 1 / many.turns.ratio, 5, 2, equal, noisy, True)]
    figures.append(
        Figure("P11 · the same page by OFFSET ÷ first", 1000 / many.by_offset.subject, first, 1 / many.by_offset.ratio)
    )
    for a, b, small, large in ((few, some, sizes[0], sizes[1]), (some, many, sizes[1], sizes[2])):
        exponent = log(a.turns.subject / b.turns.subject) / log(large / small)
        figures.append(Figure(f"P11 · growth exponent {small:,} → {large:,}", exponent, smaller_is_better=True))
    for size, one in zip(sizes, found, strict=True):
        figures.append(Figure(f"P11 · first page with every count, ms, among {size:,}", one.opening * 1000))
    return figures


@dataclass(frozen=True)
class _Measured:
    """What was found among so many cases."""

    rows: int
    turns: Turns
    by_offset: Turns
    opening: float  # seconds, the median
    equal: bool


def _measured(world: World) -> _Measured:
    viewer, now = world.people["supervisor"], world.now
    wanted = lists.Narrowing()
    found = lists.narrowed(lists.pressing_clocks(viewer, now=now), wanted, now=now)
    rows = found.count()
    place = max(int(rows * DEPTH), 1)
    in_order = lists.with_cases(found).order_by(*PRESSING.columns)
    after = cursor(in_order[place - 1 : place].get(), PRESSING)

    def page(after: str = "") -> list[int]:
        return _shown(take(lists.with_cases(found), PRESSING, after=after).rows, world)

    def by_offset() -> list[int]:
        return _shown(list(in_order[place : place + SIZE]), world)

    def looks(read: Callable[[], list[int]], count: int) -> Callable[[int], None]:
        return lambda _: [read() for _look in range(count)].clear()

    def opening() -> None:
        page()
        counts(viewer, found, wanted, bands(limits.default_calendar(), now), now=now)

    first = looks(page, LOOKS)
    turns = take_turns(looks(lambda: page(after), LOOKS), first, rounds=ROUNDS, size=LOOKS)
    offset = take_turns(looks(by_offset, 1), looks(page, 1), rounds=OPENINGS, size=1)
    opened = median(_timed(opening) for _ in range(OPENINGS))
    return _Measured(rows, turns, offset, opened, page(after) == by_offset() != page())


def _shown(clocks: list[Clock], world: World) -> list[int]:
    return [row.clock.pk for row in lists.overdue_rows(clocks, world.people["supervisor"], now=world.now)]


def _timed(work: Callable[[], None]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
