"""What the pages of supervision orders show: who may see which, their lights, what may be done, the printed sheet."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.keyset import Order as Sorting
from cases.lib.masking import mask_text
from cases.models import Area, Case, CaseEvent, User
from cases.terms import EventType, OrderState, Role, State
from workflows import limits
from workflows import permissions as may
from workflows.case_page import MaskedReporter, holder_of, masked
from workflows.commands.orders import OPEN
from workflows.lights import DONE, OVERDUE, Light, clock_light
from workflows.models import Clock, SupervisionOrder
from workflows.timeline import OF_AN_ORDER, Entry, timeline

NEWEST = Sorting("issued_at", newest_first=True)
AT_ONCE = 500
MOST_STEPS = 8  # of the case on a printed sheet
PEOPLE = ("issued_by", "replied_by", "ended_by")
BADGES = {
    OrderState.ISSUED: "badge--amber",
    OrderState.REPLIED: "",
    OrderState.ACCEPTED: "badge--green",
    OrderState.WITHDRAWN: "badge--grey",
}


@dataclass(frozen=True)
class OrderView:
    """An order as a page shows it; `acts` are what the viewer may do about it now."""

    order: SupervisionOrder
    due_at: datetime
    light: Light
    badge: str
    title: str
    sees_case: bool
    acts: tuple[str, ...]
    clock: Clock


@dataclass(frozen=True)
class Step:
    """One move of the case on the sheet."""

    at: datetime
    what: str
    who: str


@dataclass(frozen=True)
class Sheet:
    """The printed order (督办单)."""

    view: OrderView
    office: str
    reporter: MaskedReporter | None
    place: str
    description: str
    holder: str
    steps: list[Step]


def visible_orders(viewer: User) -> QuerySet[SupervisionOrder]:
    """Orders about cases in scope, and those to the viewer's teams, whose case may have gone to others since."""
    seen = Q(case__in=Case.objects.visible_to(viewer)) | Q(team__in=viewer.grants().team_ids())
    return SupervisionOrder.objects.filter(seen)


def narrowed(found: QuerySet[SupervisionOrder], state: str) -> QuerySet[SupervisionOrder]:
    """To one state, or to those that are open; what is not understood narrows nothing."""
    if state == "open":
        return found.filter(state__in=OPEN)
    return found.filter(state=state) if state in OrderState.values else found


def counts(found: QuerySet[SupervisionOrder]) -> dict[str, int]:
    """How many there are in each state, and how many are open; one query."""
    rows = dict(found.order_by().values_list("state").annotate(Count("pk")))
    return {**rows, "open": sum(rows.get(state, 0) for state in OPEN)}


def with_clocks(found: QuerySet[SupervisionOrder]) -> QuerySet[SupervisionOrder]:
    """With all that a row or a box shows: two queries."""
    newest_first = Clock.objects.select_related("policy", "calendar").order_by("-pk")
    joined = found.select_related("team", "case__area", "case__holder_user", *PEOPLE)
    return joined.prefetch_related(Prefetch("clocks", newest_first))


def order_views(orders: Sequence[SupervisionOrder], viewer: User, *, now: datetime) -> list[OrderView]:
    """Orders read with `with_clocks`; one query tells which of their cases the viewer may open."""
    cases = {order.case_id for order in orders}
    seen = set(Case.objects.visible_to(viewer).filter(pk__in=cases).values_list("pk", flat=True)) if cases else set()
    return [_view(order, order.clocks.all()[0], viewer, now, sees_case=order.case_id in seen) for order in orders]


def all_views(orders: QuerySet[SupervisionOrder], viewer: User, *, now: datetime) -> Iterator[OrderView]:
    """Those of a whole list, read in parts."""
    rows = orders.iterator(chunk_size=AT_ONCE)
    while part := list(islice(rows, AT_ONCE)):
        yield from order_views(part, viewer, now=now)


