"""How a moment was counted, line by line, so that it can be checked with a pencil and a calendar; imports no Django.

It walks day by day and does not use the arithmetic of `calendars.add`: what both agree on was computed in two ways.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from workflows.calendars import OutsideCalendar, WorkCalendar
from workflows.sla import WORKING_UNITS, Interval, Limit

COUNTED, START, REST, HOLIDAY, CLOSED, PAUSED = "", "start", "rest", "holiday", "closed", "paused"
COUNT, SET, EXTENSION = "count", "set", "extension"
PAUSE, OPEN_PAUSE, LATE_PAUSE, IDLE_PAUSE = "pause", "open_pause", "late_pause", "idle_pause"
ZERO, DAY = timedelta(0), timedelta(days=1)
Stretch = tuple[datetime, datetime]


@dataclass(frozen=True)
class Line:
    """Days in a row that count alike: what counts on each of them, or why nothing does.

    `number` is that of the last day where days are counted; `total` the whole seconds counted up to the end of it.
    """

    first: date
    last: date
    stretches: tuple[Stretch, ...] = ()
    why: str = COUNTED
    name: str = ""
    days: int = 1
    number: int = 0
    seconds: int = 0
    total: int = 0
    is_whole: bool = False


@dataclass(frozen=True)
class Reckoned:
    """One step on the way to the due moment; `interval` is the place of its pause or extension among the intervals."""

    kind: str
    due_at: datetime
    interval: int | None = None
    left: timedelta = ZERO
    left_lines: tuple[Line, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Walk:
    """Counted lines from one moment to another."""

    end: datetime
    amount: timedelta
    lines: tuple[Line, ...]


def counting(limit: Limit, calendar: WorkCalendar) -> WorkCalendar | None:
    """The calendar that a limit counts by; None where all time counts."""
    return calendar if limit.unit in WORKING_UNITS else None


def between(calendar: WorkCalendar | None, start: datetime, end: datetime, before: timedelta = ZERO) -> Walk:
    """What counts from `start` to `end`; `before` is what was counted already."""
    if calendar is None:
        amount = max(end - start, ZERO)
        return Walk(end, amount, _all_of_it(start, end, before))
    days = [(day, _clipped(stretches, end)) for day, stretches in _days(calendar, start, end)]
    amount = sum((b - a for _day, stretches in days for a, b in stretches), ZERO)
    return Walk(end, amount, _lines(calendar, days, before))


def advance(calendar: WorkCalendar | None, start: datetime, amount: timedelta, before: timedelta = ZERO) -> Walk:
    """From `start` until `amount` is counted."""
    if calendar is None:
        return Walk(start + amount, amount, _all_of_it(start, start + amount, before))
    days: list[tuple[date, tuple[Stretch, ...]]] = []
    left, end = amount, start
    for day, stretches in _days(calendar, start) if amount > ZERO else ():
        taken = []
        for a, b in stretches:
            if left > ZERO:
                end = min(b, a + left)
                left -= end - a
                taken.append((a, end))
        days.append((day, tuple(taken)))
        if left <= ZERO:
            return Walk(end, amount, _lines(calendar, days, before))
    if amount > ZERO:
        raise OutsideCalendar(f"{amount} after {start.isoformat()} falls past {calendar.last}")
    return Walk(start, ZERO, ())


def number_days(calendar: WorkCalendar, start: datetime, days: int) -> Walk:
    """The close of the n-th working day after the day of `start`, each working day with its number."""
    day = start.astimezone(calendar.zone).date()
    lines = [Line(day, day, why=START)]
    number = 0
    while number < days:
        day += DAY
        if day > calendar.last:
            raise OutsideCalendar(f"the working day asked for falls past {calendar.last}")
        if calendar.is_working_day(day):
            number += 1
            line = Line(day, day, name=calendar.name_of(day), number=number, is_whole=True)
        else:
            line = _off(calendar, day)
        lines[-1:] = _joined(lines[-1], line)
    return Walk(calendar.close_of(day), ZERO, tuple(lines))


def steps_to_due(
    limit: Limit, calendar: WorkCalendar, start: datetime, intervals: Sequence[Interval]
) -> Iterator[Reckoned]:
    """Each step on the way to the due moment, in the order in which the intervals began."""
    by = counting(limit, calendar)
    rest = list(enumerate(intervals))
    if rest and rest[0][1].until is not None and rest[0][1].began_at == start:
        due = rest.pop(0)[1].until or start
        yield Reckoned(SET, due, 0)
    else:
        base = _base(limit, calendar, start)
        due = base.end
        yield Reckoned(COUNT, due, lines=base.lines)
    for place, interval in rest:
        if interval.until is not None:
            due = interval.until
            yield Reckoned(EXTENSION, due, place)
        elif interval.began_at >= due:
            yield Reckoned(LATE_PAUSE, due, place)
        else:
            left = between(by, interval.began_at, due)
            if interval.ended_at is None:
                yield Reckoned(OPEN_PAUSE, due, place, left.amount, left.lines)
                continue
            after = advance(by, interval.ended_at, left.amount)
            kind = IDLE_PAUSE if after.end < due else PAUSE
            due = max(after.end, due)
            yield Reckoned(kind, due, place, left.amount, left.lines, after.lines)


def _base(limit: Limit, calendar: WorkCalendar, start: datetime) -> Walk:
    if limit.unit == "working_days":
        return number_days(calendar, start, limit.amount)
    unit = DAY if limit.unit == "days" else timedelta(hours=1)
    return advance(counting(limit, calendar), start, limit.amount * unit)


def spent(
    calendar: WorkCalendar | None,
    start: datetime,
    end: datetime,
    intervals: Sequence[Interval],
    most: timedelta | None = None,
) -> Walk:
    """What counts from `start` to `end` without the pauses; with `most`, until so much of it is counted."""
    total, cursor = ZERO, start
    lines: list[Line] = []
    for begin, close in [*_pauses(intervals, end), (end, end)]:
        if begin > cursor:
            part = between(calendar, cursor, begin, total)
            if most is not None and total + part.amount >= most:
                part = advance(calendar, cursor, most - total, total)
                return Walk(part.end, most, (*lines, *part.lines))
            total += part.amount
            lines += part.lines
        if close > begin:
            lines.append(Line(begin.date(), close.date(), ((begin, close),), PAUSED, total=_seconds(total)))
        cursor = max(cursor, close)
    return Walk(end, total, tuple(lines))


def _pauses(intervals: Sequence[Interval], end: datetime) -> list[Stretch]:
    pauses = [i for i in intervals if i.until is None and i.began_at < end]
    return [(i.began_at, min(i.ended_at or end, end)) for i in pauses]


def _days(
    calendar: WorkCalendar, start: datetime, end: datetime | None = None
) -> Iterator[tuple[date, tuple[Stretch, ...]]]:
    """Each day from that of `start`, with its working periods that lie after it."""
    day = start.astimezone(calendar.zone).date()
    while day <= calendar.last and (end is None or datetime.combine(day, time(0), calendar.zone) < end):
        # In UTC: Python subtracts two moments of the same zone by the clocks on its walls, summer time or not.
        periods = [(a.astimezone(UTC), b.astimezone(UTC)) for a, b in calendar.periods_of(day)]
        yield day, tuple((max(a, start), b) for a, b in periods if b > start)
        day += DAY


def _clipped(stretches: tuple[Stretch, ...], end: datetime) -> tuple[Stretch, ...]:
    return tuple((a, min(b, end)) for a, b in stretches if a < end)


def _lines(
    calendar: WorkCalendar, days: Sequence[tuple[date, tuple[Stretch, ...]]], before: timedelta
) -> tuple[Line, ...]:
    lines: list[Line] = []
    total = before
    for day, stretches in days:
        if stretches:
            was = total
            total += sum((b - a for a, b in stretches), ZERO)
            whole = list(stretches) == calendar.periods_of(day)
            name, counted = calendar.name_of(day), _seconds(total) - _seconds(was)
            line = Line(day, day, stretches, name=name, seconds=counted, total=_seconds(total), is_whole=whole)
        elif calendar.is_working_day(day):
            line = Line(day, day, why=CLOSED, total=_seconds(total))
        else:
            line = replace(_off(calendar, day), total=_seconds(total))
        lines[-1:] = _joined(lines[-1], line) if lines else [line]
    return tuple(lines)


def _off(calendar: WorkCalendar, day: date) -> Line:
    name = calendar.name_of(day)
    return Line(day, day, why=HOLIDAY if name else REST, name=name)


def _joined(last: Line, line: Line) -> list[Line]:
    """The two as one where they are alike: whole working days, or days off for the same reason."""
    alike = (last.why, last.name, last.is_whole) == (line.why, line.name, line.is_whole)
    if not alike or not (line.is_whole or line.why in (REST, HOLIDAY)):
        return [last, line]
    both = replace(
        last,
        last=line.last,
        days=last.days + 1,
        number=line.number,
        seconds=last.seconds + line.seconds,
        total=line.total,
    )
    return [both]


def _all_of_it(start: datetime, end: datetime, before: timedelta) -> tuple[Line, ...]:
    if end <= start:
        return ()
    total = _seconds(before + (end - start))
    line = Line(start.date(), end.date(), ((start, end),), seconds=total - _seconds(before), total=total)
    return (line,)


def _seconds(amount: timedelta) -> int:
    return int(amount.total_seconds())
