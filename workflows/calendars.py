"""Pure business time: adding working time to a moment and measuring it, without Django.

Rule: periods of a day are half-open; a day is work, rest, holiday or make-up work. Working days follow the
local calendar of the zone, never the UTC weekday.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = time(0)  # as the end of a period: 24:00
DEFAULT_PERIODS = ((time(8, 30), time(12, 0)), (time(14, 0), time(17, 30)))
WEEKDAYS = frozenset({1, 2, 3, 4, 5})  # ISO: Monday is 1


class OutsideCalendar(ValueError):
    """The moment asked for lies outside the days that this calendar was built for."""


@dataclass(frozen=True)
class WorkCalendar:
    """Working time from `first` to `last` inclusive; `overrides` says of a date whether it is worked.

    `names` are the words of those dates, `final_years` the years whose notice is in: any other is provisional.
    """

    first: date
    last: date
    overrides: Mapping[date, bool] = field(default_factory=dict)
    periods: tuple[tuple[time, time], ...] = DEFAULT_PERIODS
    zone: ZoneInfo = SHANGHAI
    weekdays: frozenset[int] = WEEKDAYS
    names: Mapping[date, str] = field(default_factory=dict)
    final_years: frozenset[int] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """Whether the day is worked: the notice decides, else the day of the week."""
        return self.overrides.get(day, day.isoweekday() in self.weekdays)

    def name_of(self, day: date) -> str:
        """The words of the notice for a day, such as 国庆节; empty for any other."""
        return self.names.get(day, "")

    def is_provisional(self, day: date) -> bool:
        """Whether the notice of that day's year is not in yet. A moment is a day here, in the calendar's zone."""
        local = day.astimezone(self.zone) if isinstance(day, datetime) else day
        return local.year not in self.final_years

    def periods_of(self, day: date) -> list[tuple[datetime, datetime]]:
        """The working periods of a day, half-open; none on a day off."""
        if not self.is_working_day(day):
            return []
        return [(datetime.combine(day, begin, self.zone), self._end_of(day, end)) for begin, end in self.periods]

    def _end_of(self, day: date, end: time) -> datetime:
        return datetime.combine(day + timedelta(days=end == MIDNIGHT), end, self.zone)

    def close_of(self, day: date) -> datetime:
        """When the last period of a day ends."""
        return self._end_of(day, self.periods[-1][1])

    @cached_property
    def _spans(self) -> tuple[list[float], list[float], list[float]]:
        # Starts and ends as POSIX seconds, and the working seconds before each start (prefix sums).
        starts: list[float] = []
        ends: list[float] = []
        for ordinal in self._workdays:
            for begin, end in self.periods_of(date.fromordinal(ordinal)):
                starts.append(begin.timestamp())
                ends.append(end.timestamp())
        lengths = [end - start for start, end in zip(starts, ends, strict=True)]
        return starts, ends, [0.0, *accumulate(lengths)]

    @cached_property
    def _workdays(self) -> list[int]:
        days = range(self.first.toordinal(), self.last.toordinal() + 1)
        return [n for n in days if self.is_working_day(date.fromordinal(n))]

    @cached_property
    def _bounds(self) -> tuple[float, float]:
        first, last = (datetime.combine(day, time(0), self.zone) for day in (self.first, self.last))
        return first.timestamp(), (last + timedelta(days=1)).timestamp()

    def _check(self, moment: datetime) -> float:
        if moment.tzinfo is None:
            raise ValueError("the moment needs a time zone")
        stamp, (begin, end) = moment.timestamp(), self._bounds
        if not begin <= stamp < end:
            raise OutsideCalendar(f"{moment.isoformat()} is outside {self.first}..{self.last}")
        return stamp

    def _elapsed(self, stamp: float) -> float:
        starts, ends, before = self._spans
        at = bisect_right(starts, stamp) - 1
        return 0.0 if at < 0 else before[at] + min(stamp, ends[at]) - starts[at]

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time in [start, end); negative when the end comes first. O(log n)."""
        return timedelta(seconds=self._elapsed(self._check(end)) - self._elapsed(self._check(start)))

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The first moment at which `amount` (zero or more) of working time has passed since `start`. O(log n)."""
        if amount < timedelta(0):
            raise ValueError("the amount cannot be negative")
        stamp = self._check(start)
        if not amount:
            return start
        starts, ends, before = self._spans
        target = self._elapsed(stamp) + amount.total_seconds()
        at = bisect_left(before, target) - 1
        if at >= len(ends):
            raise OutsideCalendar(f"{amount} after {start.isoformat()} falls past {self.last}")
        return datetime.fromtimestamp(starts[at] + target - before[at], self.zone)

    def add_days(self, start: datetime, days: int) -> datetime:
        """The close of the n-th working day after the day of `start` (n at least 1)."""
        if days < 1:
            raise ValueError("the number of working days must be at least 1")
        self._check(start)
        day = start.astimezone(self.zone).date()
        at = bisect_right(self._workdays, day.toordinal()) + days - 1
        if at >= len(self._workdays):
            raise OutsideCalendar(f"the working day asked for falls past {self.last}")
        return self.close_of(date.fromordinal(self._workdays[at]))

    def workdays_in(self, after: date, until: date) -> int:
        """How many working days lie after one day, up to and with another. O(log n)."""
        return bisect_right(self._workdays, until.toordinal()) - bisect_right(self._workdays, after.toordinal())

    def windows(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The counted stretches of [start, end), one for each working period that it touches."""
        first, last = self._check(start), self._check(end)
        starts, ends, _before = self._spans
        found = []
        for at in range(max(bisect_right(starts, first) - 1, 0), bisect_left(starts, last)):
            begin, close = max(starts[at], first), min(ends[at], last)
            if begin < close:
                found.append((datetime.fromtimestamp(begin, self.zone), datetime.fromtimestamp(close, self.zone)))
        return found
