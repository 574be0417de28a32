"""What went back and forth over some weeks: returns between a place and a team, reworks, received against closed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from cases.models import Area, CaseEvent, Team
from cases.querysets import CaseQuerySet
from cases.terms import END_STATES, EventType
from workflows.workload.scope import Scope

E = EventType
STREETS = 2  # levels of the tree: cases are dispatched for a street or the district above it
TWICE = 2


@dataclass
class Pair:
    """A place and a team between which cases were sent and returned."""

    area: str
    area_name: str
    team: str
    team_name: str
    times: int = 0
    cases: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)  # sent to the same team once more

    @property
    def n(self) -> int:
        """How many cases."""
        return len(self.cases)

    @property
    def n_again(self) -> int:
        """How many went back to where they had come from."""
        return len(self.again)


@dataclass
class Loop:
    """Cases of a team that a verifier sent back."""

    team: str
    name: str
    times: dict[int, int] = field(default_factory=dict)  # of each case

    @property
    def n(self) -> int:
        """How many cases."""
        return len(self.times)

    @property
    def total(self) -> int:
        """How often in all."""
        return sum(self.times.values())

    @property
    def n_more(self) -> int:
        """How many cases came back more than once."""
        return sum(n >= TWICE for n in self.times.values())


@dataclass
class Balance:
    """What a team received and what it closed."""

    team: str
    name: str
    received: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)

    @property
    def n_received(self) -> int:
        """How many cases it was given."""
        return len(self.received)

    @property
    def n_closed(self) -> int:
        """How many of its cases have ended."""
        return len(self.closed)

    @property
    def more(self) -> int:
        """How many more it received than it closed; below zero the other way round."""
        return len(self.received) - len(self.closed)


def pairs(scope: Scope) -> list[Pair]:
    """Returns of the period, by the street of the case and the team that returned it; two queries and the names."""
    returned = CaseEvent.objects.filter(type=E.RETURNED_TO_DISPATCH, at__gte=scope.since, case__in=scope.cases())
    events = CaseEvent.objects.filter(
        case__in=returned.order_by().values("case"), type__in=(E.DISPATCHED, E.RETURNED_TO_DISPATCH)
    ).order_by("case", "seq")
    found: dict[tuple[str, int], Pair] = {}
    case, last = None, None  # the pair of the newest return of this case
    for case_id, path, kind, at, data in events.values_list("case", "case__area__path", "type", "at", "data"):
        if case_id != case:
            case, last = case_id, None
        if kind == E.RETURNED_TO_DISPATCH:
            last = None
            if at >= scope.since and "team" in data:
                key = path[: STREETS * Area.steplen], data["team"]
                last = found.setdefault(key, Pair(key[0], "", str(key[1]), ""))
                last.times += 1
                last.cases.add(case_id)
        elif last is not None and str(data.get("team")) == last.team:
            last.again.add(case_id)
    return _named(list(found.values()))


def _named(found: list[Pair]) -> list[Pair]:
    areas = {area.path: area for area in Area.objects.filter(path__in={pair.area for pair in found})}
    teams = Team.objects.in_bulk([int(pair.team) for pair in found])
    for pair in found:
        area, team = areas[pair.area], teams[int(pair.team)]
        pair.area, pair.area_name, pair.team, pair.team_name = area.code, area.name, team.code, team.name
    return sorted(found, key=lambda pair: (-pair.times if settings.LEADERBOARDS else 0, pair.area_name, pair.team_name))


def loops(scope: Scope) -> list[Loop]:
    """Reworks of the period by the team that has the case; one query."""
    sent = CaseEvent.objects.filter(type=E.SENT_BACK, at__gte=scope.since, case__in=scope.cases())
    found: dict[str, Loop] = {}
    for case_id, code, name in sent.order_by().values_list("case", "case__team__code", "case__team__name"):
        loop = found.setdefault(code or "", Loop(code or "", name or _("尚无主办")))
        loop.times[case_id] = loop.times.get(case_id, 0) + 1
    return sorted(found.values(), key=lambda loop: (-loop.total if settings.LEADERBOARDS else 0, loop.name))


def balances(scope: Scope) -> list[Balance]:
    """What each team was given and what it brought to an end in the period; two queries and the names."""
    given = CaseEvent.objects.filter(type=E.DISPATCHED, at__gte=scope.since, case__in=scope.cases())
    ended = scope.cases().filter(state__in=END_STATES, closed_at__gte=scope.since, team__isnull=False)
    found: dict[int, Balance] = {}
    for case_id, data in given.order_by().values_list("case", "data").iterator(2000):
        if "team" in data:
            found.setdefault(data["team"], Balance("", "")).received.add(case_id)
    for case_id, team in ended.order_by().values_list("pk", "team").iterator(2000):
        found.setdefault(team, Balance("", "")).closed.add(case_id)
    for pk, team_ in Team.objects.in_bulk(list(found)).items():
        found[pk].team, found[pk].name = team_.code, team_.name
    listed = sorted(found.values(), key=lambda row: row.name)
    return sorted(listed, key=lambda row: -row.more) if settings.LEADERBOARDS else listed


def _of(rows: Iterable[Any], **wanted: str) -> Any:
    return next((row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())), None)


def returned(scope: Scope, area: str, team: str, part: str) -> CaseQuerySet:
    """The cases behind a number of `pairs`."""
    pair = _of(pairs(scope), area=area, team=team)
    return _those(scope, () if pair is None else pair.again if part == "again" else pair.cases)


def sent_back(scope: Scope, team: str, part: str) -> CaseQuerySet:
    """The cases behind a number of `loops`."""
    loop = _of(loops(scope), team=team)
    least = TWICE if part == "more" else 1
    return _those(scope, [case for case, n in loop.times.items() if n >= least] if loop else ())


def balance(scope: Scope, team: str, part: str) -> CaseQuerySet:
    """The cases behind a number of `balances`."""
    row = _of(balances(scope), team=team)
    return _those(scope, () if row is None else row.closed if part == "closed" else row.received)


def _those(scope: Scope, keys: Iterable[int]) -> CaseQuerySet:
    return scope.cases().filter(pk__in=list(keys))
