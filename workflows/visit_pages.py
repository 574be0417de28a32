"""What the pages of visits show: my households and when each was last visited; for supervisors how many are reached."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, OuterRef, Prefetch, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from cases.campaign_terms import MET, VisitWay
from cases.lib.masking import mask_name, mask_phone, mask_text
from cases.lib.sheets import Column, Sheet, percent
from cases.models import Area, Case, Household, HouseholdContact, RoleAssignment, User, Visit
from cases.permissions import is_administrator, may_keep_households
from cases.scope import below
from cases.terms import AreaLevel, Role

# Who has a page of visits at all, and who looks at how many are reached.
VISITORS = (Role.HOUSEHOLD_CONTACT, Role.GRID_WORKER)
OVERSEERS = (Role.SUPERVISOR, Role.LEADER, Role.AUDITOR)
KEEPERS = (Role.SUPERVISOR, Role.GRID_WORKER, Role.ADMINISTRATOR)
PLACE = (*VISITORS, *OVERSEERS, Role.ADMINISTRATOR)
CHOSEN_LEVELS = (AreaLevel.COMMUNITY, AreaLevel.ESTATE, AreaLevel.GRID)
LATELY = timedelta(days=90)
SHOWN = 200
PAGE = 50  # households, or visits, on a page of a long list
COVERAGE: Promise | str = gettext_lazy("近 90 天走访过（见到人或通过电话、消息说上话）的住户 ÷ 登记在住的住户")
KEPT: Promise | str = gettext_lazy("有人联系的住户 ÷ 登记在住的住户")


@dataclass(frozen=True)
class HomeRow:
    """A household as a list shows it."""

    household: Household
    name: str
    phone: str
    last: date | None
    days: int | None
    contacts: list[str]
    visits: int


@dataclass(frozen=True)
class VisitLine:
    """A visit as it is shown; the words are masked. Of each case that it raised whether the reader may open it."""

    visit: Visit
    way: str
    words: str
    cases: list[tuple[str, bool]]


@dataclass(frozen=True)
class Reach:
    """Of one place: households, those with a contact, those visited lately."""

    area: Area
    households: int
    kept: int
    visited: int

    @property
    def shares(self) -> tuple[float, float]:
        """With a contact, and visited lately, from 0 to 1."""
        return self.kept / self.households, self.visited / self.households


def _listed(found: QuerySet[Household]) -> QuerySet[Household]:
    met = Visit.objects.filter(household=OuterRef("pk"), way__in=sorted(MET)).order_by("-visited_on")
    return found.select_related("area").annotate(
        last=Subquery(met.values("visited_on")[:1]), times=Count("visits", distinct=True)
    )


def home_rows(
    found: QuerySet[Household], day: date, *, never_first: bool = True, most: int | None = SHOWN
) -> list[HomeRow]:
    """Who was never visited or longest ago comes first, or by door; two queries."""
    return [row_of(row, day) for row in homes(found, day, never_first=never_first)[:most]]


def homes(found: QuerySet[Household], day: date, *, never_first: bool = False) -> QuerySet[Household]:
    """The households in use in the order of a list, with what `row_of` reads."""
    contacts = Prefetch("contacts", HouseholdContact.objects.on(day).select_related("user"), to_attr="now_kept")
    rows = _listed(found.filter(active=True)).prefetch_related(contacts)
    longest_ago = (F("last").asc(nulls_first=True),) if never_first else ()
    return rows.order_by(*longest_ago, "area__path", "unit")


def row_of(row: Household, day: date) -> HomeRow:
    """A household of `homes` as a list shows it."""
    last: date | None = row.last  # type: ignore[attr-defined]
    kept: Sequence[HouseholdContact] = row.now_kept  # type: ignore[attr-defined]
    return HomeRow(
        row, mask_name(row.head_name), mask_phone(row.phone), last, (day - last).days if last else None,
        [str(one.user) for one in kept], row.times,  # type: ignore[attr-defined]
    )  # fmt: skip


def mine(viewer: User, day: date) -> QuerySet[Household]:
    """Whom I visit: those that I keep contact with; of a grid worker who keeps none, the households of the grid."""
    kept = Household.objects.kept_by(viewer, day)
    paths = viewer.grants().area_paths([Role.GRID_WORKER])
    if not paths or kept.exists():
        return kept
    return Household.objects.filter(below(paths, "area"))


def lines_of(found: Iterable[Visit], viewer: User) -> list[VisitLine]:
    """Visits of `visits_of` or `visits_to`, with what was raised; one query more."""
    rows = list(found)
    raised = {case.pk for row in rows for case in row.cases.all()}
    seen = set(Case.objects.visible_to(viewer).filter(pk__in=raised).values_list("pk", flat=True)) if raised else set()
    return [
        VisitLine(
            row, str(VisitWay(row.way).label), mask_text(row.words),
            [(case.number, case.pk in seen) for case in row.cases.all()],
        )
        for row in rows
    ]  # fmt: skip


def overseen(viewer: User) -> tuple[str, ...] | None:
    """The subtrees whose reach somebody looks at; None for who looks at none."""
    grants = viewer.grants()
    if grants.has(Role.AUDITOR):
        return ("",)
    paths = grants.area_paths(OVERSEERS)
    return paths or None


def reach_of(paths: Iterable[str], day: date) -> list[Reach]:
    """By the estates below; where there is no estate, by the place of the household itself. Three queries."""
    homes = Household.objects.filter(below(paths, "area"), active=True)
    kept = set(HouseholdContact.objects.on(day).filter(household__in=homes).values_list("household", flat=True))
    lately = Visit.objects.filter(household__in=homes, visited_on__gt=day - LATELY, way__in=sorted(MET))
    visited = set(lately.values_list("household", flat=True))
    estates = {area.path: area for area in Area.objects.filter(level=AreaLevel.ESTATE)}
    step = Area.steplen
    groups: dict[str, list[int]] = {}
    places: dict[str, Area] = {}
    for home in homes.select_related("area").only("pk", "area"):
        path = home.area.path
        above = next((path[:end] for end in range(step, len(path) + 1, step) if path[:end] in estates), path)
        groups.setdefault(above, []).append(home.pk)
        places[above] = estates.get(above, home.area)
    return [
        Reach(places[path], len(keys), len(kept.intersection(keys)), len(visited.intersection(keys)))
        for path, keys in sorted(groups.items())
    ]


def kept_areas(viewer: User) -> QuerySet[Area]:
    """The places in which somebody may enter households."""
    areas: QuerySet[Area] = Area.objects.order_by("path")
    if is_administrator(viewer):
        return areas
    return areas.filter(below(viewer.grants().area_paths([Role.SUPERVISOR, Role.GRID_WORKER])))


def possible_contacts(areas: QuerySet[Area], day: date) -> QuerySet[User]:
    """Who can keep contact there: people with the role for the place, below or above it."""
    paths = list(areas.values_list("path", flat=True))
    above = {path[:end] for path in paths for end in range(Area.steplen, len(path) + 1, Area.steplen)}
    rows = RoleAssignment.objects.on(day).filter(role__in=VISITORS, area__path__in=above)
    return User.objects.filter(pk__in=rows.values("user"), is_active=True).order_by("name", "username")


def may_keep(viewer: User, household: Household) -> bool:
    """Whether the pages offer to change it."""
    return may_keep_households(viewer, household.area)


HOUSEHOLD_SHEET = Sheet[HomeRow](
    "households",
    gettext_lazy("住户"),
    (
        Column(gettext_lazy("门牌"), 14, lambda row: row.household.unit),
        Column(gettext_lazy("区域"), 36, lambda row: str(row.household.area)),
        Column(gettext_lazy("户主姓名"), 12, lambda row: row.name),
        Column(gettext_lazy("电话"), 14, lambda row: row.phone),
        Column(gettext_lazy("包户联系人"), 20, lambda row: "、".join(row.contacts)),
        Column(gettext_lazy("上次走访"), 12, lambda row: row.last),
        Column(gettext_lazy("几天前"), 8, lambda row: row.days),
    ),
)
REACH_SHEET = Sheet[Reach](
    "reach",
    gettext_lazy("联系和走访覆盖"),
    (
        Column(gettext_lazy("区域"), 36, lambda row: str(row.area)),
        Column(gettext_lazy("住户"), 8, lambda row: row.households),
        Column(gettext_lazy("有人联系"), 10, lambda row: row.kept),
        Column(gettext_lazy("联系率（%）"), 10, lambda row: percent(row.shares[0])),
        Column(gettext_lazy("走访过"), 10, lambda row: row.visited),
        Column(gettext_lazy("覆盖率（%）"), 10, lambda row: percent(row.shares[1])),
    ),
    impersonal=True,
)
VISIT_SHEET = Sheet[Visit](
    "visits",
    gettext_lazy("走访"),
    (
        Column(gettext_lazy("走访日期"), 12, lambda visit: visit.visited_on),
        Column(gettext_lazy("区域"), 36, lambda visit: str(visit.household.area)),
        Column(gettext_lazy("门牌"), 14, lambda visit: visit.household.unit),
        Column(gettext_lazy("走访人"), 12, lambda visit: str(visit.visited_by)),
        Column(gettext_lazy("方式"), 14, lambda visit: str(VisitWay(visit.way).label)),
        Column(gettext_lazy("说了什么"), 50, lambda visit: mask_text(visit.words)),
        Column(gettext_lazy("上报的件"), 20, lambda visit: "、".join(case.number for case in visit.cases.all())),
    ),
)


def visits_of(viewer: User, day: date, since: date | None = None, until: date | None = None) -> QuerySet[Visit]:
    """The visits that a person sees, the newest first, narrowed to some days."""
    found = Visit.objects.visible_to(viewer, day)
    if since:
        found = found.filter(visited_on__gte=since)
    if until:
        found = found.filter(visited_on__lte=until)
    return _in_order(found)


def visits_to(home: Household) -> QuerySet[Visit]:
    """The latest visits to a household."""
    return _in_order(home.visits.all())[:SHOWN]


def _in_order(found: QuerySet[Visit]) -> QuerySet[Visit]:
    rows = found.select_related("household__area", "visited_by").prefetch_related("cases")
    return rows.order_by("-visited_on", "-pk")
