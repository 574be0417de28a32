"""What the pages of calendars show: each calendar with its years, a year day by day, and the revisions."""

from calendar import Calendar as Weeks
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from workflows import limits
from workflows.calendars import WorkCalendar
from workflows.counting import DAY_NAMES
from workflows.day_words import day_name
from workflows.models import Calendar, CalendarRevision, Clock
from workflows.notices import DECEMBER

WORK, REST, HOLIDAY, MAKE_UP = "work", "rest", "holiday", "makeup"
YEARS_AHEAD = 1  # the next year is always asked for, with or without a notice
Sources = dict[int, CalendarRevision]


@dataclass(frozen=True)
class YearRow:
    """A year of a calendar: whether its notice is in, and which revision said so last."""

    year: int
    is_final: bool
    revision: CalendarRevision | None
    workdays: int


@dataclass(frozen=True)
class CalendarCard:
    """A calendar with its years, the latest first."""

    calendar: Calendar
    revision: CalendarRevision | None
    hours: str
    weekdays: str
    years: list[YearRow]


@dataclass(frozen=True)
class DayCell:
    """A day: the kind gives colour and shape, mark and words say it."""

    date: date
    kind: str
    mark: str
    words: str


@dataclass(frozen=True)
class Month:
    """A month in weeks from Monday; no cell where a day belongs to its neighbour."""

    name: str
    weeks: list[list[DayCell | None]]
    workdays: int


@dataclass(frozen=True)
class Stretch:
    """Special days in a row that are alike, in words."""

    first: date
    last: date
    kind: str
    mark: str
    names: str


@dataclass(frozen=True)
class YearPage:
    """A year of a calendar, day by day."""

    row: YearRow
    months: list[Month]
    stretches: list[Stretch]
    running: int


@dataclass(frozen=True)
class RevisionRow:
    """A revision, and on how many days it changed whether they are worked."""

    revision: CalendarRevision
    turned: int
    confirmed: str


def marks() -> dict[str, tuple[str, str]]:
    """For each kind of day the mark in its cell and the word that explains it."""
    return {
        WORK: ("", _("上班")),
        REST: (_("休"), _("休息")),
        HOLIDAY: (_("假"), _("放假")),
        MAKE_UP: (_("班"), _("补班")),
    }


def calendar_cards(*, now: datetime) -> list[CalendarCard]:
    """All calendars with their years; two queries."""
    by_calendar: dict[int, list[CalendarRevision]] = {}
    for revision in CalendarRevision.objects.order_by("calendar", "number"):
        by_calendar.setdefault(revision.calendar_id, []).append(revision)
    cards = []
    for calendar in Calendar.objects.order_by("pk"):
        revisions = by_calendar.get(calendar.pk, [])
        years = year_rows(calendar, revisions, now=now) if revisions else []
        last = revisions[-1] if revisions else None
        cards.append(CalendarCard(calendar, last, hours_words(calendar), weekday_words(calendar), years))
    return cards


def hours_words(calendar: Calendar) -> str:
    """08:30–12:00、14:00–17:30."""
    return "、".join(f"{begin}–{end}" for begin, end in calendar.periods)


def weekday_words(calendar: Calendar) -> str:
    """周一至周五, or the days by name where there is a gap."""
    days = calendar.weekdays
    names = [day_name(DAY_NAMES[day - 1]) for day in days]
    if len(days) > 1 and days[-1] - days[0] == len(days) - 1:
        return _("%(first)s至%(last)s") % {"first": names[0], "last": names[-1]}
    return "、".join(names)


def year_rows(calendar: Calendar, revisions: Sequence[CalendarRevision], *, now: datetime) -> list[YearRow]:
    """The years that any revision says something of, and this and the next one; the latest first."""
    found = sources(revisions)
    this_year = now.astimezone(limits.work_calendar(calendar).zone).year
    years = {*found, *range(this_year, this_year + YEARS_AHEAD + 1)}
    return [year_row(calendar, year, found) for year in sorted(years, reverse=True) if has_year(year)]


def year_row(calendar: Calendar, year: int, found: Sources) -> YearRow:
    """One year as it is published."""
    counted = limits.work_calendar(calendar)
    days = counted.workdays_in(date(year, 1, 1) - timedelta(days=1), date(year, DECEMBER, 31))
    return YearRow(year, year in counted.final_years, found.get(year), days)


