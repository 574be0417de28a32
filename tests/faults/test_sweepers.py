"""Several sweepers, killed ones, a night asleep, a clock that jumps: late only, once each, none lost."""

from datetime import datetime, timedelta

import pytest

from cases.models import Case
from tests.factories import SHANGHAI, World
from tests.faults.invariants import all_rang_once, doubled, lost, rung
from tests.faults.processes import KILLED, Crew
from workflows.models import Clock

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]
LATE = datetime(2026, 3, 30, 9, 0, tzinfo=SHANGHAI)  # long after every limit
OF_REPORTED = (1 + 2) + (1 + 2)  # to accept, and overall: the limit and two steps each
DUE = datetime(2026, 3, 16, 17, 30, tzinfo=SHANGHAI)  # of what is handled since the 2nd: ten working days


def march(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, 0, tzinfo=SHANGHAI)


def kinds(clock: str) -> list[tuple[str, int]]:
    keys = set(Clock.objects.filter(kind=clock).values_list("pk", flat=True))
    return sorted((mark.kind, mark.level) for mark in rung().elements() if mark.clock in keys)


def test_four_sweepers_at_once_share_three_hundred_clocks_and_ring_each_once(world: World, crew: Crew) -> None:
    for _ in range(150):
        world.report()
    ends = crew.at_once(*[{"do": "sweep", "now": [LATE], "batch": 25}] * 4)
    counts = [end.said[0]["clocks"] for end in ends]
    assert sum(n > 0 for n in counts) > 1  # or they were not at it at the same time
    left = crew.alone("sweep", now=[LATE]).said[0]["clocks"]  # what one passed by because another held it
    assert sum(counts) + left == len(rung()) == 150 * OF_REPORTED
    all_rang_once(LATE)


def test_control_four_sweepers_that_look_and_then_ring_do_it_four_times(world: World, crew: Crew) -> None:
    for _ in range(5):
        world.report()
    crew.at_once(*[{"do": "naive_sweep", "now": LATE}] * 4)
    assert set(rung().values()) == {4}
    assert len(doubled()) == 10


def test_a_sweeper_killed_at_a_named_point_of_its_second_batch_leaves_whole_batches_and_the_next_goes_on(
    world: World, crew: Crew
) -> None:
    for _ in range(80):
        world.report()  # what is due first are eighty limits to accept, then come the overall ones
    batch, whole = 10 * OF_REPORTED, 0  # ten cases, each with all that is due of it
    for point in ("after_claim", "after_events", "after_heads", "after_marks", "before_commit", "after_commit"):
        end = crew.alone("sweep", now=[LATE], batch=10, die_at=point, visit=2)
        whole += 2 if point == "after_commit" else 1
        assert (point, end.code, len(rung())) == (point, KILLED, whole * batch)
    crew.alone("sweep", now=[LATE])
    assert len(rung()) == 80 * OF_REPORTED
    all_rang_once(LATE)


def test_a_sweeper_killed_after_each_of_its_statements_in_turn_loses_and_doubles_nothing(
    world: World, crew: Crew
) -> None:
    for state in ("reported", "in_progress", "answered"):
        world.case(state)
    assert crew.killed_everywhere("sweep", now=[LATE]) > 15
    assert kinds("accept") == [("escalated", 1), ("escalated", 2), ("overdue", 0)]
    assert kinds("handle") == [("escalated", 1), ("escalated", 2), ("escalated", 3), ("overdue", 0)]
    assert kinds("survey") == [("overdue", 0)]
    assert Case.objects.filter(state="closed").count() == 1
    all_rang_once(LATE)


def test_control_marks_that_are_committed_before_their_events_are_lost_with_the_process(
    world: World, crew: Crew
) -> None:
    for _ in range(3):
        world.report()
    assert crew.alone("marking_sweep", now=LATE).code == KILLED
    crew.alone("sweep", now=[LATE])
    assert len({mark.clock for mark in lost(LATE) if mark.kind == "overdue"}) == 6


@pytest.mark.parametrize(
    ("asleep", "awake", "rang"),
    [
        (march(16, 17), march(17, 9), [("overdue", 0)]),  # a night
        (march(13, 18), march(17, 18), [("escalated", 1), ("escalated", 2), ("overdue", 0)]),  # four days
    ],
)
def test_a_machine_that_was_asleep_rings_late_what_fell_due_and_nothing_that_did_not(
    world: World, crew: Crew, asleep: datetime, awake: datetime, rang: list[tuple[str, int]]
) -> None:
    for _ in range(3):
        world.case("in_progress")
        world.case("answered", now=march(9, 9))
    crew.alone("sweep", now=[asleep])
    before = kinds("handle")
    crew.alone("sweep", now=[awake])
    assert sorted(kinds("handle")) == sorted(before + rang * 3)
    assert Case.objects.filter(state="closed").count() == 3  # nobody answered the survey until the 16th
    all_rang_once(awake)
    crew.alone("sweep", now=[LATE])
    all_rang_once(LATE)


def test_control_a_sweeper_that_looks_at_the_last_minute_loses_the_night(world: World, crew: Crew) -> None:
    world.case("in_progress")
    assert crew.alone("minute_sweep", now=[march(16, 17), march(17, 9)]).said == [0, 0]
    assert [mark.kind for mark in lost(march(17, 9))] == ["overdue"]


def test_a_clock_that_jumps_back_and_forth_rings_nothing_twice_and_takes_nothing_back(world: World, crew: Crew) -> None:
    for _ in range(3):
        world.case("in_progress")
    hour = timedelta(hours=1)
    jumps = [DUE, DUE - hour, DUE, DUE + 5 * hour, DUE - 24 * hour, DUE + 48 * hour, DUE - hour, DUE, LATE]
    [_, *counts] = [said["clocks"] for said in crew.alone("sweep", now=jumps).said]
    assert counts[:2] == [0, 0]
    assert counts[3] == 0
    assert counts[4] > 0
    assert counts[5:7] == [0, 0]
    assert Clock.objects.filter(kind="handle", overdue_at=DUE).count() == 3
    all_rang_once(LATE)


def test_control_a_sweeper_that_looks_at_the_last_minute_rings_twice_when_the_minute_comes_again(
    world: World, crew: Crew
) -> None:
    world.case("in_progress")
    assert crew.alone("minute_sweep", now=[DUE, DUE - timedelta(hours=1), DUE]).said == [1, 0, 1]
    assert len(doubled()) == 1
