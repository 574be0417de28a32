"""Which limits are past or near, and whose they are: the supervisor's list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from cases.models import Case, User
from cases.terms import Role
from workflows.case_page import holder_of
from workflows.inboxes import clock_light
from workflows.lights import Light
from workflows.models import Clock

WATCHERS = (Role.SUPERVISOR, Role.LEADER, Role.DESK, Role.AUDITOR)
URGERS = (Role.SUPERVISOR, Role.LEADER)
CASE_COLUMNS = ("area", "category", "team", "council", "handler", "holder_user")
GROUPED = ("case__holder_role", "case__team", "case__team__name", "case__council", "case__council__name")


@dataclass(frozen=True)
class Unit:
    """Somebody who has overdue or nearly overdue cases; `key` narrows the list to them."""

    key: str
    name: str
    overdue: int
    soon: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.overdue + self.soon


@dataclass(frozen=True)
class OverdueRow:
    """The most pressing limit of a case."""

    clock: Clock
    case: Case
    light: Light
    holder: str
    may_urge: bool


def pressing_clocks(viewer: User, *, now: datetime) -> QuerySet[Clock]:
    """Running limits in scope that are past or near: of each case the one that is due first."""
    near = Clock.objects.filter(stopped_at=None, paused_at=None, warn_at__lte=now)
    sooner = near.filter(
        Q(due_at__lt=OuterRef("due_at")) | Q(due_at=OuterRef("due_at"), pk__lt=OuterRef("pk")), case=OuterRef("case")
    )
    return near.filter(~Exists(sooner), case__in=Case.objects.visible_to(viewer))


def narrowed(found: QuerySet[Clock], *, unit: str, limit: str, now: datetime) -> QuerySet[Clock]:
    """To one unit, to what is past, or to what is near; what is not understood narrows nothing."""
    if limit == "overdue":
        found = found.filter(due_at__lte=now)
    elif limit == "soon":
        found = found.filter(due_at__gt=now)
    kind, _dash, value = unit.partition("-")
    if kind in ("team", "council") and value.isdecimal() and len(value) < 19:  # noqa: PLR2004  # a column holds it
        roles = ["", Role.TEAM_MEMBER] if kind == "team" else [Role.SECRETARY]
        return found.filter(**{"case__holder_role__in": roles, f"case__{kind}": int(value)})
    if kind == "role" and value in Role.values:
        return found.filter(case__holder_role=value)
    return found


def units_of(found: QuerySet[Clock], *, now: datetime) -> list[Unit]:
    """Counts for each team, council or role that has one of these, the most overdue first; one query."""
    rows = found.order_by().values(*GROUPED).annotate(total=Count("pk"), late=Count("pk", filter=Q(due_at__lte=now)))
    summed: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        counts = summed.setdefault(_unit(row), [0, 0])
        counts[0] += row["late"]
        counts[1] += row["total"] - row["late"]
    units = [Unit(key, name, late, near) for (key, name), (late, near) in summed.items()]
    return sorted(units, key=lambda unit: (-unit.overdue, -unit.soon, unit.name))


def _unit(row: dict[str, Any]) -> tuple[str, str]:
    role = row["case__holder_role"]
    if role in ("", Role.TEAM_MEMBER) and row["case__team"]:  # a promise outlives its case: the team owes it
        return f"team-{row['case__team']}", str(row["case__team__name"])
    if role == Role.SECRETARY and row["case__council"]:
        return f"council-{row['case__council']}", str(row["case__council__name"])
    return (f"role-{role}", str(Role(role).label)) if role else ("", str(_("无责任单位")))


def overdue_rows(found: Iterable[Clock], viewer: User, *, now: datetime) -> list[OverdueRow]:
    """Clocks, read with `with_cases`, as the page shows them."""
    grants = viewer.grants()
    return [
        OverdueRow(
            clock=clock,
            case=clock.case,
            light=clock_light(clock, now),
            holder=holder_of(clock.case) or str(clock.case.team or ""),
            may_urge=clock.case.is_open and grants.covers(clock.case.area, *URGERS),
        )
        for clock in found
    ]


def with_cases(found: QuerySet[Clock]) -> QuerySet[Clock]:
    """With everything that a row shows, and without the long texts that it does not."""
    long_columns = ("description", "search_terms", "extra", "result_text")
    joined = found.select_related("policy__calendar", *(f"case__{name}" for name in CASE_COLUMNS))
    return joined.defer(*(f"case__{name}" for name in long_columns))
