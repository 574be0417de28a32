"""How long is left, in words with a shape: what stands first in every row and on every case page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows import sla
from workflows.calendars import WorkCalendar

OK, SOON, OVERDUE, PAUSED, DONE = "ok", "soon", "overdue", "paused", "done"


@dataclass(frozen=True)
class Light:
    """The kind names shape and colour, the words say it."""

    kind: str
    words: str


def light(now: datetime, *, due_at: datetime, warn_at: datetime, calendar: WorkCalendar, working: bool = True) -> Light:
    """The light of a running limit, counted in working time or, for limits of plain days, in all of it."""
    if due_at <= now:
        return Light(OVERDUE, _("超期 %(much)s") % {"much": span(due_at, now, calendar, working=working)})
    left = _("剩余 %(much)s") % {"much": span(now, due_at, calendar, working=working)}
    return Light(SOON if warn_at <= now else OK, left)


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