def views_of_case(case: Case, viewer: User, *, now: datetime) -> list[OrderView]:
    """The orders about a case that is on the page, the newest first; its clocks have been read."""
    newest = {clock.order_id: clock for clock in sorted(case.clocks.all(), key=lambda c: c.pk) if clock.order_id}
    if not newest:
        return []
    orders = list(case.orders.select_related("team", *PEOPLE).order_by("-pk"))
    for order in orders:
        order.case = case
    return [_view(order, newest[order.pk], viewer, now, sees_case=True) for order in orders]


def _view(order: SupervisionOrder, clock: Clock, viewer: User, now: datetime, *, sees_case: bool) -> OrderView:
    return OrderView(
        order=order,
        due_at=clock.due_at,
        light=order_light(order, clock, now),
        badge=BADGES[OrderState(order.state)],
        title=mask_text(order.case.title),
        sees_case=sees_case,
        acts=tuple(acts(order, viewer)),
        clock=clock,
    )


def order_light(order: SupervisionOrder, clock: Clock, now: datetime) -> Light:
    """How long is left to reply; afterwards whether the reply came in time."""
    if order.state == OrderState.ISSUED:
        return clock_light(clock, now)
    if order.state == OrderState.WITHDRAWN:
        return Light(DONE, str(OrderState.WITHDRAWN.label))
    return Light(DONE, _("按时回复")) if clock.is_met else Light(OVERDUE, _("超期回复"))


def acts(order: SupervisionOrder, viewer: User) -> Iterable[str]:
    """What this person may do with the order now, the likely one first."""
    if order.state == OrderState.ISSUED and may.may_reply_to_order(order, viewer):
        yield "reply"
    if order.state == OrderState.REPLIED and may.may_judge_reply(order, viewer):
        yield from ("accept", "return")
    if order.state in OPEN and may.may_order(order.case, viewer):
        yield "withdraw"


def may_issue(case: Case, viewer: User, views: Sequence[OrderView]) -> bool:
    """Whether a new order may be issued now: by a supervisor or leader, one at a time."""
    return case.is_open and may.may_order(case, viewer) and all(view.order.state not in OPEN for view in views)


def history(order: SupervisionOrder) -> list[Entry]:
    """What happened to the order, the newest first: its own events and those of its clock."""
    events = order.case.events.filter(data__order=order.pk).select_related("actor").order_by("seq")
    known = {str(OF_AN_ORDER[key][0]) for key in ("number", "team")}  # the head of the page says it
    return [
        replace(entry, lines=[line for line in entry.lines if line[0] not in known])
        for entry in timeline(list(events), limits.default_calendar())
    ]


def sheet_of(view: OrderView) -> Sheet:
    """The sheet to print: the case as it stands now, nobody's particulars in it."""
    order, case = view.order, view.order.case
    return Sheet(
        view=view,
        office=office_of(order),
        reporter=masked(case.reporter) if case.reporter else None,
        place=mask_text(case.place),
        description=mask_text(case.description),
        holder=holder_of(case),
        steps=_steps(case),
    )


def office_of(order: SupervisionOrder) -> str:
    """In whose name the order was issued: the area for which its issuer was a supervisor or leader on that day."""
    case_path = order.case.area.path
    paths = order.issued_by.grants(on=timezone.localdate(order.issued_at)).area_paths([Role.SUPERVISOR, Role.LEADER])
    covering = [path for path in paths if case_path.startswith(path)]
    area = Area.objects.filter(path=max(covering, key=len)).first() if covering else None
    return area.name if area else ""


def _steps(case: Case) -> list[Step]:
    """The last moves of the case, oldest first."""
    state, moves = "", []
    for event in case.events.select_related("actor").order_by("seq"):
        if event.state != state:
            state = event.state
            moves.append(event)
    return [Step(event.at, _label(event), str(event.actor or "")) for event in moves[-MOST_STEPS:]]


def _label(event: CaseEvent) -> str:
    known = event.type in EventType.values
    return str(EventType(event.type).label if known else State(event.state).label)
