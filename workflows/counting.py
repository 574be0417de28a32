"""Pure explanation of working time: which stretches and days were counted, which were skipped and why; no Django."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from workflows.calendars import WorkCalendar

DAY_NAMES = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
REST = "休息日"  # a day off that the notice gives no name


@dataclass(frozen=True)
class Counted:
    """One stretch of working time: its length, and the sum with all before it."""

    begin: datetime
    end: datetime
    seconds: int
    total: int


@dataclass(frozen=True)
class Day:
    """A day that is the n-th counted one, or with `n` None was skipped; `why` says what is special about it."""

    date: date
    n: int | None
    why: str


def explain_span(calendar: WorkCalendar, start: datetime, end: datetime, *, before: int = 0) -> list[Counted]:
    """The working time in [start, end) stretch by stretch; `before` is what was counted earlier, in seconds."""
    counted, total = [], before
    for begin, close in calendar.windows(start, end):
        seconds = round((close - begin).total_seconds())
        total += seconds
        counted.append(Counted(begin, close, seconds, total))
    return counted


def explain_hours(calendar: WorkCalendar, start: datetime, amount: timedelta) -> list[Counted]:
    """The stretches that make up `amount` of working time from `start`; the last one ends at the limit."""
    return explain_span(calendar, start, calendar.add(start, amount))


def explain_days(calendar: WorkCalendar, start: datetime, n: int) -> list[Day]:
    """Each day after the day of `start` up to the n-th working day, at whose close the limit is."""
    last = calendar.add_days(start, n).astimezone(calendar.zone)
    after = start.astimezone(calendar.zone).date()
    # A last period until 24:00 ends on the next day, which is not the day that was counted.
    return list(days_after(calendar, after, (last - timedelta(microseconds=1)).date()))


def days_after(calendar: WorkCalendar, after: date, until: date) -> Iterator[Day]:
    """The days after one day up to and with another, the working ones numbered."""
    n = 0
    for ordinal in range(after.toordinal() + 1, until.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if calendar.is_working_day(day):
            n += 1
            yield Day(day, n, calendar.name_of(day))
        else:
            yield Day(day, None, why_off(calendar, day))


def why_off(calendar: WorkCalendar, day: date) -> str:
    """Why a day is not worked: the holiday's name, else the day of the week."""
    is_usual = day.isoweekday() not in calendar.weekdays
    return calendar.name_of(day) or (DAY_NAMES[day.weekday()] if is_usual else REST)


def provisional_years(calendar: WorkCalendar, start: datetime, end: datetime) -> list[int]:
    """The years from `start` to `end` whose notice is not in yet."""
    first, last = (moment.astimezone(calendar.zone).year for moment in (start, end))
    return [year for year in range(first, last + 1) if year not in calendar.final_years]
