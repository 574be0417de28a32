"""Who holds which role, who asked, whose cases were merged: read for a whole batch of events with a few queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from cases.models import Area, Case, CaseEvent, Reporter, RoleAssignment
from cases.terms import Role, State
from workflows.models import Request, SupervisionOrder

TEAM_ROLES = (Role.TEAM_MEMBER, Role.TEAM_LEADER)
Held = dict[tuple[str, Any], set[int]]


@dataclass(frozen=True)
class Directory:
    """Active people by role and unit on one day, and what the events of a batch refer to."""

    by_area: Held = field(default_factory=lambda: defaultdict(set))
    by_team: Held = field(default_factory=lambda: defaultdict(set))
    by_council: Held = field(default_factory=lambda: defaultdict(set))
    requests: dict[int, Request] = field(default_factory=dict)
    orders: dict[int, SupervisionOrder] = field(default_factory=dict)
    merged: dict[int, list[Reporter]] = field(default_factory=dict)  # by main case

    @classmethod
    def read(cls, events: Sequence[CaseEvent], day: date) -> Self:
        """Two queries and one more for requests and for orders, however many events."""
        directory = cls()
        directory._read_roles(events, day)
        asked = {pk for event in events if (pk := event.data.get("request"))}
        if asked:
            rows = Request.objects.select_related("asked_by").in_bulk(asked)
            directory.requests.update(rows)
        ordered = {pk for event in events if (pk := event.data.get("order"))}
        if ordered:
            directory.orders.update(SupervisionOrder.objects.select_related("issued_by", "replied_by").in_bulk(ordered))
        merged = Case.objects.filter(main_case__in={e.case_id for e in events}, state=State.MERGED)
        for case in merged.exclude(reporter=None).select_related("reporter").order_by("pk"):
            if case.main_case_id and case.reporter:
                directory.merged.setdefault(case.main_case_id, []).append(case.reporter)
        return directory

    def _read_roles(self, events: Sequence[CaseEvent], day: date) -> None:
        paths = {path for event in events for path in above(event.area.path)}
        teams = {team for event in events for team in teams_of(event)}
        councils = {pk for event in events for pk in councils_of(event)}
        rows = RoleAssignment.objects.on(day).filter(user__is_active=True)
        wanted = rows.filter(area__path__in=paths) | rows.filter(team__in=teams) | rows.filter(council__in=councils)
        for user, role, path, team, council in wanted.values_list(
            "user_id", "role", "area__path", "team_id", "council_id"
        ):
            for held, unit in ((self.by_area, path), (self.by_team, team), (self.by_council, council)):
                if unit is not None:
                    held[role, unit].add(user)

    def nearest(self, role: str, path: str, without: Iterable[int | None] = ()) -> set[int]:
        """Holders of a role for the area, or for the nearest one above it that has any: not all up to the district."""
        for unit in above(path):
            if found := self.by_area[role, unit] - set(without):
                return found
        return set()

    def team(self, team_id: int | None, *roles: Role) -> set[int]:
        """The people of a team, in one of the roles when given."""
        return {user for role in roles or TEAM_ROLES for user in self.by_team[role, team_id]}


def above(path: str) -> list[str]:
    """The tree paths of an area and of everything above it, nearest first."""
    return [path[:n] for n in range(len(path), 0, -Area.steplen)]


def teams_of(event: CaseEvent) -> set[int]:
    """Every team that a case or its event names."""
    data = event.data
    named = [event.case.team_id if event.case_id else None, data.get("team")]
    named += [row.get("team") for row in data.get("co_handlers") or ()]
    named += [row.get("owner") for row in data.get("follow_ups") or ()]
    return {team for team in named if team}


def councils_of(event: CaseEvent) -> set[int]:
    """Every council that an event happened in or names, or that its case is with."""
    named = (event.council_id, event.data.get("council"), event.case.council_id if event.case_id else None)
    return {pk for pk in named if pk}
