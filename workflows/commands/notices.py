"""Take a notice of holidays over into a calendar: its years are settled, and running limits are set by them."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cases.models import User
from workflows.commands.calendar import Published, foresee, is_new, publish_calendar, snapshot
from workflows.models import Calendar, CalendarDay, CalendarRevision, CalendarYear
from workflows.notices import DECEMBER, Notice, SpecialDay
from workflows.permissions import may_set_limits


class ChangedMeanwhile(ValidationError):
    """The calendar was published anew since the notice was compared with it."""


@dataclass(frozen=True)
class Changes:
    """How a notice differs from the special days of a calendar.

    `turned` are the days that are worked or free because of it and were not before, `confirmed` the years that were
    provisional.
    """

    added: list[SpecialDay]
    removed: list[SpecialDay]
    changed: list[tuple[SpecialDay, SpecialDay]]  # as it was, as it is
    turned: list[date]
    confirmed: list[int]


@dataclass(frozen=True)
class Taken:
    """What a notice changes in the calendar, and what that does to running limits."""

    changes: Changes
    published: Published
    is_new: bool


def foresee_notice(notice: Notice, *, calendar: Calendar, now: datetime) -> Taken:
    """What `take_notice` would do; nothing is written."""
    changes = _changes(notice, calendar)
    fresh = snapshot(calendar, source="", now=now)
    _apply(changes, fresh)
    fresh.final_years = sorted({*fresh.final_years, *notice.years})
    if not is_new(fresh):
        return Taken(changes, Published(calendar.revision), is_new=False)
    return Taken(changes, foresee(fresh, now=now), is_new=True)


def take_notice(
    notice: Notice,
    *,
    calendar: Calendar,
    source: str,
    now: datetime,
    actor: User | None = None,
    expected: int | None = None,
) -> Taken:
    """Put the days of a notice in the place of those of its years, settle these years, and publish once.

    The same notice twice changes nothing. No actor is the command line; `expected` is the revision that somebody saw.
    """
    if actor is not None and not may_set_limits(actor):
        raise PermissionDenied("take_notice")
    if notice.errors:
        raise ValidationError(_("通知有 %(n)s 处错误，没有导入。") % {"n": len(notice.errors)})
    with transaction.atomic():
        locked = Calendar.objects.select_for_update().get(pk=calendar.pk)
        if expected is not None and locked.revision != expected:
            raise ChangedMeanwhile(_("日历刚刚有了新的版次，请重新核对下面的变动。"))
        changes = _changes(notice, locked)
        _write(changes, notice, locked)
    before = locked.revision
    published = publish_calendar(locked, source=source, now=now)
    return Taken(changes, published, is_new=published.revision != before)


def _changes(notice: Notice, calendar: Calendar) -> Changes:
    stored = {row.date: SpecialDay(row.date, row.is_working, row.name) for row in calendar.days.all()}
    wanted = {day.date: day for day in notice.days}
    final = set(calendar.years.filter(provisional=False).values_list("year", flat=True))
    removed = [
        day
        for day in stored.values()
        if day.date.year in notice.years and day.date not in wanted and not _is_of_next(day.date, notice, final)
    ]
    changed = [(stored[day], new) for day, new in wanted.items() if day in stored and stored[day] != new]
    added = [new for day, new in wanted.items() if day not in stored]
    turned = [new.date for was, new in changed if was.is_working != new.is_working]
    turned += [day.date for day in (*added, *removed) if day.is_working != _is_usual(day.date, calendar)]
    return Changes(added, removed, changed, sorted(turned), sorted(set(notice.years) - final))


def _is_of_next(day: date, notice: Notice, final: set[int]) -> bool:
    """A day of December may come from the notice of the year after, which this one does not replace."""
    return day.month == DECEMBER and day.year + 1 in final and day.year + 1 not in notice.years


def _is_usual(day: date, calendar: Calendar) -> bool:
    return day.isoweekday() in calendar.weekdays


def _apply(changes: Changes, fresh: CalendarRevision) -> None:
    for day in changes.removed:
        del fresh.days[day.date.isoformat()]
    for day in (*changes.added, *(new for _was, new in changes.changed)):
        fresh.days[day.date.isoformat()] = [day.is_working, day.name]


def _write(changes: Changes, notice: Notice, calendar: Calendar) -> None:
    calendar.days.filter(date__in=[day.date for day in changes.removed]).delete()
    rows = [
        CalendarDay(calendar=calendar, date=day.date, is_working=day.is_working, name=day.name)
        for day in (*changes.added, *(new for _was, new in changes.changed))
    ]
    CalendarDay.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["calendar", "date"], update_fields=["is_working", "name"]
    )
    for year in notice.years:
        CalendarYear.objects.update_or_create(calendar=calendar, year=year, defaults={"provisional": False})
