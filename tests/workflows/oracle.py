"""A second opinion on business time: a strip with a square for each minute, filled where the office works.

It knows a list of days, the days of the week and the hours on the wall, and steps from square to square. A pause rubs
squares out; what was counted is put back behind it. Nothing of the code under test is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
ORIGIN, SQUARES = datetime(2026, 1, 30, tzinfo=UTC), 400 * 1440
ROW = 1440
PLAIN = b"\1" * SQUARES  # of calendar days and hours every minute counts
Span = tuple[datetime, datetime]


def square(moment: datetime) -> int:
    """The place of the minute that begins at a moment."""
    place = (moment.astimezone(UTC) - ORIGIN) // MINUTE
    assert 0 <= place < SQUARES, f"{moment} is not on the strip"
    return place


def moment_of(place: int) -> datetime:
    """When the minute at a place begins."""
    return (ORIGIN + place * MINUTE).astimezone(SHANGHAI)


@lru_cache
def _days(zone: ZoneInfo, hours: tuple[tuple[int, int], ...]) -> list[tuple[date, bytes]]:
    """Each day as the walls of a zone show it, minute by minute, as if all of them were worked."""
    walls = (moment.astimezone(zone) for moment in (ORIGIN + n * MINUTE for n in range(SQUARES)))
    squares = ((wall.date(), any(a <= wall.hour * 60 + wall.minute < b for a, b in hours)) for wall in walls)
    return [(day, bytes(worked for _, worked in group)) for day, group in groupby(squares, lambda one: one[0])]


@dataclass(frozen=True)
class Office:
    """When somebody works: minutes of the day, half-open; days of the week (Monday is 1); days that are different."""

    hours: tuple[tuple[int, int], ...] = ((510, 720), (840, 1050))
    week: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    days: Mapping[date, bool] = field(default_factory=dict)
    zone: ZoneInfo = SHANGHAI

    def works_on(self, day: date) -> bool:
        """Whether a day is worked."""
        return self.days.get(day, day.isoweekday() in self.week)

    @cached_property
    def worked(self) -> bytes:
        """The strip of working time."""
        return b"".join(s if self.works_on(day) else bytes(len(s)) for day, s in _days(self.zone, self.hours))

    def strip(self, unit: str) -> bytes:
        """The minutes that a limit of a unit counts."""
        return self.worked if unit in ("working_days", "working_hours") else PLAIN

    def close_of_day(self, start: datetime, days: int) -> datetime:
        """When the office closes on the n-th working day after that of a moment."""
        day = start.astimezone(self.zone).date()
        while days:
            day += timedelta(days=1)
            days -= self.works_on(day)
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return midnight + self.hours[-1][1] * MINUTE


def rubbed(strip: bytes, pauses: Sequence[Span]) -> bytearray:
    """A strip without the minutes of pauses."""
    left = bytearray(strip)
    for begin, end in pauses:
        first, last = square(begin), square(end)
        left[first:last] = bytes(last - first)
    return left


def step(strip: bytes | bytearray, place: int, minutes: int) -> int:
    """From a place, square by square, until so many filled ones lie behind; whole rows while more than one is left."""
    while minutes > ROW:
        minutes -= strip.count(1, place, place + ROW)
        place += ROW
    for _ in range(minutes):
        place = strip.index(1, place) + 1
    return place


@dataclass(frozen=True)
class Limit:
    """What somebody keeps of a limit: amount and start, what was waited for, and each date agreed with its moment."""

    amount: int
    unit: str
    start: datetime
    pauses: Sequence[Span] = ()  # in their order, those that have ended
    extensions: Sequence[Span] = ()  # (agreed at, until)
    warn_percent: int = 75

    def due(self, office: Office) -> datetime:
        """When all is counted; not before the moment that was named, nor in the middle of a pause."""
        strip, since = office.strip(self.unit), self.start
        named = office.close_of_day(since, self.amount) if self.unit == "working_days" else since
        minutes = self.amount * (1440 if self.unit == "days" else 60)
        if self.extensions:
            since, named = self.extensions[-1]
        if self.extensions or self.unit == "working_days":
            minutes = strip[square(since) : square(named)].count(1)
        pauses = [pause for pause in self.pauses if pause[0] >= since]
        due = moment_of(max(step(rubbed(strip, pauses), square(since), minutes), square(named)))
        for begin, end in pauses:
            due = end if begin < due < end else due
        return due

    def warn(self, office: Office) -> datetime:
        """When the share of the time that counts until then is over; to the part of a minute."""
        due, strip = self.due(office), rubbed(office.strip(self.unit), self.pauses)
        minutes, rest = divmod(strip[square(self.start) : square(due)].count(1) * self.warn_percent, 100)
        place = step(strip, square(self.start), minutes)
        if rest:
            return min(moment_of(strip.index(1, place)) + rest * MINUTE / 100, due)
        return min(moment_of(place), due)

    def reminder(self, office: Office, amount: int, unit: str) -> datetime:
        """When a step of the ladder is taken: its own time after the limit, without what was waited for since."""
        due = self.due(office)
        return Limit(amount, unit, due, [pause for pause in self.pauses if pause[0] >= due]).due(office)

    def used(self, office: Office, until: datetime) -> timedelta:
        """What was counted until a moment."""
        return rubbed(office.strip(self.unit), self.pauses)[square(self.start) : square(until)].count(1) * MINUTE
