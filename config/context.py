"""What every page has besides its own: navigation by role, the source of this program, whether it is the demo."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from cases.models import User
from cases.terms import Role
from notifications.selectors import unread_count
from workflows.overdue import WATCHERS
from workflows.permissions import may_report

ASKERS = (Role.TEAM_MEMBER, Role.TEAM_LEADER, Role.DESK, Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER)


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


PLACES = (
    Place("home", "home", _("待办"), "inbox"),
    Place("ledger", "cases:ledger", _("台账"), "list"),
    Place("report", "workflows:report", _("上报"), "plus", may_report),
    Place("messages", "notifications:messages", _("消息"), "bell"),
    Place("overdue", "overdue", _("超期"), "clock", WATCHERS),
    Place("requests", "workflows:requests", _("申请"), "council", ASKERS),
    Place("me", "me", _("我的"), "user"),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """The context of every template; `nav` costs nothing until a page shows it."""
    return {
        "nav": SimpleLazyObject(lambda: nav_of(request)),
        "source_url": settings.SOURCE_URL or reverse("source"),
        "demo": settings.DEMO,
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
    return items
