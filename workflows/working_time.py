"""A moment some working time after another, with every stretch and day that was counted: for checking by hand."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import DatabaseError
from django.utils.translation import gettext as _

from workflows import limits, seed
from workflows.calendars import OutsideCalendar, WorkCalendar
from workflows.counting import Counted, Day, days_after, explain_days, explain_hours, provisional_years
from workflows.models import Calendar

HOURS, DAYS = "working_hours", "working_days"
AMOUNT = re.compile(r"(?:(?P<days>\d{1,5})d)|(?:(?P<hours>\d{1,6})h)?(?:(?P<minutes>\d{1,7})m)?", re.IGNORECASE)


class Unanswerable(ValueError):
    """What was asked cannot be computed; the text says what to write instead."""


@dataclass(frozen=True)
class Found:
    """A calendar to count by; without a revision it is the one that this program brings along."""

    calendar: WorkCalendar
    code: str
    revision: int | None


@dataclass(frozen=True)
class Amount:
    """A number of working days, or a length of working time."""

    unit: str
    days: int = 0
    time: timedelta = timedelta(0)


@dataclass(frozen=True)
class Answer:
    """The moment and how it was counted: stretches of hours, or numbered days; the days that were skipped."""

    start: datetime
    due_at: datetime
    stretches: list[Counted]
    days: list[Day]
    skipped: list[Day]
    provisional: list[int]


def find_calendar(code: str) -> Found:
    """The published calendar of this code; the seed where the database holds no calendar or cannot be read."""
    try:
        found = Calendar.objects.filter(code=code, revision__gt=0).first()
        if found is not None:
            return Found(limits.work_calendar(found), code, found.revision)
        known = list(Calendar.objects.filter(revision__gt=0).order_by("code").values_list("code", flat=True))
    except DatabaseError:
        known = []
    if known or code != seed.CODE:
        text = _("没有代码为 %(code)s 的日历，请写现有的：%(known)s。")
        raise Unanswerable(text % {"code": code, "known": "、".join(known or [seed.CODE])})
    return Found(_built_in(), code, None)


def _built_in() -> WorkCalendar:
    years = range(limits.FIRST_DAY.year, limits.LAST_DAY.year + 1)
    days = {day: (works, name) for day, works, name in seed.notice_days(years)}
    return WorkCalendar(
        limits.FIRST_DAY,
        limits.LAST_DAY,
        overrides={day: works for day, (works, _name) in days.items()},
        names={day: name for day, (_works, name) in days.items()},
        final_years=frozenset(year for year in years if seed.is_published(year)),
    )


def parse_moment(text: str, calendar: WorkCalendar) -> datetime:
    """A moment in ISO form, in the zone of the calendar unless it names another."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        shown = _("看不懂的时刻“%(text)s”：请写成 2026-02-13T16:00 或 2026-02-13T16:00+08:00。")
        raise Unanswerable(shown % {"text": text}) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=calendar.zone)


def parse_amount(text: str) -> Amount:
    """8h, 30m, 1h30m: working time; 3d: working days."""
    found = AMOUNT.fullmatch(text.strip())
    if found is not None and found["days"] and int(found["days"]):
        return Amount(DAYS, days=int(found["days"]))
    if found is not None:
        time = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
        if time:
            return Amount(HOURS, time=time)
    shown = _("看不懂的时长“%(text)s”：请写成 8h、30m、1h30m（工作时）或 3d（工作日），至少为 1。")
    raise Unanswerable(shown % {"text": text})


def answer(calendar: WorkCalendar, start: datetime, amount: Amount) -> Answer:
    """When the amount has passed, and by which stretches and days."""
    try:
        if amount.unit == DAYS:
            due, days = calendar.add_days(start, amount.days), explain_days(calendar, start, amount.days)
            stretches, skipped = [], [day for day in days if day.n is None]
        else:
            due, stretches = calendar.add(start, amount.time), explain_hours(calendar, start, amount.time)
            days, skipped = [], _days_off(calendar, start, due)
    except (OutsideCalendar, OverflowError) as error:
        shown = _("日历只有 %(first)s 至 %(last)s：请写这之间的时刻和短一些的时长。")
        raise Unanswerable(shown % {"first": calendar.first, "last": calendar.last}) from error
    counted = [day for day in days if day.n is not None]
    return Answer(start, due, stretches, counted, skipped, provisional_years(calendar, start, due))


def _days_off(calendar: WorkCalendar, start: datetime, end: datetime) -> list[Day]:
    first, last = (moment.astimezone(calendar.zone).date() for moment in (start, end))
    before = date.fromordinal(first.toordinal() - 1)
    return [day for day in days_after(calendar, before, last) if day.n is None]
