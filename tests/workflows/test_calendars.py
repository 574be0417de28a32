"""Business time against a minute-stepping oracle and the mistakes that other systems make."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.calendars import OutsideCalendar, WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
# Spring festival 2026 with its make-up Saturdays, from the State Council's notice.
SPRING = {date(2026, 2, 15) + timedelta(days=n): False for n in range(9)} | {
    date(2026, 2, 14): True,
    date(2026, 2, 28): True,
}
CALENDAR = WorkCalendar(date(2026, 1, 1), date(2026, 12, 31), SPRING)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def works(moment: datetime) -> bool:
    day = CALENDAR.is_working_day(moment.date())
    return day and any(begin <= moment.time() < end for begin, end in CALENDAR.periods)


def test_make_up_saturday_counts_and_holiday_does_not():
    # Friday leaves 1.5 h, the make-up Saturday 7 h: 6.5 h into it.
    assert CALENDAR.add(at("2026-02-13T16:00"), timedelta(hours=8)) == at("2026-02-14T17:00")
    assert CALENDAR.add(at("2026-02-14T17:00"), timedelta(hours=1)) == at("2026-02-24T09:00")


@given(
    st.datetimes(datetime(2026, 2, 10), datetime(2026, 3, 5)).map(
        lambda t: t.replace(second=0, microsecond=0, tzinfo=ZONE)
    ),
    st.integers(1, 900),
)
def test_add_agrees_with_a_minute_stepping_oracle(start, minutes):
    moment, left = start, minutes
    while left:
        left -= works(moment)
        moment += timedelta(minutes=1)
    due = CALENDAR.add(start, timedelta(minutes=minutes))
    assert due == moment
    assert CALENDAR.between(start, due) == timedelta(minutes=minutes)


def test_working_days_end_at_the_close_of_the_last_day():
    assert CALENDAR.add_days(at("2026-02-13T16:00"), 2) == at("2026-02-24T17:30")


def test_the_weekday_is_the_local_one_not_that_of_utc():
    # 07:00 on Monday in Shanghai is still Sunday in UTC.
    assert CALENDAR.between(at("2026-03-02T07:00"), at("2026-03-02T09:00")) == timedelta(minutes=30)


@pytest.mark.parametrize("amount", [timedelta(days=4000), timedelta(hours=-1)])
def test_what_cannot_be_answered_is_refused(amount):
    with pytest.raises(ValueError, match=r"past|negative"):
        CALENDAR.add(at("2026-03-02T07:00"), amount)


def test_a_moment_without_a_zone_or_outside_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.between(datetime(2026, 1, 1), at("2026-01-02T00:00"))
    with pytest.raises(OutsideCalendar):
        CALENDAR.add_days(at("2026-12-31T00:00"), 1)
