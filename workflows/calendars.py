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

SATURDAY = 5
SHANGHAI = ZoneInfo("Asia/Shanghai")
DEFAULT_PERIODS = ((time(8, 30), time(12, 0)), (time(14, 0), time(17, 30)))


class OutsideCalendar(ValueError):
    """The moment asked for lies outside the days that this calendar was built for."""


@dataclass(frozen=True)
class WorkCalendar:
    """Working time from `first` to `last` inclusive; `overrides` says of a date whether it is worked."""

    first: date
    last: date
    overrides: Mapping[date, bool] = field(default_factory=dict)
    periods: tuple[tuple[time, time], ...] = DEFAULT_PERIODS
    zone: ZoneInfo = SHANGHAI

    def is_working_day(self, day: date) -> bool:
        """Whether the day is worked: the notice decides, else Monday to Friday."""
        return self.overrides.get(day, day.weekday() < SATURDAY)

    @cached_property
    def _spans(self) -> tuple[list[float], list[float], list[float]]:
        # Starts and ends as POSIX seconds, and the working seconds before each start (prefix sums).
        starts: list[float] = []
        ends: list[float] = []
        for n in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=n)
            if self.is_working_day(day):
                for begin, end in self.periods:
                    starts.append(datetime.combine(day, begin, self.zone).timestamp())
                    ends.append(datetime.combine(day, end, self.zone).timestamp())
        lengths = [end - start for start, end in zip(starts, ends, strict=True)]
        return starts, ends, [0.0, *accumulate(lengths)]

    def _check(self, moment: datetime) -> float:
        if moment.tzinfo is None:
            raise ValueError("the moment needs a time zone")
        if not self.first <= moment.astimezone(self.zone).date() <= self.last:
            raise OutsideCalendar(f"{moment.isoformat()} is outside {self.first}..{self.last}")
        return moment.timestamp()

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
        while days:
            day += timedelta(days=1)
            if day > self.last:
                raise OutsideCalendar(f"the working day asked for falls past {self.last}")
            days -= self.is_working_day(day)
        return datetime.combine(day, self.periods[-1][1], self.zone)