def has_year(year: int) -> bool:
    """Whether calendars are computed for a year."""
    return limits.FIRST_DAY.year < year <= limits.LAST_DAY.year


def sources(revisions: Sequence[CalendarRevision]) -> Sources:
    """For each year the last revision that said something new of it.

    A day of December that came with the notice of the next year says nothing of its own year.
    """
    found: Sources = {}
    days: dict[str, list[object]] = {}
    final: set[int] = set()
    for revision in revisions:
        settled = set(revision.final_years) ^ final
        for text in {*days, *revision.days}:
            if days.get(text) != revision.days.get(text):
                day = date.fromisoformat(text)
                if day.month < DECEMBER or day.year + 1 not in settled:
                    found[day.year] = revision
        found |= dict.fromkeys(settled, revision)
        days, final = revision.days, set(revision.final_years)
    return found


def year_page(calendar: Calendar, year: int, revisions: Sequence[CalendarRevision]) -> YearPage:
    """A year with each of its days, and how many running limits fall in it; one query."""
    counted = limits.work_calendar(calendar)
    begin, end = (datetime(y, 1, 1, tzinfo=counted.zone) for y in (year, year + 1))
    due = Clock.objects.filter(calendar=calendar, stopped_at=None, due_at__gte=begin, due_at__lt=end)
    return YearPage(
        row=year_row(calendar, year, sources(revisions)),
        months=[_month(counted, year, month) for month in range(1, DECEMBER + 1)],
        stretches=_stretches(counted, year),
        running=due.count(),
    )


def _month(calendar: WorkCalendar, year: int, month: int) -> Month:
    weeks = [
        [_cell(calendar, day) if day.month == month else None for day in week]
        for week in Weeks().monthdatescalendar(year, month)
    ]
    worked = sum(cell.kind in (WORK, MAKE_UP) for week in weeks for cell in week if cell)
    return Month(date_format(date(year, month, 1), "F"), weeks, worked)


def _cell(calendar: WorkCalendar, day: date) -> DayCell:
    kind = kind_of(calendar, day)
    mark, word = marks()[kind]
    name = calendar.name_of(day)
    return DayCell(day, kind, mark, " ".join(dict.fromkeys([word, day_name(name)])) if name else word)


def kind_of(calendar: WorkCalendar, day: date) -> str:
    """Work or rest as every week, a holiday, or make-up work."""
    is_usual = day.isoweekday() in calendar.weekdays
    if calendar.is_working_day(day):
        return WORK if is_usual else MAKE_UP
    return HOLIDAY if is_usual or calendar.name_of(day) else REST


def _stretches(calendar: WorkCalendar, year: int) -> list[Stretch]:
    special = [_cell(calendar, day) for day in sorted(calendar.overrides) if day.year == year]
    runs: list[list[DayCell]] = []
    for cell in special:
        if runs and runs[-1][-1].kind == cell.kind and cell.date - runs[-1][-1].date == timedelta(days=1):
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return [_stretch(calendar, run) for run in runs]


def _stretch(calendar: WorkCalendar, run: list[DayCell]) -> Stretch:
    names = dict.fromkeys(day_name(calendar.name_of(cell.date)) for cell in run if calendar.name_of(cell.date))
    return Stretch(run[0].date, run[-1].date, run[0].kind, marks()[run[0].kind][1], _("、").join(names))


def revision_rows(revisions: Iterable[CalendarRevision]) -> list[RevisionRow]:
    """Revisions from the first to the last, as rows from the last to the first; the first changed everything."""
    found = list(revisions)
    rows = [RevisionRow(found[0], len(found[0].days), "")] if found else []
    for was, new in pairwise(found):
        before, after = limits.arithmetic(was), limits.arithmetic(new)
        known = {*before.overrides, *after.overrides}
        turned = sum(before.is_working_day(day) != after.is_working_day(day) for day in known)
        rows.append(RevisionRow(new, turned, year_words(after.final_years - before.final_years)))
    return rows[::-1]


def year_words(years: Iterable[int]) -> str:
    """2019–2025、2027."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return _("、").join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
