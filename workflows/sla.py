"""Pure arithmetic of limits: policy and facts in, due and warning moments out; imports no Django.

Dates are computed from the intervals each time, never shifted in place and never counted down. A pause gives back
exactly the counted time that was left when it began; an extension names the new moment itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.terms import ClockKind, State
from workflows.calendars import WorkCalendar

WORKING_UNITS = ("working_days", "working_hours")
STAGE_CLOCK = {
    State.REPORTED: ClockKind.ACCEPT,
    State.INFO_REQUESTED: ClockKind.INFO,
    State.ACCEPTED: ClockKind.DISPATCH,
    State.DISPATCHED: ClockKind.SIGN,
    State.IN_PROGRESS: ClockKind.HANDLE,
    State.DELIBERATING: ClockKind.DELIBERATE,
    State.ON_HOLD: ClockKind.HOLD_REVIEW,
    State.SUBMITTED: ClockKind.VERIFY,
    State.ANSWERED: ClockKind.SURVEY,
    State.REOPEN_REQUESTED: ClockKind.REOPEN_DECISION,
}
PAUSING = frozenset({State.INFO_REQUESTED, State.DELIBERATING, State.ON_HOLD})  # the clock of the stage left waits


@dataclass(frozen=True)
class Limit:
    """An amount of time: `unit` is working_days, working_hours, days or hours; warn after `warn_percent` of it."""

    amount: int
    unit: str
    warn_percent: int = 75


@dataclass(frozen=True)
class Step:
    """A reminder after the limit: to `role`, once `amount` of `unit` has passed since."""

    role: str
    amount: int
    unit: str


@dataclass(frozen=True)
class Interval:
    """A pause from `began_at` to `ended_at` (None while it lasts), or with `until` an extension to that moment."""

    began_at: datetime
    ended_at: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Moments:
    """When to warn and when the limit is reached."""

    warn_at: datetime
    due_at: datetime


def counted(limit: Limit, calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    """Time in [start, end) that the limit counts: working time, or all of it for calendar days and hours."""
    return calendar.between(start, end) if limit.unit in WORKING_UNITS else end - start


def _advance(limit: Limit, calendar: WorkCalendar, start: datetime, amount: timedelta) -> datetime:
    if limit.unit in WORKING_UNITS:
        return calendar.add(start, max(amount, timedelta(0)))
    return start + amount


def due_without_intervals(limit: Limit, calendar: WorkCalendar, start: datetime) -> datetime:
    """n working days end at the close of the n-th working day after the day of `start`; the others run from it."""
    if limit.unit == "working_days":
        return calendar.add_days(start, limit.amount)
    unit = timedelta(days=1) if limit.unit == "days" else timedelta(hours=1)
    return _advance(limit, calendar, start, limit.amount * unit)


def moments(limit: Limit, calendar: WorkCalendar, start: datetime, intervals: Sequence[Interval] = ()) -> Moments:
    """The warning and due moments after every interval, in the order in which they began.

    A pause that lasts has no say yet: what was left when it began will follow its end.
    """
    intervals = [interval for interval in intervals if interval.until or interval.ended_at]
    due = _shifted(limit, calendar, due_without_intervals(limit, calendar, start), intervals)
    warn = _advance(limit, calendar, start, used(limit, calendar, start, due, intervals) * limit.warn_percent / 100)
    return Moments(min(_shifted(limit, calendar, warn, _pauses(intervals)), due), due)


def _pauses(intervals: Sequence[Interval]) -> list[Interval]:
    return [interval for interval in intervals if interval.until is None]


def _shifted(limit: Limit, calendar: WorkCalendar, moment: datetime, intervals: Sequence[Interval]) -> datetime:
    """A moment after the intervals: what was left of the counted time when a pause began follows its end.

    A pause never brings a moment forward: the one that was agreed may lie outside the working time.
    """
    for interval in intervals:
        if interval.until is not None:
            moment = interval.until
        elif interval.ended_at is not None and interval.began_at < moment:
            left = counted(limit, calendar, interval.began_at, moment)
            moment = max(_advance(limit, calendar, interval.ended_at, left), moment)
    return moment


def step_at(step: Step, calendar: WorkCalendar, due_at: datetime, intervals: Sequence[Interval] = ()) -> datetime:
    """When a step of the ladder is taken: its own time after the limit, without the pauses that began after that."""
    own = Limit(step.amount, step.unit)
    later = [interval for interval in _pauses(intervals) if interval.began_at >= due_at]
    return _shifted(own, calendar, due_without_intervals(own, calendar, due_at), later)


def used(
    limit: Limit, calendar: WorkCalendar, start: datetime, end: datetime, intervals: Sequence[Interval] = ()
) -> timedelta:
    """Counted time from `start` to `end`, without the pauses."""
    total = counted(limit, calendar, start, end)
    for interval in intervals:
        if interval.until is None and interval.began_at < end:
            total -= counted(limit, calendar, interval.began_at, min(interval.ended_at or end, end))
    return max(total, timedelta(0))


def workdays_between(calendar: WorkCalendar, start: datetime, end: datetime) -> int:
    """The smallest n for which "within n working days" holds; 0 on the day itself."""
    first, last = start.astimezone(calendar.zone), end.astimezone(calendar.zone)
    if last.date() <= first.date():
        return 0
    days = calendar.workdays_in(first.date(), last.date())
    # A moment on a day of rest, or after the close, lies past the limit that ended with the last working day.
    late = not calendar.is_working_day(last.date()) or last > calendar.close_of(last.date())
    return days + late
