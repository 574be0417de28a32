"""Asking for cases: the ledger with its filters, and who holds what. All start from `visible_to`."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from cases.commands import find_by_phone
from cases.keyset import Order
from cases.models import Area, Campaign, Case, Category, Team, User
from cases.permissions import REVEALING
from cases.querysets import CaseQuerySet
from cases.scope import below
from cases.terms import Role

NEWEST = Order("reported_at", newest_first=True)
PRESSING = Order("due_at")
ENDED = Order("closed_at", newest_first=True)
PHONE = re.compile(r"(?:\+?86)?1[3-9]\d{9}|0\d{9,11}")
SEPARATORS = re.compile(r"[\s\-—()（）]")
LONG_COLUMNS = ("description", "search_terms", "extra", "result_text")

# Roles that hold cases of their area; the other holders are teams and councils.
AREA_HOLDERS = (Role.DESK, Role.GRID_WORKER, Role.DISPATCHER, Role.SURVEY_DESK, Role.SUPERVISOR)


@dataclass(frozen=True)
class Filters:
    """What the ledger is narrowed to; empty means any."""

    words: str = ""
    state: str = ""  # a state, or "open" or "ended"
    category: Category | None = None
    area: Area | None = None
    team: Team | None = None
    source: str = ""
    campaign: Campaign | None = None
    reported_from: datetime | None = None
    reported_to: datetime | None = None  # excluded
    limit: str = ""  # "overdue" or "soon"
    later_than: int | None = None  # answered after more working days than this
    pressing: bool = False  # most pressing first: open cases only


def case_list(viewer: User | None, filters: Filters, *, now: datetime) -> CaseQuerySet:
    """The ledger: what the viewer may see (None: the command line, everything), narrowed; neither ordered nor paged."""
    found = Case.objects.visible_to(viewer) if viewer else Case.objects.all()
    if filters.state == "open" or filters.pressing:
        found = found.open()
    if filters.state == "ended":
        found = found.ended()
    elif filters.state not in ("", "open"):
        found = found.filter(state=filters.state)
    if filters.limit == "overdue":
        found = found.overdue(now)
    elif filters.limit == "soon":
        found = found.due_soon(now)
    found = found.filter(_facts(filters))
    return by_words(found, viewer, filters.words) if filters.words else found


def _facts(filters: Filters) -> Q:
    wanted = Q()
    if filters.category:
        wanted &= Q(category=filters.category)
    if filters.area:
        wanted &= Q(area__path__startswith=filters.area.path)
    if filters.team:
        wanted &= Q(team=filters.team)
    if filters.campaign:
        wanted &= Q(campaign=filters.campaign)
    if filters.source:
        wanted &= Q(source=filters.source)
    if filters.reported_from:
        wanted &= Q(reported_at__gte=filters.reported_from)
    if filters.reported_to:
        wanted &= Q(reported_at__lt=filters.reported_to)
    if filters.later_than is not None:
        wanted &= Q(answer_workdays__gt=filters.later_than)
    return wanted


def in_order(found: CaseQuerySet, filters: Filters) -> CaseQuerySet:
    """In the order that the filters ask for."""
    order = PRESSING if filters.pressing else NEWEST
    return found.order_by(*order.columns)


def by_words(found: CaseQuerySet, viewer: User | None, words: str) -> CaseQuerySet:
    """By number, external number or words; a whole phone number finds its reporter's cases.

    A phone is looked for only in cases whose reporter the viewer may be shown, and never in the text: otherwise
    the search would tell whose number it is.
    """
    digits = SEPARATORS.sub("", words)
    if not PHONE.fullmatch(digits):
        return found.matching(words)
    reporters = Q(reporter__in=find_by_phone(digits))
    return found.filter(
        Q(external_ref=words.strip()) | (reporters & may_be_revealed_to(viewer) if viewer else reporters)
    )


def may_be_revealed_to(viewer: User) -> Q:
    """`permissions.can_reveal_reporter`, for a whole list."""
    grants = viewer.grants()
    handled = Q(handler=viewer, team__in=grants.team_ids())
    return Q(reported_by=viewer) | handled | below(grants.area_paths(REVEALING), "area")


def held_by(viewer: User) -> Q:
    """Whom the case waits for: this person by name, or one of their roles while nobody is named.

    Somebody who left holds nothing any more, so their cases come back to the role.
    """
    grants = viewer.grants()
    roles = Q(pk__in=[])
    for role in AREA_HOLDERS:
        for path in grants.area_paths([role]):
            roles |= Q(holder_role=role, area__path__startswith=path)
    if teams := grants.team_ids():
        roles |= Q(holder_role=Role.TEAM_MEMBER, team__in=teams)
    if councils := [g.council_id for g in grants.held if g.role == Role.SECRETARY and g.council_id]:
        roles |= Q(holder_role=Role.SECRETARY, council__in=councils)
    return Q(holder_user=viewer) | ((Q(holder_user=None) | Q(holder_user__is_active=False)) & roles)


def listed(found: CaseQuerySet) -> CaseQuerySet:
    """With everything that a row shows, and without the long texts that it does not."""
    return found.select_related("area", "category", "team", "council", "handler", "holder_user").defer(*LONG_COLUMNS)
