"""A new holiday is published while people work and sweepers ring, and by processes that are killed at it."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from cases.models import CaseEvent
from cases.terms import ClockKind, Priority, Unit
from tests.factories import SHANGHAI, World
from tests.faults.invariants import all_rang_once
from tests.faults.processes import KILLED, Crew, environment
from workflows import clocks, limits
from workflows.models import Calendar, CalendarDay, Clock, PolicyVersion, SlaPolicy
from workflows.seed import default_ladder

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 3, 9, 9, 0, tzinfo=SHANGHAI)  # a week after the cases came
HANDLED_BY = datetime(2026, 3, 16, 17, 30, tzinfo=SHANGHAI)
LATE = datetime(2026, 3, 30, 9, 0, tzinfo=SHANGHAI)


def new_holiday(world: World) -> None:
    """Entered, not yet published."""
    CalendarDay.objects.create(calendar=world.calendar, date=date(2026, 3, 10), is_working=False, name="临时放假")


def left_behind() -> list[str]:
    """Running clocks whose dates are not those of the calendar as it is published."""
    calendar = limits.work_calendar(Calendar.objects.get())
    rows = clocks.read(Clock.objects.filter(stopped_at=None))
    now = [(row, clocks.moments_by(row, calendar)) for row in rows]
    return [str(row) for row, new in now if (row.due_at, row.warn_at) != (new.due_at, new.warn_at)]


def test_moves_sweeps_and_a_publication_at_once_neither_deadlock_nor_leave_a_limit_behind(
    world: World, crew: Crew
) -> None:
    version, ladder = PolicyVersion.objects.get(), default_ladder(ClockKind.HANDLE, Unit.WORKING_DAYS)
    SlaPolicy.objects.create(
        version=version, clock=ClockKind.HANDLE, priority=Priority.URGENT, amount=7, unit=Unit.WORKING_DAYS,
        calendar=world.calendar, ladder=ladder,
    )  # fmt: skip
    cases = [world.case("in_progress").pk for _ in range(20)]
    unsigned = [world.case("dispatched").pk for _ in range(10)]
    new_holiday(world)
    ends = crew.at_once(
        {"do": "publish", "now": NOW, "chunk": 10, "hold_at": "after_commit", "lead": 0.01},
        {"do": "sweep", "now": [NOW] * 5, "batch": 5, "follows": True},
        {"do": "sign", "cases": unsigned, "now": NOW, "follows": True},
        {"do": "submit", "cases": cases[:10], "now": NOW, "follows": True},
        {"do": "correct", "cases": cases[15:4:-1], "now": NOW, "follows": True},
    )
    assert [end.error for end in ends] == [""] * 5
    assert [ends[n].said for n in (2, 3)] == [10, 10]
    assert ends[4].said > 5  # a case that was handed in in between is corrected all the same, or not any more
    crew.alone("settle", now=NOW)
    assert left_behind() == []
    crew.alone("sweep", now=[NOW, LATE])
    all_rang_once(LATE)


def test_a_limit_that_was_started_before_a_publication_and_committed_after_it_is_set_by_it(
    world: World, crew: Crew
) -> None:
    case = world.case("dispatched")
    new_holiday(world)
    ends = crew.at_once(
        {"do": "sign", "cases": [case.pk], "now": NOW, "hold_at": "before_commit"},
        {"do": "publish", "now": NOW, "follows": True},
    )
    assert [(end.said, end.error) for end in ends] == [(1, ""), (2, "")]  # `overall` and the one just started
    assert left_behind() == []
    assert Clock.objects.filter(kind="handle", calendar_revision=2).count() == 1


def test_whoever_writes_in_another_database_of_the_server_does_not_hold_up_a_publication(
    world: World, crew: Crew
) -> None:
    new_holiday(world)
    with other_database() as elsewhere, elsewhere.transaction():
        elsewhere.execute("SELECT pg_current_xact_id()")
        assert crew.alone("publish", now=NOW, longest_wait=0).error == ""
        assert Calendar.objects.get().settled == 2


def test_control_whoever_writes_in_this_database_holds_it_up(world: World, crew: Crew) -> None:
    new_holiday(world)
    with psycopg.connect(environment()["DATABASE_URL"]) as here:
        here.execute("SELECT pg_current_xact_id()")
        assert crew.alone("publish", now=NOW, longest_wait=0).error == ""
        assert Calendar.objects.get().settled == 1  # the sweep comes back to it
    crew.alone("settle", now=NOW)
    assert Calendar.objects.get().settled == 2


def other_database() -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection to the database that every server has."""
    url = urlsplit(environment()["DATABASE_URL"])._replace(path="/postgres")
    return psycopg.connect(url.geturl(), autocommit=True)


def test_a_move_waits_for_a_publication_that_has_its_case(world: World, crew: Crew) -> None:
    case = world.case("in_progress")
    new_holiday(world)
    ends = crew.at_once(
        {"do": "publish", "now": NOW, "hold_at": "after_claim"},
        {"do": "submit", "cases": [case.pk], "now": NOW, "follows": True},
    )
    assert [(end.said, end.error) for end in ends] == [(2, ""), (1, "")]
    assert left_behind() == []
    told = CaseEvent.objects.filter(case=case).order_by("seq").values_list("type", flat=True)
    assert list(told)[-2:] == ["clock.recomputed", "case.submitted"]


def test_control_to_set_limits_before_publishing_leaves_those_behind_that_began_in_between(
    world: World, crew: Crew
) -> None:
    case = world.case("dispatched")
    new_holiday(world)
    naive, move = {"do": "naive_publish", "now": NOW}, {"do": "sign_in_between", "cases": [case.pk], "now": NOW}
    assert [end.error for end in crew.at_once(naive, move)] == ["", ""]
    assert left_behind() == [f"{case.pk} handle"]


def test_a_publication_that_is_killed_is_gone_on_with_by_the_next_sweep(world: World, crew: Crew) -> None:
    for _ in range(6):
        world.case("in_progress")
    new_holiday(world)
    order = {"do": "publish", "now": NOW, "chunk": 4}
    assert crew.at_once(order | {"die_at": "after_revision"})[0].code == KILLED
    assert (Calendar.objects.get().revision, left_behind()) == (1, [])  # not committed: nothing happened
    assert crew.at_once(order | {"die_at": "after_commit", "visit": 1})[0].code == KILLED
    assert (Calendar.objects.get().revision, len(left_behind())) == (2, 12)
    assert crew.at_once(order | {"die_at": "after_commit", "visit": 2})[0].code == KILLED
    assert 0 < len(left_behind()) < 12
    assert Calendar.objects.get().settled == 1
    crew.alone("settle", now=NOW)
    assert left_behind() == []
    assert Clock.objects.filter(kind="handle", due_at=HANDLED_BY + timedelta(days=1)).count() == 6
    crew.alone("sweep", now=[LATE])
    all_rang_once(LATE)


def test_a_publication_killed_after_each_of_its_statements_in_turn_says_each_move_once(
    world: World, crew: Crew
) -> None:
    for _ in range(3):
        world.case("in_progress")
    new_holiday(world)
    assert crew.killed_everywhere("publish", now=NOW) > 10
    assert left_behind() == []
    assert Calendar.objects.get().revision == Calendar.objects.get().settled == 2
    assert CaseEvent.objects.filter(type="clock.recomputed").count() == 3
    crew.alone("sweep", now=[LATE])
    all_rang_once(LATE)
