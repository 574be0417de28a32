"""What another version of limits would do to running cases: clocks alike are looked at once, nothing is written."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet

from cases.models import Case
from cases.terms import OBLIGATIONS, ClockKind
from workflows import limits, sla
from workflows.calendars import WorkCalendar
from workflows.models import Calendar, Clock, ClockInterval, PolicyVersion, SlaPolicy, TeamCalendar

AT_ONCE = 5000
# What the limit of a running clock depends on: all clocks alike in this get the same limit.
ALIKE = (
    "kind", "policy", "calendar", "calendar_revision", "case__category", "case__priority", "case__team",
    "case__policy_version",
)  # fmt: skip
MOMENTS = ("pk", "case", "started_at", "due_at", "paused_at", "adjusted")


@dataclass(frozen=True)
class KindFigures:
    """Running clocks of one kind: how many would get another due moment, be overdue at once, stay as they are."""

    kind: str
    clocks: int
    moved: int
    overdue: int

    @property
    def same(self) -> int:
        """Those that would not change."""
        return self.clocks - self.moved

    @property
    def label(self) -> str:
        """The kind in words."""
        return str(ClockKind(self.kind).label)


@dataclass(frozen=True)
class Preview:
    """The figures, by case and by kind of clock, and the cases that would be overdue at once."""

    cases: int
    moved: int
    overdue: tuple[str, ...]
    kinds: tuple[KindFigures, ...]

    @property
    def same(self) -> int:
        """Cases of which no clock would change."""
        return self.cases - self.moved

    def as_json(self) -> dict[str, Any]:
        """For the command line."""
        kinds = {
            k.kind: {"clocks": k.clocks, "moved": k.moved, "overdue": k.overdue, "same": k.same} for k in self.kinds
        }
        figures = {"cases": self.cases, "moved": self.moved, "same": self.same, "overdue": len(self.overdue)}
        return {**figures, "overdue_cases": list(self.overdue), "kinds": kinds}


class _Alike(NamedTuple):
    """What running clocks have in common that get the same limit."""

    kind: str
    policy: int
    calendar: int
    revision: int
    category: int | None
    priority: str
    team: int | None
    version: int | None


class _Renewed(NamedTuple):
    """The limit that such clocks would get, and the calendar by which it counts."""

    limit: sla.Limit
    calendar: WorkCalendar


def preview_version(version: PolicyVersion, *, now: datetime) -> Preview:
    """What would change if this version applied to every running case, those that keep an older one included."""
    return preview(list(version.policies.all()), number=version.number, now=now)


def preview(policies: Sequence[SlaPolicy], *, number: int | None, now: datetime) -> Preview:
    """The same for limits that need not be saved. Cases that have version `number` already would not change."""
    live = _live_clocks()
    renewal = _Renewal(policies)
    clocks: Counter[str] = Counter()
    renewed: dict[_Alike, _Renewed] = {}
    for *columns, n in live.values_list(*ALIKE).annotate(n=Count("pk")):
        alike = _Alike(*columns)
        clocks[alike.kind] += n
        if (number is None or alike.version != number) and (other := renewal.of(alike)):
            renewed[alike] = other
    moved = _moved(live.filter(policy__in={alike.policy for alike in renewed}), renewed, now) if renewed else []
    by_kind = Counter(clock.kind for clock in moved)
    late = Counter(clock.kind for clock in moved if clock.is_late)
    kinds = (KindFigures(kind, clocks[kind], by_kind[kind], late[kind]) for kind in ClockKind if clocks[kind])
    return Preview(
        cases=live.aggregate(n=Count("case", distinct=True))["n"],
        moved=len({clock.case for clock in moved}),
        overdue=tuple(_numbers({clock.case for clock in moved if clock.is_late})),
        kinds=tuple(kinds),
    )


def _live_clocks() -> QuerySet[Clock]:
    """What runs or is paused; what is owed beside the stage keeps the limit that it was given."""
    return Clock.objects.filter(stopped_at=None).exclude(kind__in=OBLIGATIONS).order_by()


class _Moved(NamedTuple):
    """A clock that would get another due moment."""

    kind: str
    case: int
    is_late: bool


def _moved(live: QuerySet[Clock], renewed: dict[_Alike, _Renewed], now: datetime) -> list[_Moved]:
    intervals = _intervals()
    found = []
    for row in live.values_list(*MOMENTS, *ALIKE).iterator(AT_ONCE):
        other = renewed.get(row[len(MOMENTS) :])  # a named tuple equals a plain one
        if other is None:
            continue
        pk, case, started_at, due_at, paused_at, adjusted = row[: len(MOMENTS)]
        if adjusted:
            due = sla.moments(other.limit, other.calendar, started_at, intervals.get(pk, ())).due_at
        else:
            due = sla.due_without_intervals(other.limit, other.calendar, started_at)
        if due != due_at:
            found.append(_Moved(row[len(MOMENTS)], case, due <= (paused_at or now) < due_at))
    return found


class _Renewal:
    """Which limits others would take the place of; calendars and limits are read once for all clocks."""

    def __init__(self, policies: Sequence[SlaPolicy]) -> None:
        self._policies = policies
        self._fitting: dict[tuple[int | None, str], dict[str, SlaPolicy]] = {}
        self._amounts = {pk: (amount, unit) for pk, amount, unit in _amounts()}
        self._calendars = {calendar.pk: calendar for calendar in Calendar.objects.all()}
        self._of_team = dict(TeamCalendar.objects.values_list("team", "calendar"))

    def of(self, alike: _Alike) -> _Renewed | None:
        """The other limit of such clocks; None when theirs, or the calendar that it counts by, stays the same."""
        key = (alike.category, alike.priority)
        if key not in self._fitting:
            self._fitting[key] = limits.fitting(self._policies, *key)
        policy = self._fitting[key].get(alike.kind)
        if policy is None:
            return None
        calendar = self._calendar(policy, alike.team)
        is_working = policy.unit in sla.WORKING_UNITS
        counts_alike = not is_working or (calendar.pk, calendar.revision) == (alike.calendar, alike.revision)
        if counts_alike and self._amounts[alike.policy] == (policy.amount, policy.unit):
            return None
        return _Renewed(limits.limit_of(policy), limits.work_calendar(calendar))

    def _calendar(self, policy: SlaPolicy, team: int | None) -> Calendar:
        """As `limits.counting_calendar`, without a query for each."""
        of_team = policy.clock in limits.OF_THE_TEAM and policy.unit in sla.WORKING_UNITS
        own = self._of_team.get(team) if of_team and team else None
        return self._calendars[own or policy.calendar_id]


def _amounts() -> Iterable[tuple[int, int, str]]:
    return SlaPolicy.objects.values_list("pk", "amount", "unit")


def _numbers(cases: set[int]) -> Iterator[str]:
    """The numbers of cases, in their order; not one long list of keys in one statement."""
    keys = sorted(cases)
    found: list[str] = []
    for n in range(0, len(keys), AT_ONCE):
        found += Case.objects.filter(pk__in=keys[n : n + AT_ONCE]).values_list("number", flat=True)
    yield from sorted(found)


def _intervals() -> dict[int, list[sla.Interval]]:
    """The pauses and extensions of everything that runs, in the order in which they began."""
    rows = ClockInterval.objects.filter(clock__stopped_at=None).order_by("began_at", "pk")
    found: dict[int, list[sla.Interval]] = {}
    for clock, began_at, ended_at, until in rows.values_list("clock", "began_at", "ended_at", "until").iterator(
        AT_ONCE
    ):
        found.setdefault(clock, []).append(sla.Interval(began_at, ended_at, until))
    return found
