"""What waits for a person: their four lists, the requests they decide on, the parts their teams owe."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F, Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.council_terms import FollowUpState
from cases.keyset import Order, counted
from cases.models import Case, CaseEvent, User
from cases.querysets import CaseQuerySet
from cases.scope import below
from cases.selectors import ENDED, NEWEST, PRESSING, held_by, listed
from cases.terms import ClockKind, OrderState, RequestKind, Role, State
from workflows.case_page import holder_of
from workflows.council_pages.follow_ups import waiting_clocks
from workflows.flows.approval import requests_to_decide
from workflows.leaves import covered_cases, standing_in
from workflows.lights import DONE, OVERDUE, Light, clock_light, done, provisional_year
from workflows.models import Clock, Leave, Part
from workflows.sla import STAGE_CLOCK

MOST_COUNTED = 999  # a tab says "999+" rather than count on
MOST_ERRANDS = 50


class Tab(TextChoices):
    """The four lists of everybody's home page."""

    TODO = "todo", _("待办")
    DOING = "doing", _("在办")
    DONE = "done", _("已办")
    ENDED = "ended", _("办结")


ORDERS: dict[Tab, Order] = {Tab.TODO: PRESSING, Tab.DOING: PRESSING, Tab.DONE: NEWEST, Tab.ENDED: ENDED}


@dataclass(frozen=True)
class Row:
    """A case as a list shows it."""

    case: Case
    light: Light
    holder: str


@dataclass(frozen=True)
class Errand:
    """Something asked of the viewer beside a case that somebody else holds."""

    case: Case
    kind: str
    who: str
    words: str
    clock: Clock
    light: Light | None = None


def tab_cases(viewer: User, tab: Tab) -> CaseQuerySet:
    """What one of the four lists holds: mine now; begun or acted in by me and with others; acted in; ended."""
    visible = Case.objects.visible_to(viewer)
    acted = Q(pk__in=CaseEvent.objects.filter(actor=viewer).values("case_id"))
    part = acted | Q(reported_by=viewer)
    if tab == Tab.TODO:
        return visible.open().filter(held_by(viewer))
    if tab == Tab.DOING:
        return visible.open().filter(part).exclude(pk__in=_held_now(viewer))
    if tab == Tab.DONE:
        return visible.filter(acted).exclude(pk__in=_held_now(viewer))
    return visible.ended().filter(part | Q(handler=viewer))


def _held_now(viewer: User) -> QuerySet[Case, int]:
    # A negated Q over nullable joins loses the rows where they are NULL, a subquery of keys does not.
    return Case.objects.open().filter(held_by(viewer)).values_list("pk", flat=True)


def tab_counts(viewer: User) -> dict[Tab, str]:
    """How many each list holds, as its tab says it; one bounded query each."""
    return {tab: _capped(tab_cases(viewer, tab)) for tab in Tab}


def _capped(found: CaseQuerySet) -> str:
    n, is_exact = counted(found, MOST_COUNTED)
    return str(n) if is_exact else f"{n}+"


def owed_parts(viewer: User) -> QuerySet[Part]:
    """What the viewer's teams owe as co-handlers, most pressing first."""
    parts = Part.objects.filter(joint__closed_at=None, answered_at=None, team__in=viewer.grants().team_ids())
    joined = parts.select_related("team", "joint__case", "clock__policy", "clock__calendar")
    return joined.order_by("clock__due_at", "pk")


def rows_of(cases: Sequence[Case], *, now: datetime) -> list[Row]:
    """Each case with the light of its stage and its holder; one query however many cases."""
    stages = {case.pk: STAGE_CLOCK.get(State(case.state)) for case in cases}
    live = Clock.objects.filter(case__in=list(stages), kind__in=set(stages.values()) - {None}, stopped_at=None)
    lights = {
        clock.case_id: clock_light(clock, now)
        for clock in live.select_related("policy", "calendar")
        if clock.kind == stages[clock.case_id]
    }
    return [Row(case, lights.get(case.pk) or done(case.closed_at), holder_of(case)) for case in cases]


def stage_provisional_year(case: Case) -> int:
    """The year without a notice that the limit of a case's stage falls in, else 0; one query."""
    stage = STAGE_CLOCK.get(State(case.state))
    live = case.clocks.filter(kind=stage, stopped_at=None).select_related("policy", "calendar") if stage else []
    return next((provisional_year(clock) for clock in live), 0)


@dataclass(frozen=True)
class Covered:
    """What is in the name of somebody who is away, shown to who stands in for them."""

    leave: Leave
    rows: list[Row]


def covered(viewer: User, *, now: datetime) -> list[Covered]:
    """For whom the viewer stands in today, with the cases in their name that the viewer sees."""
    return [
        Covered(leave, rows_of(list(listed(covered_cases(viewer, leave.user))[:MOST_ERRANDS]), now=now))
        for leave in standing_in(viewer, timezone.localdate(now))
    ]


