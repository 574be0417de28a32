"""What was counted, against a minute-stepping oracle; and calendars of night shifts that reach over midnight."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.calendars import MIDNIGHT, WorkCalendar
from workflows.counting import explain_days, explain_hours, explain_span, provisional_years
from workflows.sla import workdays_between

ZONE = ZoneInfo("Asia/Shanghai")
FREE = {date(2026, 10, 1) + timedelta(days=n): "国庆节" for n in range(7)}
CALENDAR = WorkCalendar(
    date(2026, 1, 1),
    date(2028, 12, 31),
    overrides=dict.fromkeys(FREE, False) | {date(2026, 10, 10): True, date(2026, 11, 3): False},
    names=FREE | {date(2026, 10, 10): "调休补班"},
    final_years=frozenset({2026}),
)
# 22:00 to 06:00 on every day of the week, but for two nights of rest.
NIGHT = WorkCalendar(
    date(2026, 1, 1),
    date(2026, 12, 31),
    overrides={date(2026, 3, 4): False, date(2026, 3, 8): False},
    periods=((time(0), time(6)), (time(22), MIDNIGHT)),
    weekdays=frozenset(range(1, 8)),
)
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def works(calendar: WorkCalendar, moment: datetime) -> bool:
    """Whether a minute is worked, from the words of the calendar alone."""
    day = calendar.overrides.get(moment.date(), moment.isoweekday() in calendar.weekdays)
    return day and any(
        begin <= moment.time() and (end == MIDNIGHT or moment.time() < end) for begin, end in calendar.periods
    )


def stepped(calendar: WorkCalendar, start: datetime, minutes: int) -> datetime:
    """Minute by minute until so many were worked."""
    moment, left = start, minutes
    while left:
        left -= works(calendar, moment)
        moment += MINUTE
    return moment


starts = st.datetimes(datetime(2026, 9, 24), datetime(2026, 10, 14)).map(
    lambda t: t.replace(second=0, microsecond=0, tzinfo=ZONE)
)
nights = st.datetimes(datetime(2026, 3, 3), datetime(2026, 3, 9)).map(
    lambda t: t.replace(second=0, microsecond=0, tzinfo=ZONE)
)


@given(starts, st.integers(1, 2000))
def test_the_stretches_are_exactly_the_worked_minutes_up_to_the_limit(start: datetime, minutes: int) -> None:
    found = explain_hours(CALENDAR, start, minutes * MINUTE)
    assert found[-1].end == stepped(CALENDAR, start, minutes)
    assert sum(one.seconds for one in found) == found[-1].total == minutes * 60
    inside = [one.begin + n * MINUTE for one in found for n in range(one.seconds // 60)]
    assert inside == sorted(set(inside))
    assert inside[0] >= start
    assert all(works(CALENDAR, moment) for moment in inside)


def test_the_running_total_goes_on_from_what_was_counted_before() -> None:
    found = explain_span(CALENDAR, at("2026-09-30T16:00"), at("2026-10-08T09:00"), before=3600)
    assert [(one.seconds, one.total) for one in found] == [(5400, 9000), (1800, 10800)]


def test_each_day_is_numbered_or_skipped_with_its_reason() -> None:
    found = explain_days(CALENDAR, at("2026-09-30T10:00"), 3)
    assert [(day.date.day, day.n, day.why) for day in found] == [
        *((n, None, "国庆节") for n in range(1, 8)),
        (8, 1, ""),
        (9, 2, ""),
        (10, 3, "调休补班"),
    ]
    assert CALENDAR.add_days(at("2026-09-30T10:00"), 3) == at("2026-10-10T17:30")


def test_a_weekend_is_named_by_its_day_and_a_nameless_day_off_as_rest() -> None:
    found = explain_days(CALENDAR, at("2026-10-30T10:00"), 2)
    assert [(day.date.isoformat(), day.n, day.why) for day in found] == [
        ("2026-10-31", None, "周六"),
        ("2026-11-01", None, "周日"),
        ("2026-11-02", 1, ""),
        ("2026-11-03", None, "休息日"),
        ("2026-11-04", 2, ""),
    ]


@given(starts, st.integers(1, 20))
def test_the_days_end_where_the_limit_is(start: datetime, n: int) -> None:
    found = explain_days(CALENDAR, start, n)
    assert [day.n for day in found if day.n] == list(range(1, n + 1))
    assert found[0].date == start.date() + timedelta(days=1)
    assert CALENDAR.close_of(found[-1].date) == CALENDAR.add_days(start, n)
    assert all(works(CALENDAR, datetime.combine(day.date, time(9), ZONE)) is (day.n is not None) for day in found)


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2026-03-02T09:00", "2026-12-31T17:30", []),
        ("2026-12-31T16:00", "2027-01-04T09:00", [2027]),
        ("2026-12-31T16:00", "2028-01-04T09:00", [2027, 2028]),
    ],
)
def test_the_years_without_a_notice_are_named(start: str, end: str, years: list[int]) -> None:
    assert provisional_years(CALENDAR, at(start), at(end)) == years


def test_the_year_is_that_of_the_calendar_not_of_utc() -> None:
    new_year = at("2027-01-01T01:00").astimezone(ZoneInfo("UTC"))
    assert provisional_years(CALENDAR, new_year, new_year) == [2027]
    assert CALENDAR.is_provisional(new_year)


@given(nights, st.integers(1, 1500))
def test_a_night_shift_agrees_with_stepping_minute_by_minute(start: datetime, minutes: int) -> None:
    due = NIGHT.add(start, minutes * MINUTE)
    assert due == stepped(NIGHT, start, minutes)
    assert NIGHT.between(start, due) == minutes * MINUTE
    assert sum(one.seconds for one in explain_hours(NIGHT, start, minutes * MINUTE)) == minutes * 60


@given(nights, nights)
def test_time_between_two_moments_of_a_night_shift_is_what_is_worked_between(one: datetime, other: datetime) -> None:
    first, last = min(one, other), max(one, other)
    minutes = int((last - first) / MINUTE)
    assert NIGHT.between(first, last) / MINUTE == sum(works(NIGHT, first + n * MINUTE) for n in range(minutes))


def test_a_night_goes_on_over_midnight_and_a_night_of_rest_is_skipped() -> None:
    assert NIGHT.add(at("2026-03-02T23:00"), timedelta(hours=3)) == at("2026-03-03T02:00")
    # The 4th is free: what is left of the night of the 3rd ends at midnight, and goes on in the first hours of the 5th.
    assert NIGHT.add(at("2026-03-03T23:00"), timedelta(hours=2)) == at("2026-03-05T01:00")


def test_a_working_day_of_a_night_shift_ends_at_midnight() -> None:
    assert NIGHT.add_days(at("2026-03-02T23:30"), 1) == at("2026-03-04T00:00")
    found = explain_days(NIGHT, at("2026-03-02T23:30"), 2)
    assert [(day.date.day, day.n, day.why) for day in found] == [(3, 1, ""), (4, None, "休息日"), (5, 2, "")]


@given(nights, st.integers(1, 8))
def test_within_n_days_of_a_night_shift_holds_up_to_the_close_and_no_longer(start: datetime, n: int) -> None:
    due = NIGHT.add_days(start, n)
    assert workdays_between(NIGHT, start, due - MINUTE) == n
    assert workdays_between(NIGHT, start, due + MINUTE) == n + 1
