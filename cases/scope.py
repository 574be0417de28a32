"""What the roles of a person reach: areas by subtree, teams, councils."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from django.db.models import Q

from cases.terms import Role


def below(paths: Iterable[str], *places: str) -> Q:
    """Rows that lie in one of these subtrees by one of these ways to their area; without any, areas themselves.

    Of no subtree there is no row.
    """
    reach = Q(pk__in=[])
    for path in paths:
        for name in [f"{place}__path" for place in places] or ["path"]:
            reach |= Q(**{f"{name}__startswith": path})
    return reach


class Placed(Protocol):
    """What scope needs to know of an area."""

    path: str


@dataclass(frozen=True)
class Grant:
    """One role for an area (by its tree path), a team or a council."""

    role: Role
    area_path: str | None = None
    team_id: int | None = None
    council_id: int | None = None


@dataclass(frozen=True)
class Grants:
    """Everything that one person holds on one day."""

    user_id: int
    held: tuple[Grant, ...]
    load_postings: Callable[[], tuple[str, ...]]

    @cached_property
    def posted_paths(self) -> tuple[str, ...]:
        """Areas in which the person's teams are stationed."""
        return self.load_postings() if self.team_ids() else ()

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(grant.role for grant in self.held)

    def has(self, *roles: Role) -> bool:
        """Whether one of the roles is held, for whatever unit."""
        return any(grant.role in roles for grant in self.held)

    def covers(self, area: Placed, *roles: Role) -> bool:
        """Whether one of the roles is held for this area or one above it."""
        return any(g.role in roles and g.area_path is not None and area.path.startswith(g.area_path) for g in self.held)

    def in_team(self, team_id: int | None, *roles: Role) -> bool:
        """Whether the person is in this team, in one of the roles when given."""
        return team_id is not None and any(g.team_id == team_id and (not roles or g.role in roles) for g in self.held)

    def in_council(self, council_id: int | None, *roles: Role) -> bool:
        """Whether one of the roles is held in this council."""
        return council_id is not None and any(g.council_id == council_id and g.role in roles for g in self.held)

    def area_paths(self, roles: Iterable[Role]) -> tuple[str, ...]:
        """The subtrees for which one of the roles is held."""
        wanted = frozenset(roles)
        return tuple(g.area_path for g in self.held if g.area_path is not None and g.role in wanted)

    def team_ids(self, *roles: Role) -> tuple[int, ...]:
        """The teams of the person, in one of the roles when given."""
        return tuple(g.team_id for g in self.held if g.team_id is not None and (not roles or g.role in roles))

    def council_ids(self) -> tuple[int, ...]:
        """The councils of the person."""
        return tuple(g.council_id for g in self.held if g.council_id is not None)
