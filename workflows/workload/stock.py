"""What lies where now: ages by stage, who is waited for and how long, holds to review, requests to answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import mean, median
from typing import Any

from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import CaseEvent, Council, Team
from cases.querysets import CaseQuerySet
from cases.terms import OPEN_STATES, ClockKind, RequestKind, RequestState, Role, State
from workflows import limits
from workflows.lateness import HANDED_OVER
from workflows.models import Clock, Request
from workflows.workload.scope import Scope, in_days

# Days since the report: from, to (None: without end), and its words.
AGES: tuple[tuple[int, int | None, Promise | str], ...] = (
    (0, 7, _("7 天以内")),
    (8, 30, _("8–30 天")),
    (31, 90, _("31–90 天")),
    (91, None, _("90 天以上")),
)


@dataclass(frozen=True)
class Age:
    """The open cases of a stage that were reported in one band of days."""

    label: Promise | str
    n: int
    first: date | None  # reported on this day or later
    last: date  # and on this day or earlier


@dataclass(frozen=True)
class Stage:
    """The open cases of a stage by their age."""

    key: str
    label: str
    n: int
    ages: list[Age]
    oldest: datetime


@dataclass(frozen=True)
class Wait:
    """Open cases of a stage that one unit has, and since when in working days."""

    stage: str
    stage_label: str
    unit: str
    name: str
    n: int
    mean: float
    median: float
    longest: float


@dataclass(frozen=True)
class Hold:
    """Cases of a team on hold: how many are to be reviewed by now, or soon."""

    team: str
    name: str
    n: int
    late: int
    soon: int
    next_at: datetime


@dataclass(frozen=True)
class Pending:
    """Requests of a kind that wait for one role."""

    role: str
    role_label: str
    kind: str
    kind_label: str
    n: int
    late: int
    oldest: datetime


def ages(scope: Scope) -> list[Stage]:
    """Open cases by stage and by the days since they were reported; one query."""
    bands = [(label, *_days(scope.now, begin, end)) for begin, end, label in AGES]
    counted: dict[str, Any] = {
        f"n{n}": Count("pk", filter=_reported(first, last)) for n, (_label, first, last) in enumerate(bands)
    }
    rows = scope.cases().open().order_by().values("state").annotate(n=Count("pk"), oldest=Min("reported_at"), **counted)
    by_state: dict[str, dict[str, Any]] = {row["state"]: dict(row) for row in rows}
    return [
        Stage(
            key=state.value,
            label=str(state.label),
            n=row["n"],
            ages=[Age(label, row[f"n{n}"], first, last) for n, (label, first, last) in enumerate(bands)],
            oldest=row["oldest"],
        )
        for state in OPEN_STATES
        if (row := by_state.get(state.value))
    ]


def _days(now: datetime, begin: int, end: int | None) -> tuple[date | None, date]:
    today = timezone.localdate(now)
    return (None if end is None else today - timedelta(days=end)), today - timedelta(days=begin)


def _reported(first: date | None, last: date) -> Q:
    until = timezone.make_aware(datetime.combine(last + timedelta(days=1), time()))
    wanted = Q(reported_at__lt=until)
    return wanted & Q(reported_at__gte=timezone.make_aware(datetime.combine(first, time()))) if first else wanted


def waits(scope: Scope) -> list[Wait]:
    """Who has the open cases, and the working days since they were handed over; one query and two for the names."""
    handed = CaseEvent.objects.filter(case=OuterRef("pk"), type__in=HANDED_OVER).order_by("-seq").values("at")[:1]
    rows = scope.cases().open().order_by().annotate(since=Subquery(handed))
    calendar = limits.default_calendar()
    found: dict[tuple[str, str], list[float]] = {}
    for state, role, team, council, since, reported in rows.values_list(
        "state", "holder_role", "team", "council", "since", "reported_at"
    ).iterator(2000):
        waited = calendar.between(since or reported, scope.now)
        found.setdefault((state, _unit(role, team, council)), []).append(in_days(waited, calendar))
    names = _names(unit for _state, unit in found)
    order = {state.value: n for n, state in enumerate(OPEN_STATES)}
    listed = sorted(found.items(), key=lambda item: (order[item[0][0]], names[item[0][1]]))
    return [
        Wait(
            stage=state,
            stage_label=str(State(state).label),
            unit=unit,
            name=names[unit],
            n=len(days),
            mean=round(mean(days), 1),
            median=round(median(days), 1),
            longest=max(days),
        )
        for (state, unit), days in listed
    ]


def _unit(role: str, team: int | None, council: int | None) -> str:
    if role == Role.TEAM_MEMBER:
        return f"team-{team}"
    return f"council-{council}" if role == Role.SECRETARY and council else f"role-{role}"


def _names(units: Iterable[str]) -> dict[str, str]:
    parts = [(unit, *unit.split("-", 1)) for unit in set(units)]
    teams = Team.objects.in_bulk([int(key) for _unit, kind, key in parts if kind == "team"])
    councils = Council.objects.in_bulk([int(key) for _unit, kind, key in parts if kind == "council"])
    names = {}
    for unit, kind, key in parts:
        if kind == "role":
            names[unit] = str(Role(key).label)
        else:
            names[unit] = str((teams if kind == "team" else councils)[int(key)])
    return names


def waiting(scope: Scope, stage: str, unit: str) -> CaseQuerySet:
    """The cases behind one line of `waits`."""
    kind, _dash, key = unit.partition("-")
    found = scope.cases().open().filter(state=stage)
    if kind == "role":
        found = found.filter(holder_role=key)
        return found.filter(council=None) if key == Role.SECRETARY else found
    role = Role.TEAM_MEMBER if kind == "team" else Role.SECRETARY
    return found.filter(holder_role=role, **{kind: int(key) if key.isdecimal() and len(key) < 19 else 0})  # noqa: PLR2004


def _holding(scope: Scope) -> Any:
    return Clock.objects.filter(kind=ClockKind.HOLD_REVIEW, stopped_at=None, case__in=scope.cases())


def holds(scope: Scope) -> list[Hold]:
    """Cases on hold by team, with their review dates; one query."""
    late = Count("pk", filter=Q(due_at__lte=scope.now))
    soon = Count("pk", filter=Q(due_at__gt=scope.now, warn_at__lte=scope.now))
    rows = _holding(scope).order_by().values("case__team__code", "case__team__name")
    rows = rows.annotate(n=Count("pk"), late=late, soon=soon, next_at=Min("due_at")).order_by("case__team__name")
    return [
        Hold(row["case__team__code"], row["case__team__name"], row["n"], row["late"], row["soon"], row["next_at"])
        for row in rows
    ]


def held(scope: Scope, team: str, limit: str) -> CaseQuerySet:
    """The cases behind a number of `holds`."""
    clocks = _holding(scope).filter(case__team__code=team)
    if limit == "overdue":
        clocks = clocks.filter(due_at__lte=scope.now)
    elif limit == "soon":
        clocks = clocks.filter(due_at__gt=scope.now, warn_at__lte=scope.now)
    return scope.cases().filter(pk__in=clocks.values("case"))


def _pending(scope: Scope) -> Any:
    return Request.objects.filter(state=RequestState.ASKED, case__in=scope.cases())


def requests(scope: Scope) -> list[Pending]:
    """Requests that nobody has answered, by who decides and what is asked; one query."""
    late = Count("pk", filter=Q(clock__due_at__lte=scope.now))
    rows = _pending(scope).order_by().values("decider_role", "kind")
    found = [
        Pending(
            role=row["decider_role"],
            role_label=str(Role(row["decider_role"]).label),
            kind=row["kind"],
            kind_label=str(RequestKind(row["kind"]).label),
            n=row["n"],
            late=row["late"],
            oldest=row["oldest"],
        )
        for row in rows.annotate(n=Count("pk"), late=late, oldest=Min("asked_at"))
    ]
    order = RequestKind.values
    return sorted(found, key=lambda row: (row.role_label, order.index(row.kind)))


def asked(scope: Scope, role: str, kind: str, limit: str) -> CaseQuerySet:
    """The cases behind a number of `requests`: one has one open request of a kind."""
    found = _pending(scope).filter(decider_role=role, kind=kind)
    if limit == "overdue":
        found = found.filter(clock__due_at__lte=scope.now)
    return scope.cases().filter(pk__in=found.values("case"))
