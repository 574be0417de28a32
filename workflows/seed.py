"""What a new installation starts with: the working calendar of mainland China and one version of limits.

Both are seeds: an administrator overrides the calendar from the State Council's notice, and limits by a new version.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import holidays
from django.db import transaction
from holidays.countries.china import ChinaStaticHolidays

from cases.models import AnswerTemplate
from cases.terms import ClockKind, Priority, ResultCode, Role, Unit
from workflows.commands.calendar import publish_calendar
from workflows.models import Calendar, CalendarDay, CalendarYear, PolicyVersion, SlaPolicy

YEARS = range(2010, 2028)
SOURCE = "holidays 程序库（国务院办公厅各年通知）"
CODE, NAME, ZONE = "cn", "国家法定工作日", "Asia/Shanghai"
MAKE_UP = "调休补班"
ANY = ""  # a limit for any priority
FRIDAY, DECEMBER = 4, 12  # as `date.weekday()` and `date.month` count them

Amount = tuple[int, Unit]
LIMITS: dict[ClockKind, dict[str, Amount]] = {
    ClockKind.ACCEPT: {
        ANY: (1, Unit.WORKING_DAYS),
        Priority.URGENT: (4, Unit.WORKING_HOURS),
        Priority.CRITICAL: (1, Unit.HOURS),
    },
    ClockKind.INFO: {ANY: (3, Unit.WORKING_DAYS)},
    ClockKind.DISPATCH: {ANY: (4, Unit.WORKING_HOURS)},
    ClockKind.SIGN: {ANY: (4, Unit.WORKING_HOURS), Priority.CRITICAL: (1, Unit.HOURS)},
    ClockKind.HANDLE: {
        ANY: (10, Unit.WORKING_DAYS),
        Priority.URGENT: (3, Unit.WORKING_DAYS),
        Priority.CRITICAL: (24, Unit.HOURS),
    },
    ClockKind.DELIBERATE: {ANY: (20, Unit.WORKING_DAYS)},
    ClockKind.HOLD_REVIEW: {ANY: (60, Unit.DAYS)},
    ClockKind.VERIFY: {ANY: (2, Unit.WORKING_DAYS)},
    ClockKind.SURVEY: {ANY: (7, Unit.DAYS)},
    ClockKind.REOPEN_DECISION: {ANY: (2, Unit.WORKING_DAYS)},
    ClockKind.OVERALL: {
        ANY: (15, Unit.WORKING_DAYS),
        Priority.URGENT: (5, Unit.WORKING_DAYS),
        Priority.CRITICAL: (3, Unit.DAYS),
    },
    ClockKind.PROMISE: {ANY: (30, Unit.DAYS)},
    ClockKind.REQUEST: {ANY: (1, Unit.WORKING_DAYS)},
    ClockKind.PART: {ANY: (5, Unit.WORKING_DAYS)},  # where the dispatcher names no day
    ClockKind.ORDER: {ANY: (5, Unit.WORKING_DAYS)},
    ClockKind.FOLLOW_UP: {ANY: (30, Unit.DAYS)},  # where the decision names no day
    ClockKind.OBJECTION: {ANY: (5, Unit.WORKING_DAYS)},
    ClockKind.SPOT_CHECK: {ANY: (5, Unit.WORKING_DAYS)},
}
# Who hears of a limit that was missed, after the holder: with each step somebody further from the work.
WORKING_LADDER = [
    (Role.TEAM_LEADER, 4, Unit.WORKING_HOURS),
    (Role.SUPERVISOR, 1, Unit.WORKING_DAYS),
    (Role.LEADER, 3, Unit.WORKING_DAYS),
]
ROUND_THE_CLOCK_LADDER = [
    (Role.TEAM_LEADER, 1, Unit.HOURS),
    (Role.SUPERVISOR, 4, Unit.HOURS),
    (Role.LEADER, 24, Unit.HOURS),
]
OF_TEAMS = (ClockKind.SIGN, ClockKind.HANDLE, ClockKind.PART, ClockKind.PROMISE, ClockKind.ORDER, ClockKind.FOLLOW_UP)


ANSWERS = {
    ResultCode.SOLVED: "您反映的“{title}”已办理：{result} 感谢您的反映，如果还有问题，请告诉我们。",
    ResultCode.PLANNED: "您反映的“{title}”正在办理：{result} 我们承诺在 {promised_date} 前办好，办好后再告诉您。",
    ResultCode.NOT_NOW: "您反映的“{title}”暂时还解决不了，原因是：{result} 条件具备时我们会接着办，请您谅解。",
    ResultCode.REFERENCE: "您反映的“{title}”已经收到并研究：{result} 感谢您的建议。",
}


def default_ladder(clock: ClockKind, unit: Unit) -> list[list[str | int]]:
    """The ladder of a limit of which nothing else is said; a survey that runs out ends the case and nobody is late."""
    if clock == ClockKind.SURVEY:
        return []
    steps = ROUND_THE_CLOCK_LADDER if unit == Unit.HOURS else WORKING_LADDER
    return [
        [role.value, amount, step_unit.value]
        for role, amount, step_unit in steps
        if role != Role.TEAM_LEADER or clock in OF_TEAMS  # a desk has no leader of a team
    ]


@dataclass(frozen=True)
class Seeded:
    """What a seed run left: rows in all, and whether anything differed from before."""

    years: int
    provisional: tuple[int, ...]
    days: int
    changed: bool


def is_published(year: int) -> bool:
    """Whether the package knows the State Council's notice of that year: every notice since 2001 moves working days.

    For other years the package still lists holidays, guessed from the lunar calendar, and says nothing of it.
    """
    return year in ChinaStaticHolidays.special_public_holidays


def notice_days(years: Iterable[int]) -> Iterator[tuple[date, bool, str]]:
    """The days of these years that differ from Monday to Friday: (date, is_working, name)."""
    wanted = set(years)
    # A notice may move work into the December before its year, so the year after the last is read too.
    known = holidays.country_holidays("CN", years=sorted(wanted | {max(wanted) + 1}), language="zh_CN")
    for day, name in sorted(known.items()):
        if day.year in wanted and day.weekday() <= FRIDAY:
            yield day, False, name[:60]
    for day in sorted(known.weekend_workdays):
        if day.year in wanted:
            yield day, True, MAKE_UP


@transaction.atomic
def seed_calendar(years: Iterable[int] = YEARS, *, now: datetime) -> Seeded:
    """Fill the national calendar; a new revision is published only when something differs.

    Years that are not provisional any more are the administrator's: their days are left as they are, but for
    days of December that the notice of the year after them adds.
    """
    Calendar.objects.get_or_create(code=CODE, defaults={"name": NAME, "zone": ZONE})
    calendar = Calendar.objects.select_for_update().get(code=CODE)
    final = set(calendar.years.filter(provisional=False).values_list("year", flat=True))
    fresh = sorted(set(years) - final)
    changed = _write_days(calendar, fresh, final) if fresh else False
    for year in fresh:
        CalendarYear.objects.update_or_create(
            calendar=calendar, year=year, defaults={"provisional": not is_published(year)}
        )
    publish_calendar(calendar, source=SOURCE, now=now)
    provisional = calendar.years.filter(provisional=True).order_by("year").values_list("year", flat=True)
    return Seeded(calendar.years.count(), tuple(provisional), calendar.days.count(), changed)


def _write_days(calendar: Calendar, fresh: list[int], final: set[int]) -> bool:
    before = {year - 1 for year in fresh} & final
    stored = {row.date: (row.is_working, row.name) for row in calendar.days.filter(date__year__in=[*fresh, *before])}
    wanted = {
        day: (works, name)
        for day, works, name in notice_days({*fresh, *before})
        if day.year in fresh or (day.month == DECEMBER and day not in stored)
    }
    gone = [day for day in stored if day.year not in before and day not in wanted]
    rows = [
        CalendarDay(calendar=calendar, date=day, is_working=works, name=name)
        for day, (works, name) in wanted.items()
        if stored.get(day) != (works, name)
    ]
    calendar.days.filter(date__in=gone).delete()
    CalendarDay.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["calendar", "date"], update_fields=["is_working", "name"]
    )
    return bool(gone or rows)


@transaction.atomic
def seed_limits() -> PolicyVersion:
    """Version 1 of the limits, when there is none yet; a version that exists is never touched."""
    version, created = PolicyVersion.objects.get_or_create(
        number=1,
        defaults={"live_from": datetime(2000, 1, 1, tzinfo=ZoneInfo(ZONE)), "note": "初始时限"},
    )
    if created:
        calendar = Calendar.objects.get(code=CODE)
        SlaPolicy.objects.bulk_create(
            SlaPolicy(
                version=version,
                clock=clock,
                priority=priority,
                amount=amount,
                unit=unit,
                calendar=calendar,
                ladder=default_ladder(clock, unit),
            )
            for clock, by_priority in LIMITS.items()
            for priority, (amount, unit) in by_priority.items()
        )
    return version


def seed_all(years: Iterable[int] = YEARS, *, now: datetime) -> Seeded:
    """Calendar and limits, in that order."""
    seeded = seed_calendar(years, now=now)
    seed_limits()
    seed_answers()
    return seeded


def seed_answers() -> None:
    """A general text for each result, for those who have none yet; what an office has written stays."""
    for code, text in ANSWERS.items():
        if not AnswerTemplate.objects.filter(result_code=code, category=None).exists():
            AnswerTemplate.objects.create(result_code=code, text=text)
