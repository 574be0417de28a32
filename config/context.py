"""What every page has besides its own: navigation by role, the source of this program, whether it is the demo."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from cases.models import User
from cases.models.campaign import CAMPAIGN_READERS
from cases.terms import Role
from notifications.selectors import unread_count
from workflows.audit_pages import AUDIT_READERS
from workflows.dashboard import OVERLOOKERS
from workflows.figure_pages import READERS
from workflows.overdue import WATCHERS
from workflows.permissions import LIMIT_READERS, may_report
from workflows.visit_pages import PLACE as VISITS

TYPE_COOKIE, LARGE = "type", "large"
IN_A_ROW = 7  # main pages beside each other on a desk
ASKERS = (Role.TEAM_MEMBER, Role.TEAM_LEADER, Role.DESK, Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER)
COUNCILLORS = (Role.SECRETARY, Role.SEAT, Role.SUPERVISOR, Role.LEADER, Role.AUDITOR)
CAMPAIGNERS = (*CAMPAIGN_READERS, Role.TEAM_MEMBER, Role.TEAM_LEADER, Role.AUDITOR, Role.ADMINISTRATOR)
ORDERED = (*WATCHERS, Role.TEAM_MEMBER, Role.TEAM_LEADER)


@dataclass(frozen=True)
class Place:
    """A main page: for whom (None: everybody), and where. The first four make the bar of a phone."""

    key: str
    url_name: str
    label: Promise | str
    icon: str
    roles: Iterable[Role] | None = None


@dataclass(frozen=True)
class NavItem:
    """One entry as the template shows it."""

    key: str
    url: str
    label: Promise | str
    icon: str
    active: bool
    count: int = 0
    is_more: bool = False  # stands behind 更多 on a desk, or the row would break


PLACES = (
    Place("home", "home", _("待办"), "inbox"),
    Place("ledger", "cases:ledger", _("台账"), "list"),
    Place("report", "workflows:report", _("上报"), "plus", may_report),
    Place("messages", "notifications:messages", _("消息"), "bell"),
    Place("overdue", "overdue", _("超期"), "clock", WATCHERS),
    Place("dashboard", "workflows:dashboard", _("总览"), "home", OVERLOOKERS),
    Place("requests", "workflows:requests", _("申请"), "council", ASKERS),
    Place("orders", "workflows:orders", _("督办"), "flag", ORDERED),
    Place("councils", "council:councils", _("议事"), "council", COUNCILLORS),
    Place("figures", "workflows:figures", _("数据"), "chart", READERS),
    Place("audit", "workflows:audit", _("审计"), "history", AUDIT_READERS),
    Place("limits", "workflows:limits", _("时限标准"), "file", LIMIT_READERS),
    Place("campaigns", "campaigns:campaigns", _("专项行动"), "star", CAMPAIGNERS),
    Place("visits", "campaigns:visits", _("走访"), "people", VISITS),
    Place("me", "me", _("我的"), "user"),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """The context of every template; `nav` costs nothing until a page shows it."""
    return {
        "nav": SimpleLazyObject(lambda: nav_of(request)),
        "source_url": settings.SOURCE_URL or reverse("source"),
        "demo": settings.DEMO,
        "is_large": request.COOKIES.get(TYPE_COOKIE) == LARGE,
    }


def nav_of(request: HttpRequest) -> list[NavItem]:
    """The main pages of this person; nothing for those who are not logged in."""
    viewer = getattr(request, "user", None)
    if not isinstance(viewer, User):
        return []
    grants = viewer.grants()
    items = []
    for place in PLACES:
        if place.roles is None or grants.has(*place.roles):
            url = reverse(place.url_name)
            count = unread_count(viewer) if place.key == "messages" else 0
            active = request.path == url
            items.append(NavItem(place.key, url, place.label, place.icon, active=active, count=count))
    if len(items) <= IN_A_ROW + 1:
        return items
    return [replace(item, is_more=n >= IN_A_ROW) for n, item in enumerate(items)]
