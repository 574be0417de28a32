"""Limits, pauses and extensions against a minute-stepping oracle."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.calendars import SHANGHAI, WorkCalendar
from workflows.reckoning import steps_to_due
from workflows.sla import Interval, Limit, moments, used, workdays_between

HOLIDAY = date(2026, 3, 5)
MAKE_UP = date(2026, 3, 8)  # a Sunday that is worked
CALENDAR = WorkCalendar(date(2026, 1, 1), date(2026, 12, 31), {HOLIDAY: False, MAKE_UP: True})
MINUTE = timedelta(minutes=1)
starts = st.integers(0, 40 * 24 * 60).map(lambda n: datetime(2026, 2, 20, tzinfo=SHANGHAI) + n * MINUTE)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def is_counted(moment: datetime) -> bool:
    day, hour = moment.date(), moment.hour * 60 + moment.minute
    worked = day == MAKE_UP or (day.weekday() < 5 and day != HOLIDAY)
    return worked and (510 <= hour < 720 or 840 <= hour < 1050)


def stepped(start: datetime, minutes: int, pauses: list[tuple[datetime, datetime]]) -> datetime:
    moment = start
    while minutes:
        paused = any(a <= moment < b for a, b in pauses)
        minutes -= is_counted(moment) and not paused
        moment += MINUTE
    return moment


@settings(max_examples=150, deadline=None)
@given(starts, st.integers(1, 20), st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 4000)), max_size=3))
def test_working_hours_with_pauses_agree_with_stepping_minute_by_minute(
    start: datetime, amount: int, gaps: list[tuple[int, int]]
) -> None:
    pauses, moment = [], start
    for wait, length in gaps:
        begin = moment + wait * MINUTE
        moment = begin + length * MINUTE
        pauses.append((begin, moment))
    got = moments(Limit(amount, "working_hours"), CALENDAR, start, [Interval(a, b) for a, b in pauses])
    assert got.due_at == stepped(start, amount * 60, pauses)
    assert start <= got.warn_at <= got.due_at


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (at(2, 9), 1, at(3, 17, 30)),
        (at(2, 23), 1, at(3, 17, 30)),
        (at(4, 9), 1, at(6, 17, 30)),  # a holiday lies between
        (at(6, 9), 1, at(8, 17, 30)),  # the make-up Sunday counts
        (at(7, 12), 2, at(9, 17, 30)),  # from a Saturday
    ],
)
def test_working_days_end_at_the_close_of_the_nth_working_day(start: datetime, days: int, due: datetime) -> None:
    assert moments(Limit(days, "working_days"), CALENDAR, start).due_at == due


def test_calendar_days_count_every_hour() -> None:
    got = moments(Limit(2, "days"), CALENDAR, at(4, 20))
    assert got.due_at == at(6, 20)
    assert got.warn_at == at(6, 8)


def test_a_pause_gives_back_exactly_what_was_left() -> None:
    limit = Limit(10, "working_days")
    plain = moments(limit, CALENDAR, at(2, 9)).due_at
    paused = moments(limit, CALENDAR, at(2, 9), [Interval(at(10, 9), at(11, 9))]).due_at
    assert CALENDAR.between(at(11, 9), paused) == CALENDAR.between(at(10, 9), plain)


def test_a_pause_over_a_night_changes_nothing() -> None:
    limit = Limit(6, "working_hours")
    assert moments(limit, CALENDAR, at(2, 15), [Interval(at(2, 18), at(3, 8))]) == moments(limit, CALENDAR, at(2, 15))


def test_an_extension_is_the_moment_agreed_and_later_pauses_count_on_it() -> None:
    limit, until = Limit(1, "working_days"), at(20, 17, 30)
    assert moments(limit, CALENDAR, at(2, 9), [Interval(at(3, 9), until=until)]).due_at == until
    after = [Interval(at(3, 9), until=until), Interval(at(9, 9), at(10, 9))]
    assert moments(limit, CALENDAR, at(2, 9), after).due_at == at(23, 17, 30)


def test_a_pause_never_brings_forward_a_moment_that_was_agreed_for_a_day_off() -> None:
    limit, saturday = Limit(1, "working_days"), at(14, 10)
    agreed = Interval(at(3, 9), until=saturday)
    at_night, at_work = Interval(at(9, 19), at(9, 20)), Interval(at(10, 9), at(10, 10))
    assert moments(limit, CALENDAR, at(2, 9), [agreed, at_night]).due_at == saturday
    assert moments(limit, CALENDAR, at(2, 9), [agreed, at_night, at_work]).due_at == at(16, 9, 30)
    steps = list(steps_to_due(limit, CALENDAR, at(2, 9), [agreed, at_night, at_work]))
    assert [(step.kind, step.due_at) for step in steps[1:]] == [
        ("extension", saturday),
        ("idle_pause", saturday),
        ("pause", at(16, 9, 30)),
    ]


def test_used_time_leaves_out_the_pauses() -> None:
    limit = Limit(8, "working_hours")
    assert used(limit, CALENDAR, at(2, 9), at(3, 9), [Interval(at(2, 10), at(2, 11))]) == timedelta(hours=6)


@settings(max_examples=200, deadline=None)
@given(starts, st.integers(0, 30 * 24 * 60))
def test_workdays_between_is_the_smallest_number_that_still_holds(start: datetime, minutes: int) -> None:
    end = start + minutes * MINUTE
    n = workdays_between(CALENDAR, start, end)
    if n:
        assert end <= CALENDAR.add_days(start, n)
    if n > 1:
        assert end > CALENDAR.add_days(start, n - 1)
    assert (n == 0) == (end.date() == start.date())
