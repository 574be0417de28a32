"""What waits for a person: their four lists, the requests they decide on, the parts their teams owe."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from cases.keyset import Order, counted
from cases.models import Case, CaseEvent, User
from cases.querysets import CaseQuerySet
from cases.selectors import ENDED, NEWEST, PRESSING, held_by
from cases.terms import RequestKind, State
from workflows import clocks, sla
from workflows.calendars import WorkCalendar
from workflows.case_page import holder_of
from workflows.flows.approval import requests_to_decide
from workflows.lights import Light, done, light
from workflows.models import Clock, Part

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
    due_at: datetime
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
    return parts.select_related("team", "joint__case").order_by("due_at", "pk")


def rows_of(cases: Sequence[Case], *, now: datetime) -> list[Row]:
    """Each case with the light of its stage and its holder; one query however many cases."""
    stages = {case.pk: clocks.STAGE_CLOCK.get(State(case.state)) for case in cases}
    live = Clock.objects.filter(case__in=list(stages), kind__in=set(stages.values()) - {None}, stopped_at=None)
    lights = {
        clock.case_id: clock_light(clock, now)
        for clock in live.select_related("policy__calendar")
        if clock.kind == stages[clock.case_id]
    }
    return [Row(case, lights.get(case.pk) or done(case.closed_at), holder_of(case)) for case in cases]


def clock_light(clock: Clock, now: datetime) -> Light:
    """The light of a running clock, counted in its own unit by its own calendar."""
    calendar = clocks.work_calendar(clock.policy.calendar)
    working = clock.policy.unit in sla.WORKING_UNITS
    return light(now, due_at=clock.due_at, warn_at=clock.warn_at, calendar=calendar, working=working)


def errands(viewer: User, *, now: datetime) -> list[Errand]:
    """Requests to decide on and parts to answer, most pressing first; three queries."""
    calendar = clocks.default_calendar()
    asked = [
        Errand(row.case, str(RequestKind(row.kind).label), str(row.asked_by), row.reason, row.due_at)
        for row in requests_to_decide(viewer)[:MOST_ERRANDS]
    ]
    owed = [
        Errand(row.joint.case, str(_("协办")), str(row.team), row.task, row.due_at)
        for row in owed_parts(viewer)[:MOST_ERRANDS]
    ]
    found = sorted(asked + owed, key=lambda errand: errand.due_at)
    return [replace(errand, light=_near_light(errand.due_at, now, calendar)) for errand in found]


def _near_light(due_at: datetime, now: datetime, calendar: WorkCalendar) -> Light:
    """Requests and parts have no warning of their own: the last working day is near."""
    is_near = sla.workdays_between(calendar, now, due_at) <= 1 if due_at > now else True
    return light(now, due_at=due_at, warn_at=now if is_near else due_at, calendar=calendar)
