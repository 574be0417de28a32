"""How many of the supervisor's list fall to each choice: bands, units, areas and the rest, from one grouped query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case as Choose
from django.db.models import CharField, Count, IntegerField, Model, QuerySet, Value, When
from django.db.models.functions import Substr
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cases.models import Area, Category, Council, FollowUp, Objection, Team, User
from cases.querysets import AREA_ROLES
from cases.terms import ClockKind, RequestKind, Role, State
from workflows import overdue as lists
from workflows.bands import Band
from workflows.models import Clock, Part, Request, SupervisionOrder

COLUMNS = ("case__holder_role", "case__team", "case__council", "case__state", "case__category", "kind")
# What is owed beside a stage, and by whom: read for those that were found, not joined to all.
OWED: dict[str, tuple[type[Model], str, str]] = {
    "request": (Request, "decider_role", "role"),
    "part": (Part, "team", "team"),
    "order": (SupervisionOrder, "team", "team"),
    "follow_up": (FollowUp, "owner", "team"),
    "objection": (Objection, "notice__council", "council"),
}


@dataclass(frozen=True)
class Choice:
    """One value that the list can be narrowed to, and how many it would leave."""

    key: str
    name: Promise | str
    overdue: int
    soon: int
    chosen: bool = False

    @property
    def total(self) -> int:
        """Both together."""
        return self.overdue + self.soon


@dataclass(frozen=True)
class Counts:
    """The choices of the page; each counts what it would leave beside everything else that was chosen."""

    overdue: int
    soon: int
    total: int  # of the list as it is narrowed
    bands: list[Choice]
    units: list[Choice]
    teams: list[Choice]
    stages: list[Choice]
    areas: list[Choice]
    above: list[Area]  # from what the viewer is in charge of down to the chosen area
    categories: list[Choice]
    kinds: list[Choice]
    requests: list[Choice]


class _Group(NamedTuple):
    """Those of the list that are alike in everything that can be chosen; the values are those of the address."""

    limit: str
    band: str
    unit: str
    team: str
    stage: str
    area: str
    category: str
    kind: str
    n: int


Words = Mapping[str, Promise | str]


def counts(
    viewer: User, found: QuerySet[Clock], wanted: lists.Narrowing, bands: list[Band], *, now: datetime
) -> Counts:
    """Count everything: two queries, and one for the names of each kind of thing that was found."""
    roots = [wanted.area.path] if wanted.area else _roots(viewer)
    within = lists.narrowed(found, lists.Narrowing(area=wanted.area, request=wanted.request), now=now)
    rows = list(_grouped(within, roots, bands))
    names = _Names(rows, wanted)
    groups = [names.group(row, bands) for row in rows]
    chosen = _chosen(wanted, names)

    def of(name: str, words: Words, *, by_name: bool = False) -> list[Choice]:
        summed: dict[str, list[int]] = {}
        others = {key: value for key, value in chosen.items() if value and key != name}
        for group in groups:
            if all(getattr(group, key) == value for key, value in others.items()):
                summed.setdefault(getattr(group, name), [0, 0])[group.limit != "overdue"] += group.n
        keys = [key for key in words if key and (key in summed or key == chosen.get(name))]
        if by_name:
            keys.sort(key=lambda key: str(words[key]))
        none = [0, 0]
        return [
            Choice(key, words[key], summed.get(key, none)[0], summed.get(key, none)[1], key == chosen.get(name))
            for key in keys
        ]

    by_limit = {choice.key: choice.total for choice in of("limit", {"overdue": "", "soon": ""})}
    shown = by_limit if not wanted.limit else {wanted.limit: by_limit.get(wanted.limit, 0)}
    return Counts(
        overdue=by_limit.get("overdue", 0),
        soon=by_limit.get("soon", 0),
        total=sum(shown.values()),
        bands=of("band", {band.key: band.label for band in bands}),
        units=of("unit", names.units, by_name=True),
        teams=of("team", names.teams, by_name=True),
        stages=of("stage", dict(State.choices)),
        areas=of("area", names.areas, by_name=True),
        above=names.above,
        categories=of("category", names.categories, by_name=True),
        kinds=of("kind", dict(ClockKind.choices)),
        requests=_requests(lists.narrowed(found, replace(wanted, request="", order=""), now=now), wanted.request),
    )


def _chosen(wanted: lists.Narrowing, names: "_Names") -> dict[str, str]:
    """What the list is narrowed to, but for the area and the request, in the words of the address."""
    return {
        "limit": wanted.limit,
        "band": wanted.band.key if wanted.band else "",
        "unit": wanted.unit if wanted.unit in names.units else "",
        "team": wanted.team.code if wanted.team else "",
        "stage": wanted.stage,
        "category": wanted.category.code if wanted.category else "",
        "kind": wanted.kind,
    }


def _roots(viewer: User) -> list[str]:
    """The areas whose children are offered first: what the viewer is in charge of, or all there is."""
    grants = viewer.grants()
    if not grants.has(Role.AUDITOR) and (paths := {*grants.area_paths(AREA_ROLES), *grants.posted_paths}):
        return sorted(path for path in paths if not any(path != p and path.startswith(p) for p in paths))
    return list(Area.objects.filter(depth=1).order_by("path").values_list("path", flat=True))


def _grouped(found: QuerySet[Clock], roots: list[str], bands: list[Band]) -> Iterable[dict[str, Any]]:
    """One row for each mixture of facts, with its number of clocks; `n_band` is the place of its band."""
    whens = [When(band.holds(), then=Value(n)) for n, band in enumerate(bands)]
    if len(roots) == 1:
        piece: Any = Substr("case__area__path", 1, len(roots[0]) + Area.steplen)
    else:
        inside = [When(case__area__path__startswith=path, then=Value(path)) for path in roots]
        piece = Choose(*inside, default=Value(""), output_field=CharField()) if inside else Value("")
    found = found.order_by().annotate(n_band=Choose(*whens, output_field=IntegerField()), piece=piece)
    rows: QuerySet[Any, dict[str, Any]] = found.values(*COLUMNS, *OWED, "n_band", "piece").annotate(n=Count("pk"))
    return rows


class _Names:
    """The names and the codes of what was found, read in bulk."""

    def __init__(self, rows: list[dict[str, Any]], wanted: lists.Narrowing) -> None:
        def keys(*columns: str) -> set[Any]:
            return {row[column] for row in rows for column in columns} - {None}

        self._owed = {
            (name, pk): (kind, value)
            for name, (model, column, kind) in OWED.items()
            if (found := keys(name))
            for pk, value in model._base_manager.filter(pk__in=found).values_list("pk", column)  # noqa: SLF001
        }
        teams = keys("case__team") | {value for kind, value in self._owed.values() if kind == "team" and value}
        councils = keys("case__council") | {value for kind, value in self._owed.values() if kind == "council"}
        paths = keys("piece") | set(_steps(wanted.area))
        self._teams = Team.objects.in_bulk(teams | ({wanted.team.pk} if wanted.team else set()))
        self._councils = Council.objects.in_bulk(councils)
        categories = keys("case__category") | ({wanted.category.pk} if wanted.category else set())
        self._categories = Category.objects.in_bulk(categories)
        self._areas = {area.path: area for area in Area.objects.filter(path__in=paths)} if paths else {}
        self.units = self._chosen_unit(wanted.unit)
        self.teams = {team.code: team.name for team in self._teams.values()}
        self.categories = {category.code: category.name for category in self._categories.values()}
        below = [path for path in keys("piece") if not wanted.area or path != wanted.area.path]
        self.areas = {self._areas[path].code: self._areas[path].name for path in below if path in self._areas}
        self.above = [self._areas[path] for path in _steps(wanted.area) if path in self._areas]

    def group(self, row: dict[str, Any], bands: list[Band]) -> _Group:
        """A row of the query in the words of the address."""
        band = bands[row["n_band"]]
        unit, name = self._unit(row)
        self.units.setdefault(unit, name)
        team, category = self._teams.get(row["case__team"]), self._categories.get(row["case__category"])
        area = self._areas.get(row["piece"])
        return _Group(
            limit="overdue" if band.is_late else "soon",
            band=band.key,
            unit=unit,
            team=team.code if team else "",
            stage=row["case__state"],
            area=area.code if area else "",
            category=category.code if category else "",
            kind=row["kind"],
            n=row["n"],
        )

    def _unit(self, row: dict[str, Any]) -> tuple[str, str]:
        """Who owes it: the key by which `overdue.of_unit` finds it again, and the name."""
        role = row["case__holder_role"]
        if row["kind"] == ClockKind.SPOT_CHECK:
            return _of_role(Role.SUPERVISOR.value)
        for name in OWED:
            kind, value = self._owed.get((name, row[name]), ("", None))
            if value:  # an order without a team goes along with its case
                return _of_role(value) if kind == "role" else self._of(kind, value)
        if role in ("", Role.TEAM_MEMBER) and row["case__team"]:  # a promise outlives its case: the team owes it
            return self._of("team", row["case__team"])
        if role == Role.SECRETARY and row["case__council"]:
            return self._of("council", row["case__council"])
        return _of_role(role) if role else ("", _("无责任单位"))

    def _chosen_unit(self, unit: str) -> dict[str, str]:
        """The unit that was chosen, although nothing of it may be late; nothing when it is not understood."""
        if not lists.is_unit(unit):
            return {}
        kind, _dash, value = unit.partition("-")
        if kind == "role":
            return dict([_of_role(value)])
        found = (Team if kind == "team" else Council).objects.filter(pk=int(value)).first()
        return {unit: found.name if found else "—"}

    def _of(self, kind: str, pk: int) -> tuple[str, str]:
        return f"{kind}-{pk}", (self._teams if kind == "team" else self._councils)[pk].name


def _of_role(role: str) -> tuple[str, str]:
    return f"role-{role}", str(Role(role).label)


def _steps(area: Area | None) -> list[str]:
    """The paths from the top of the tree down to an area."""
    return [area.path[:n] for n in range(area.steplen, len(area.path) + 1, area.steplen)] if area else []


def _requests(found: QuerySet[Clock], chosen: str) -> list[Choice]:
    """Of the list as it is narrowed otherwise: how many have an open request, by its kind."""
    rows = lists.open_requests().filter(case__in=found.order_by().values("case")).values_list("kind")
    asked = dict(rows.annotate(n=Count("pk")))
    kinds = [kind for kind in RequestKind if kind in asked or kind == chosen]
    return [Choice(kind.value, kind.label, asked.get(kind, 0), 0, chosen=kind == chosen) for kind in kinds]