def order_clocks(viewer: User) -> QuerySet[Clock]:
    """Of supervision orders: those that the viewer must reply to, and replies that wait for the viewer's word.

    The query form of `permissions.may_reply_to_order` and, for supervisors and issuers, of `may_judge_reply`.
    """
    grants = viewer.grants()
    teams = grants.team_ids()
    at_desk = Q(order__team=None)
    to_me = Q(order__team__in=teams) | (at_desk & Q(case__in=Case.objects.filter(held_by(viewer))))
    to_me |= at_desk & Q(case__holder_role="", case__team__in=teams)
    for path in grants.area_paths([Role.DESK]):
        to_me |= at_desk & Q(case__holder_role="", case__team=None, case__area__path__startswith=path)
    mine = Q(order__issued_by=viewer)
    for path in grants.area_paths([Role.SUPERVISOR]):
        mine |= Q(case__area__path__startswith=path)
    owed = Q(order__state=OrderState.ISSUED, stopped_at=None) & to_me
    replied = (
        Q(order__state=OrderState.REPLIED, stopped_at=F("order__replied_at")) & mine & ~Q(order__replied_by=viewer)
    )
    found = Clock.objects.filter(owed | replied, kind=ClockKind.ORDER)
    joined = ("policy", "calendar", "case__area", "order__issued_by", "order__replied_by")
    return found.select_related(*joined).order_by("due_at", "pk")


def _order_errand(clock: Clock, now: datetime) -> Errand:
    order = clock.order
    if order is None:
        raise ValueError(f"Clock {clock.pk} of an order has none")
    kind = gettext("督办%(number)s") % {"number": order.number}
    if order.state == OrderState.ISSUED:
        return Errand(clock.case, kind, str(order.issued_by), order.demand, clock, clock_light(clock, now))
    waits = Light(DONE if clock.is_met else OVERDUE, gettext("已回复，待销号"))
    return Errand(clock.case, kind, str(order.replied_by), order.reply, clock, waits)


def _follow_up_errand(clock: Clock) -> Errand:
    follow_up = clock.follow_up
    if follow_up is None:
        raise ValueError(f"Clock {clock.pk} of a follow-up has none")
    kind = gettext("决议落实")
    if follow_up.state != FollowUpState.DONE:
        return Errand(clock.case, kind, follow_up.decision.number, follow_up.what, clock)
    waits = Light(DONE if clock.is_met else OVERDUE, gettext("已报完成，待验收"))
    return Errand(clock.case, kind, str(follow_up.done_by), follow_up.what, clock, waits)


def promise_clocks(viewer: User) -> QuerySet[Clock]:
    """What the viewer's teams promised a resident and have not said to be kept; it outlives the case."""
    rows = Clock.objects.filter(kind=ClockKind.PROMISE, stopped_at=None, case__team__in=viewer.grants().team_ids())
    return rows.select_related("policy", "calendar", "case__area", "case__team").order_by("due_at", "pk")


def check_clocks(viewer: User) -> QuerySet[Clock]:
    """Of verified cases that were drawn to be looked at again, in the areas that the viewer supervises."""
    within = below(viewer.grants().area_paths([Role.SUPERVISOR]), "case__area")
    rows = Clock.objects.filter(within, kind=ClockKind.SPOT_CHECK, stopped_at=None)
    return rows.select_related("policy", "calendar", "case__area", "case__team").order_by("due_at", "pk")


def errands(viewer: User, *, now: datetime) -> list[Errand]:
    """What is to be decided, answered, replied to, checked or done as decided or promised, most pressing first."""
    asked = [
        Errand(row.case, str(RequestKind(row.kind).label), str(row.asked_by), row.reason, row.clock)
        for row in requests_to_decide(viewer)[:MOST_ERRANDS]
    ]
    owed = [
        Errand(row.joint.case, str(_("协办")), str(row.team), row.task, row.clock)
        for row in owed_parts(viewer)[:MOST_ERRANDS]
    ]
    ordered = [_order_errand(clock, now) for clock in order_clocks(viewer)[:MOST_ERRANDS]]
    decided = [_follow_up_errand(clock) for clock in waiting_clocks(viewer)[:MOST_ERRANDS]]
    drawn = [
        Errand(clock.case, gettext("抽查"), str(clock.case.team or ""), clock.case.result_text, clock)
        for clock in check_clocks(viewer)[:MOST_ERRANDS]
    ]
    promised = [
        Errand(clock.case, gettext("承诺"), str(clock.case.team), clock.case.result_text, clock)
        for clock in promise_clocks(viewer)[:MOST_ERRANDS]
    ]
    found = sorted(asked + owed + ordered + decided + drawn + promised, key=lambda errand: errand.clock.due_at)
    return [errand if errand.light else replace(errand, light=clock_light(errand.clock, now)) for errand in found]
