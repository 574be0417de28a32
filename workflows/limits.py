"""Which limit and which calendar apply: versions of limits and revisions of calendars, each read once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from cases.models import Case, Team
from cases.terms import ClockKind, Priority
from workflows import sla
from workflows.calendars import MIDNIGHT, WorkCalendar
from workflows.models import Calendar, CalendarRevision, Clock, PolicyVersion, SlaPolicy, TeamCalendar

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2045, 12, 31)  # cases are reported and due within these
OF_THE_TEAM = (
    ClockKind.SIGN,
    ClockKind.HANDLE,
    ClockKind.PART,
    ClockKind.FOLLOW_UP,
)  # counted by the calendar of the team


class NoLimit(LookupError):
    """No limit is set for the clock of this kind."""

    def __init__(self, kind: ClockKind) -> None:
        super().__init__(f"No limit is set for the clock {kind.value}: add one under limits in the admin.")
        self.kind = kind


@lru_cache(maxsize=64)
def built(calendar_id: int, revision: int) -> WorkCalendar:
    """The arithmetic of a published revision, built once: a revision never changes. Raises DoesNotExist."""
    return arithmetic(CalendarRevision.objects.get(calendar=calendar_id, number=revision))


def arithmetic(revision: CalendarRevision) -> WorkCalendar:
    """The pure form of a revision, saved or not."""
    days = {date.fromisoformat(day): (works, name) for day, (works, name) in revision.days.items()}
    return WorkCalendar(
        FIRST_DAY,
        LAST_DAY,
        overrides={day: works for day, (works, _name) in days.items()},
        periods=tuple((time.fromisoformat(a), _end(b)) for a, b in revision.periods),
        zone=ZoneInfo(revision.zone),
        weekdays=frozenset(revision.weekdays),
        names={day: name for day, (_works, name) in days.items()},
        final_years=frozenset(revision.final_years),
    )


def _end(words: str) -> time:
    return MIDNIGHT if words == "24:00" else time.fromisoformat(words)


def work_calendar(calendar: Calendar) -> WorkCalendar:
    """A calendar as it is published now."""
    return built(calendar.pk, calendar.revision)


def calendar_of(clock: Clock) -> WorkCalendar:
    """The calendar as it was when the moments of this clock were computed."""
    return built(clock.calendar_id, clock.calendar_revision)


def default_calendar() -> WorkCalendar:
    """The calendar by which ledgers count: the first one."""
    return work_calendar(Calendar.objects.only("pk", "revision").order_by("pk")[0])


def workdays(start: datetime, end: datetime) -> int:
    """Working days by the default calendar; "later than n working days" is `workdays > n`."""
    return sla.workdays_between(default_calendar(), start, end)


def limit_of(policy: SlaPolicy) -> sla.Limit:
    """The pure form of a limit."""
    return sla.Limit(policy.amount, policy.unit, policy.warn_percent)


def ladder_of(policy: SlaPolicy) -> list[sla.Step]:
    """The steps after the limit, in their order."""
    return [sla.Step(role, amount, unit) for role, amount, unit in policy.ladder]


def live_version(at: datetime) -> int | None:
    """The number of the policy version that is live at a moment."""
    return PolicyVersion.objects.filter(live_from__lte=at).order_by("-number").values_list("number", flat=True).first()


@lru_cache(maxsize=8)
def _version_limits(number: int) -> tuple[SlaPolicy, ...]:
    """The limits of a version that a case keeps: once in use it never changes, so it is read once."""
    return tuple(SlaPolicy.objects.filter(version__number=number).select_related("calendar", "version"))


def policies(case: Case, kinds: Iterable[ClockKind], at: datetime) -> dict[str, SlaPolicy]:
    """The most specific limit for each kind: of the case's fixed version, else of the one live at `at`."""
    wanted = set(kinds)
    rows: Iterable[SlaPolicy]
    if case.policy_version is not None:
        rows = [row for row in _version_limits(case.policy_version) if row.clock in wanted]
    else:
        live = PolicyVersion.objects.filter(live_from__lte=at).order_by("-number")
        rows = SlaPolicy.objects.filter(version__in=live.values("pk")[:1], clock__in=wanted).select_related("calendar")
    return fitting(rows, case.category_id, case.priority)


def fitting(rows: Iterable[SlaPolicy], category_id: int | None, priority: str) -> dict[str, SlaPolicy]:
    """Of the limits of one version those of a category and priority: the most specific line for each kind."""
    found = [r for r in rows if r.category_id in (None, category_id) and r.priority in ("", priority)]
    best: dict[str, SlaPolicy] = {}
    for row in sorted(found, key=lambda p: (p.category_id is not None, bool(p.priority))):
        best[row.clock] = row
    return best


def due_from(kind: ClockKind, at: datetime) -> datetime:
    """When a general limit that starts at a moment would be due. Raises NoLimit when none is set."""
    live = live_version(at)
    policy = fitting(_version_limits(live), None, Priority.NORMAL).get(kind) if live else None
    if policy is None:
        raise NoLimit(kind)
    return sla.moments(limit_of(policy), work_calendar(policy.calendar), at, []).due_at


@dataclass(frozen=True)
class Applicable:
    """The limits that apply to a case by kind, and calendars that were read in this transaction."""

    policies: dict[str, SlaPolicy]
    calendars: list[Calendar]

    def calendar(self, policy: SlaPolicy, team: Team | None) -> Calendar:
        """By which a clock counts, as published now: the team's own for its work, else that of its limit."""
        if team is not None and policy.clock in OF_THE_TEAM and policy.unit in sla.WORKING_UNITS:
            own: TeamCalendar | None = getattr(team, "own_calendar", None)
            if own is not None:
                return own.calendar
        fresh = (calendar for calendar in self.calendars if calendar.pk == policy.calendar_id)
        return next(fresh, None) or Calendar.objects.get(pk=policy.calendar_id)


def applicable(case: Case, kinds: Iterable[ClockKind], at: datetime, known: Iterable[Clock] = ()) -> Applicable:
    """The limits of a case; `known` are clocks that were read just now with their calendars."""
    found = policies(case, kinds, at) if kinds else {}
    # The limits of a fixed version were read long before, and their calendars with them.
    read_now = [policy.calendar for policy in found.values()] if case.policy_version is None else []
    return Applicable(found, [*(clock.calendar for clock in known), *read_now])
