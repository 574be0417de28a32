"""Which limits are past or near, and whose they are: the supervisor's list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from cases.models import Case, User
from cases.terms import OBLIGATIONS, ClockKind, Role
from workflows.case_page import holder_of
from workflows.commands.orders import OPEN
from workflows.lights import Light, clock_light
from workflows.models import Clock, SupervisionOrder

WATCHERS = (Role.SUPERVISOR, Role.LEADER, Role.DESK, Role.AUDITOR)
OF_THE_HOLDER = [kind for kind in ClockKind if kind not in OBLIGATIONS or kind == ClockKind.PROMISE]
URGERS = (Role.SUPERVISOR, Role.LEADER)
CASE_COLUMNS = ("area", "category", "team", "council", "handler", "holder_user")
OWED = ("request", "part__team", "order__team", "follow_up__owner", "objection__notice__council", "spot_check")
GROUPED = (
    *("case__holder_role", "case__team", "case__team__name", "case__council", "case__council__name"),
    *("kind", "request__decider_role", "part__team", "part__team__name", "order__team", "order__team__name"),
    *("follow_up__owner", "follow_up__owner__name"),
    *("objection__notice__council", "objection__notice__council__name"),
)


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
    order_pk: int | None  # of the order that is open about the case


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
    of_case = Q(kind__in=OF_THE_HOLDER)
    if kind in ("team", "council") and value.isdecimal() and len(value) < 19:  # noqa: PLR2004  # a column holds it
        roles = ["", Role.TEAM_MEMBER] if kind == "team" else [Role.SECRETARY]
        of_unit = of_case & Q(**{"case__holder_role__in": roles, f"case__{kind}": int(value)})
        if kind == "team":
            of_unit |= Q(part__team=int(value)) | Q(order__team=int(value)) | Q(follow_up__owner=int(value))
        return found.filter(of_unit)
    if kind == "role" and value in Role.values:
        return found.filter((of_case & Q(case__holder_role=value)) | Q(request__decider_role=value))
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
    if row["kind"] in (ClockKind.REQUEST, ClockKind.SPOT_CHECK):
        role = row["request__decider_role"] or Role.SUPERVISOR.value
        return f"role-{role}", str(Role(role).label)
    for owed in ("part__team", "order__team", "follow_up__owner"):
        if row[owed]:
            return f"team-{row[owed]}", str(row[f"{owed}__name"])
    if row["objection__notice__council"]:
        return f"council-{row['objection__notice__council']}", str(row["objection__notice__council__name"])
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
            holder=owed_by(clock),
            may_urge=clock.case.is_open and grants.covers(clock.case.area, *URGERS),
            order_pk=getattr(clock, "open_order", None),
        )
        for clock in found
    ]


def owed_by(clock: Clock) -> str:
    """Who owes what a clock measures: who decides on a request, the team of a part or an order, else the holder."""
    if clock.request is not None or clock.spot_check is not None:
        return str(Role(clock.request.decider_role if clock.request else Role.SUPERVISOR).label)
    if clock.part is not None:
        return str(clock.part.team)
    if clock.order is not None:
        return clock.order.unit
    if clock.follow_up is not None:
        return str(clock.follow_up.owner)
    if clock.objection is not None:
        return str(clock.objection.notice.council)
    return holder_of(clock.case) or str(clock.case.team or "")


def with_cases(found: QuerySet[Clock]) -> QuerySet[Clock]:
    """With everything that a row shows, and without the long texts that it does not."""
    long_columns = ("description", "search_terms", "extra", "result_text")
    open_order = SupervisionOrder.objects.filter(case=OuterRef("case"), state__in=OPEN).values("pk")[:1]
    found = found.annotate(open_order=Subquery(open_order))
    joined = found.select_related("policy", "calendar", *OWED, *(f"case__{name}" for name in CASE_COLUMNS))
    return joined.defer(*(f"case__{name}" for name in long_columns))
