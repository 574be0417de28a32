"""How long is left, in words with a shape: what stands first in every row and on every case page."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows import limits, sla
from workflows.calendars import WorkCalendar
from workflows.models import Clock

OK, SOON, OVERDUE, PAUSED, DONE = "ok", "soon", "overdue", "paused", "done"


@dataclass(frozen=True)
class Light:
    """The kind names shape and colour, the words say it; `provisional` is the year without a notice it falls in."""

    kind: str
    words: str
    provisional: int = 0


def light(now: datetime, *, due_at: datetime, warn_at: datetime, calendar: WorkCalendar, working: bool = True) -> Light:
    """The light of a running limit, counted in working time or, for limits of plain days, in all of it."""
    if due_at <= now:
        return Light(OVERDUE, _("超期 %(much)s") % {"much": span(due_at, now, calendar, working=working)})
    left = _("剩余 %(much)s") % {"much": span(now, due_at, calendar, working=working)}
    return Light(SOON if warn_at <= now else OK, left)


def provisional_year(clock: Clock) -> int:
    """The year that a limit falls in when its notice of holidays is not in yet, else 0; plain days need no notice.

    The calendar is asked as it is now: a notice that moved nothing leaves the clock with the revision before it.
    The clock is read with its policy and its calendar.
    """
    if clock.stopped_at is not None or clock.policy.unit not in sla.WORKING_UNITS:
        return 0  # met or missed is a fact
    calendar = limits.work_calendar(clock.calendar)
    return clock.due_at.astimezone(calendar.zone).year if calendar.is_provisional(clock.due_at) else 0


def clock_light(clock: Clock, now: datetime) -> Light:
    """The light of a running clock, counted in its own unit by its own calendar."""
    working = clock.policy.unit in sla.WORKING_UNITS
    calendar = limits.calendar_of(clock)
    shown = light(now, due_at=clock.due_at, warn_at=clock.warn_at, calendar=calendar, working=working)
    return replace(shown, provisional=provisional_year(clock))


def done(at: datetime | None) -> Light:
    """Nothing is owed any more."""
    if at is None:
        return Light(DONE, _("已办结"))
    return Light(DONE, _("已办结 %(day)s") % {"day": timezone.localtime(at).strftime("%Y-%m-%d")})


def span(start: datetime, end: datetime, calendar: WorkCalendar, *, working: bool = True) -> str:
    """A stretch of time in the words of an office: working days, else hours, else minutes."""
    if not working:
        return hours(end - start, day=timedelta(days=1))
    if days := sla.workdays_between(calendar, start, end):
        return ngettext("%(n)s 个工作日", "%(n)s 个工作日", days) % {"n": days}
    return hours(calendar.between(start, end) or end - start)  # in the evening no working time passes


def hours(amount: timedelta, *, day: timedelta | None = None) -> str:
    """An amount of time in days when a length of day is given, else in hours or minutes; never "0"."""
    if day and amount >= day:
        days = amount // day
        return ngettext("%(n)s 天", "%(n)s 天", days) % {"n": days}
    whole = int(amount.total_seconds() // 3600)
    if whole:
        return ngettext("%(n)s 小时", "%(n)s 小时", whole) % {"n": whole}
    minutes = max(int(amount.total_seconds() // 60), 1)
    return ngettext("%(n)s 分钟", "%(n)s 分钟", minutes) % {"n": minutes}
