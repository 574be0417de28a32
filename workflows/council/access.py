"""Who may see a council, and who may act in it: pure predicates, and the one door to read."""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet

from cases.models import Council, Seat, User
from cases.terms import Role

WATCHERS = (
    Role.GRID_WORKER, Role.DESK, Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER, Role.TEAM_LEADER, Role.TEAM_MEMBER,
)  # fmt: skip


def councils_visible_to(viewer: User) -> QuerySet[Council]:
    """Those that somebody sits in or prepares, and those of the areas that their roles or teams cover."""
    grants = viewer.grants()
    if grants.has(Role.AUDITOR):
        return Council.objects.all()
    seen = Q(pk__in=grants.council_ids()) | Q(pk__in=Seat.objects.filter(user=viewer).values("party__council"))
    for path in {*grants.area_paths(WATCHERS), *grants.posted_paths}:
        seen |= Q(area__path__startswith=path)
    return Council.objects.filter(seen)


def visible(viewer: User, rows: QuerySet[Any], path: str = "council") -> QuerySet[Any]:
    """Rows of the councils that this person may see; `path` leads from a row to its council."""
    return rows.filter(**{f"{path}__in": councils_visible_to(viewer).values("pk")})


def is_secretary_of(council: Council, actor: User) -> bool:
    """Prepares its meetings and keeps its records."""
    return actor.grants().in_council(council.pk, Role.SECRETARY)


def is_overseer_of(council: Council, actor: User) -> bool:
    """A supervisor or leader of its area: the second person, and the one to appeal to."""
    return actor.grants().covers(council.area, Role.SUPERVISOR, Role.LEADER)


def seat_of(council: Council, actor: User, day: date) -> Seat | None:
    """The seat of a person on a day."""
    seats = Seat.objects.on(day).filter(party__council=council, user=actor)
    return seats.select_related("party").first()


def require_secretary(council: Council, actor: User, what: str) -> None:
    """Raises PermissionDenied."""
    if not is_secretary_of(council, actor):
        raise PermissionDenied(what)


def require_overseer(council: Council, actor: User, what: str) -> None:
    """Raises PermissionDenied."""
    if not is_overseer_of(council, actor):
        raise PermissionDenied(what)
