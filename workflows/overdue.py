"""Which limits are past or near, and whose they are: the supervisor's list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case as Choose
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.keyset import Order
from cases.models import Area, Case, Category, Team, User
from cases.selectors import LONG_COLUMNS, PRESSING
from cases.terms import OBLIGATIONS, OPEN_STATES, ClockKind, RequestKind, RequestState, Role
from workflows import desk_acts
from workflows.bands import Band
from workflows.case_page import holder_of
from workflows.lateness import Why, read_reasons
from workflows.lights import Light, clock_light
from workflows.models import Clock, Request

WATCHERS = (Role.SUPERVISOR, Role.LEADER, Role.DESK, Role.DISPATCHER, Role.TEAM_LEADER, Role.AUDITOR)
OF_THE_HOLDER = [kind for kind in ClockKind if kind not in OBLIGATIONS or kind == ClockKind.PROMISE]
NAMED = ("category", "team", "council", "handler", "holder_user")
OWED = ("request", "part__team", "order__team", "follow_up__owner", "objection__notice__council", "spot_check")
ANY_REQUEST = "any"
LONGEST_FIRST, JUST_NOW_FIRST = "", "newest"
ORDERS: tuple[tuple[str, Promise | str], ...] = (
    (LONGEST_FIRST, _("最早到期在前")),
    (JUST_NOW_FIRST, _("最晚到期在前")),
    ("team", _("按主办")),
    ("stage", _("按环节")),
    ("area", _("按区域")),
    ("category", _("按类别")),
    ("kind", _("按时限种类")),
)


def _ranked(field: str, values: Iterable[str]) -> Choose:
    whens = [When(**{field: value}, then=Value(f"{n:02}")) for n, value in enumerate(values)]
    return Choose(*whens, default=Value("99"), output_field=CharField())


GROUPS: dict[str, Any] = {
    "team": Coalesce("case__team__code", Value("")),
    "stage": _ranked("case__state", OPEN_STATES),
    "area": F("case__area__path"),
    "category": Coalesce("case__category__code", Value("")),
    "kind": _ranked("kind", ClockKind.values),
}


@dataclass(frozen=True)
class Narrowing:
    """What the list is narrowed to and how it is ordered; empty means any."""

    limit: str = ""  # "overdue" or "soon"
    band: Band | None = None
    unit: str = ""
    team: Team | None = None
    stage: str = ""
    area: Area | None = None
    category: Category | None = None
    kind: str = ""
    request: str = ""  # a kind, or "any": with an open request of it
    order: str = LONGEST_FIRST

    @property
    def sorting(self) -> Order:
        """The order of the page."""
        if self.order == JUST_NOW_FIRST:
            return Order("due_at", newest_first=True)
        return Order("due_at", group="grouped") if self.order in GROUPS else PRESSING

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for besides the order."""
        return any(getattr(self, name) for name in self.__dataclass_fields__ if name != "order")


@dataclass(frozen=True)
class OverdueRow:
    """The most pressing limit of a case, why it is late, and what the viewer can do about it."""

    clock: Clock
    case: Case
    light: Light
    holder: str
    why: Why
    acts: frozenset[str]


def pressing_clocks(viewer: User, *, now: datetime) -> QuerySet[Clock]:
    """Running limits in scope that are past or near: of each case the one that is due first."""
    near = Clock.objects.filter(stopped_at=None, paused_at=None, warn_at__lte=now)
    sooner = near.filter(
        Q(due_at__lt=OuterRef("due_at")) | Q(due_at=OuterRef("due_at"), pk__lt=OuterRef("pk")), case=OuterRef("case")
    )
    return near.filter(~Exists(sooner), Case.objects.seen_by(viewer, "case__"))


def narrowed(found: QuerySet[Clock], wanted: Narrowing, *, now: datetime) -> QuerySet[Clock]:
    """By everything that was asked for, with what the order needs."""
    facts = {
        "case__team": wanted.team,
        "case__state": wanted.stage,
        "case__category": wanted.category,
        "kind": wanted.kind,
        "case__area__path__startswith": wanted.area.path if wanted.area else "",
    }
    found = found.filter(**{name: value for name, value in facts.items() if value})
    if wanted.limit == "overdue":
        found = found.filter(due_at__lte=now)
    elif wanted.limit == "soon":
        found = found.filter(due_at__gt=now)
    if wanted.band:
        found = found.filter(wanted.band.holds())
    if wanted.request:
        found = found.filter(Exists(open_requests(wanted.request).filter(case=OuterRef("case"))))
    found = of_unit(found, wanted.unit)
    return found.annotate(grouped=GROUPS[wanted.order]) if wanted.order in GROUPS else found


def open_requests(kind: str = ANY_REQUEST) -> QuerySet[Request]:
    """Requests that nobody has decided on."""
    found = Request.objects.filter(state=RequestState.ASKED)
    return found if kind == ANY_REQUEST else found.filter(kind=RequestKind(kind))


def is_unit(unit: str) -> bool:
    """Whether it names a team or a council by its key, or a role."""
    kind, _dash, value = unit.partition("-")
    if kind == "role":
        return value in Role.values
    return kind in ("team", "council") and value.isdecimal() and len(value) < 19  # noqa: PLR2004  # a column holds it


def of_unit(found: QuerySet[Clock], unit: str) -> QuerySet[Clock]:
    """What one team, council or role owes; what is not understood narrows nothing."""
    if not is_unit(unit):
        return found
    kind, _dash, value = unit.partition("-")
    of_case = Q(kind__in=OF_THE_HOLDER) | Q(kind=ClockKind.ORDER, order__team=None)
    if kind in ("team", "council"):
        roles = ["", Role.TEAM_MEMBER] if kind == "team" else [Role.SECRETARY]
        owed = of_case & Q(**{"case__holder_role__in": roles, f"case__{kind}": int(value)})
        if kind == "team":
            owed |= Q(part__team=int(value)) | Q(order__team=int(value)) | Q(follow_up__owner=int(value))
        else:
            owed |= Q(objection__notice__council=int(value))
        return found.filter(owed)
    owed = (of_case & Q(case__holder_role=value)) | Q(request__decider_role=value)
    if value == Role.SUPERVISOR:
        owed |= Q(kind=ClockKind.SPOT_CHECK)
    return found.filter(owed)


def overdue_rows(found: Sequence[Clock], viewer: User, *, now: datetime) -> list[OverdueRow]:
    """Clocks, read with `with_cases`, as the page shows them; three queries however many."""
    reasons = read_reasons(found, now=now)
    return [
        OverdueRow(
            clock=clock,
            case=clock.case,
            light=clock_light(clock, now),
            holder=owed_by(clock),
            why=reasons[clock.pk],
            acts=desk_acts.acts_on(
                clock.case, viewer, reasons[clock.pk].requests, reasons[clock.pk].order,
                is_promised=clock.kind == ClockKind.PROMISE,
            ),
        )
        for clock in found
    ]  # fmt: skip


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
    """With everything that a row shows, and without the long texts that it does not.

    Names are read beside the rows: to plan a join of twenty tables took a hundred times as long as to run it.
    """
    joined = found.select_related("policy", "calendar", "case__area")
    beside = (*(f"case__{name}" for name in NAMED), *OWED)
    return joined.defer(*(f"case__{name}" for name in LONG_COLUMNS)).prefetch_related(*beside)
