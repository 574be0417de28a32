"""The words of a proof: moments, amounts, the rule of a limit, its policy and calendar, and the lines of a count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.terms import ClockKind, Priority, Unit
from workflows import reckoning
from workflows.calendars import MIDNIGHT, WorkCalendar
from workflows.models import CalendarRevision, Clock, SlaPolicy
from workflows.reckoning import Line

WEEKDAYS = (
    gettext_lazy("周一"), gettext_lazy("周二"), gettext_lazy("周三"), gettext_lazy("周四"), gettext_lazy("周五"),
    gettext_lazy("周六"), gettext_lazy("周日"),
)  # fmt: skip
SPAN, AND = " – ", "、"


@dataclass(frozen=True)
class ProofLine:
    """One line of a count as it is read: days, what counts on them, how long, and the sum so far."""

    first: date
    last: date
    of_days: int
    stretches: list[tuple[datetime, datetime]]  # what counts on each of the days, given for the first
    number: str  # of the days where days are counted: 第 1–5 日
    days: str
    counted: str
    is_counted: bool
    seconds: int
    length: str
    total_seconds: int
    total: str

    @property
    def day_parts(self) -> list[str]:
        """The days in pieces that a line should not be broken in."""
        return self.days.split(SPAN)

    @property
    def counted_parts(self) -> list[str]:
        """What counts in pieces that a line should not be broken in."""
        return self.counted.split(AND)


@dataclass(frozen=True)
class CalendarWords:
    """The calendar that a clock counts by: which revision of it, on whose word, with which hours."""

    code: str
    name: str
    revision: int
    source: str
    zone: str
    periods: str
    weekdays: str


def day_words(day: date) -> str:
    """2026-10-10 周六."""
    return f"{day.isoformat()} {WEEKDAYS[day.weekday()]}"


def moment_words(moment: datetime, zone: ZoneInfo) -> str:
    """2026-10-10 周六 17:30; with seconds where it has any."""
    local = moment.astimezone(zone)
    return f"{day_words(local.date())} {clock_words(local)}"


def clock_words(local: datetime) -> str:
    """17:30, or 17:30:05."""
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def amount_words(seconds: int) -> str:
    """7 小时 30 分; never a fraction."""
    hours, rest = divmod(seconds, 3600)
    minutes, over = divmod(rest, 60)
    parts = [
        _("%(h)s 小时") % {"h": hours} if hours else "",
        _("%(m)s 分") % {"m": minutes} if minutes or not (hours or over) else "",
        _("%(s)s 秒") % {"s": over} if over else "",
    ]
    return " ".join(part for part in parts if part)


def limit_words(policy: SlaPolicy) -> str:
    """10 个工作日."""
    return _("%(n)s 个%(unit)s") % {"n": policy.amount, "unit": policy.get_unit_display()}


def policy_words(clock: Clock, calendar: CalendarWords) -> str:
    """The limit with its version, for what it holds, and the calendar with its basis."""
    policy = clock.policy
    parts = [
        _("时限第 %(n)s 版") % {"n": policy.version.number},
        str(policy.category) if policy.category else _("各类"),
        str(Priority(policy.priority).label) if policy.priority else _("各级紧急程度"),
    ]
    if policy.unit in (Unit.WORKING_DAYS, Unit.WORKING_HOURS):
        said = {"calendar": calendar.name, "n": calendar.revision, "source": calendar.source}
        parts.append(_("%(calendar)s第 %(n)s 版日历，依据：%(source)s") % said)
    limit = _("%(what)s：%(how)s") % {"what": ClockKind(clock.kind).label, "how": limit_words(policy)}
    return bracketed(limit, " · ".join(parts))


def rule_words(policy: SlaPolicy, calendar: CalendarWords, close: time) -> str:
    """How a limit of its unit is counted, in a sentence."""
    n = policy.amount
    if policy.unit == Unit.WORKING_DAYS:
        ends = "24:00" if close == MIDNIGHT else f"{close:%H:%M}"
        return _("自起算之日的次日数起，第 %(n)s 个工作日下班时（%(close)s）到期。") % {"n": n, "close": ends}
    if policy.unit == Unit.WORKING_HOURS:
        said = {"n": n, "periods": calendar.periods}
        return _("自起算之时数起，只计工作日 %(periods)s 以内的时间，计满 %(n)s 小时到期。") % said
    if policy.unit == Unit.DAYS:
        return _("自起算之时起昼夜连续计算，不分工作日与休息日，满 %(n)s 个 24 小时到期。") % {"n": n}
    return _("自起算之时起昼夜连续计算，不分工作日与休息日，满 %(n)s 小时到期。") % {"n": n}


def calendar_words(clock: Clock, revision: CalendarRevision | None) -> CalendarWords:
    """The revision that the clock was counted by; of one that is not there only its number is known."""
    periods = revision.periods if revision else []
    weekdays = revision.weekdays if revision else []
    return CalendarWords(
        code=clock.calendar.code,
        name=clock.calendar.name,
        revision=clock.calendar_revision,
        source=revision.source if revision else _("没有这一版"),
        zone=revision.zone if revision else clock.calendar.zone,
        periods=AND.join(f"{begin}–{end}" for begin, end in periods),
        weekdays=AND.join(str(WEEKDAYS[day - 1]) for day in weekdays),
    )


def line_words(lines: Sequence[Line], zone: ZoneInfo, calendar: WorkCalendar | None) -> list[ProofLine]:
    """The lines of a count; `calendar` is None where all time counts."""
    return [
        ProofLine(
            first=line.stretches[0][0].astimezone(zone).date() if line.stretches else line.first,
            last=line.stretches[-1][1].astimezone(zone).date() if calendar is None and line.stretches else line.last,
            of_days=line.days,
            stretches=[(begin.astimezone(zone), end.astimezone(zone)) for begin, end in line.stretches],
            number=_numbers(line),
            days=_days(line, zone, calendar),
            counted=_counted(line, zone, calendar),
            is_counted=line.why == reckoning.COUNTED,
            seconds=line.seconds,
            length=amount_words(line.seconds) if line.seconds else "",
            total_seconds=line.total,
            total=amount_words(line.total) if line.total else "",
        )
        for line in lines
    ]


def _numbers(line: Line) -> str:
    if not line.number or line.why != reckoning.COUNTED:
        return ""
    first = line.number - line.days + 1
    return _("第 %(n)s 日") % {"n": line.number if first == line.number else f"{first}–{line.number}"}


def _days(line: Line, zone: ZoneInfo, calendar: WorkCalendar | None) -> str:
    if line.stretches and (calendar is None or line.why == reckoning.PAUSED):
        begin, end = line.stretches[0]
        return f"{moment_words(begin, zone)}{SPAN}{moment_words(end, zone)}"
    if line.first == line.last:
        return day_words(line.first)
    return f"{day_words(line.first)}{SPAN}{day_words(line.last)}"


def _counted(line: Line, zone: ZoneInfo, calendar: WorkCalendar | None) -> str:
    skipped = {
        reckoning.START: _("起算之日，不计"),
        reckoning.REST: _("不计：休息日"),
        reckoning.HOLIDAY: _("不计：%(name)s") % {"name": line.name},
        reckoning.CLOSED: _("不计：不在上班时段内"),
        reckoning.PAUSED: _("不计：暂停"),
    }
    if line.why in skipped:
        return skipped[line.why]
    if calendar is None:
        return _("昼夜连续计算")
    if line.number:
        return _named(line, _("工作日"))
    times = AND.join(_stretch(a.astimezone(zone), b.astimezone(zone)) for a, b in line.stretches)
    return _named(line, _("每日 %(times)s，共 %(n)s 日") % {"times": times, "n": line.days} if line.days > 1 else times)


def _named(line: Line, words: str) -> str:
    return bracketed(words, line.name) if line.name else words


def bracketed(words: str, name: str) -> str:
    """With what explains it in brackets, as the language writes them."""
    return _("%(words)s（%(name)s）") % {"words": words, "name": name}


def _stretch(begin: datetime, end: datetime) -> str:
    ends = "24:00" if end.date() > begin.date() and end.time() == MIDNIGHT else clock_words(end)
    return f"{clock_words(begin)}–{ends}"


def step_words(kind: str, policy: SlaPolicy) -> str:
    """What a step on the way to the due moment does."""
    said = {"limit": limit_words(policy)}
    return {
        reckoning.COUNT: _("数 %(limit)s") % said,
        reckoning.SET: _("起算时定明的到期时刻"),
        reckoning.PAUSE: _("暂停，恢复后续计剩余时间"),
        reckoning.IDLE_PAUSE: _("暂停（不占计时，到期时刻不提前）"),
        reckoning.LATE_PAUSE: _("暂停（到期之后，不顺延）"),
        reckoning.OPEN_PAUSE: _("暂停中，恢复后续计剩余时间"),
        reckoning.EXTENSION: _("改期"),
    }[kind]
