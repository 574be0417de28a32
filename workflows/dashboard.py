"""总览: what is in hand, late and soon due, the rates, and how it went, of the viewer's scope as of this request."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Model, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.models import Area, Campaign, Category, Team, User
from cases.querysets import AREA_ROLES
from cases.terms import Role
from workflows import charts
from workflows.figure_pages import READERS
from workflows.figures.rates import BY_NAME, NUMERATOR, Figure
from workflows.figures.reading import Question, cases_of
from workflows.keeping.reading import Reading, child_of, reading
from workflows.keeping.shares import AREA, CAMPAIGN, CATEGORY, TEAM, Counts
from workflows.spans import MONTH, WEEK, begin_of

OVERLOOKERS = (*READERS, Role.DESK)
SPLITS: Mapping[str, Promise | str] = {
    AREA: gettext_lazy("按区域"),
    TEAM: gettext_lazy("按工作队"),
    CATEGORY: gettext_lazy("按类别"),
    CAMPAIGN: gettext_lazy("按专项行动"),
}
GRAINS: Mapping[str, Promise | str] = {WEEK: gettext_lazy("按周"), MONTH: gettext_lazy("按月")}
SHOWN_RATES = tuple(BY_NAME[name] for name in ("on_time", "response", "resolution", "satisfaction"))
YEAR, THIS_MONTH, THIS_WEEK = gettext_lazy("今年上报"), gettext_lazy("本月上报"), gettext_lazy("本周上报")
PERIODS = 12
KEY_OF = {AREA: "area__path", TEAM: "team", CATEGORY: "category__code", CAMPAIGN: "campaign__code"}
Key = int | str | None
Flow = tuple[int, int, int, int]


@dataclass(frozen=True)
class Pressing:
    """How many open cases are past the limit of their stage, and how many past its warning only."""

    overdue: int = 0
    soon: int = 0

    def __add__(self, other: "Pressing") -> "Pressing":
        return Pressing(self.overdue + other.overdue, self.soon + other.soon)


@dataclass(frozen=True)
class Links:
    """Where the numbers lead: to the cases behind a figure, and to the ledger narrowed alike."""

    figures: str  # the query of the pages of figures
    ledger: str  # of the ledger; empty where it cannot ask this

    def cases(self, name: str, side: str = NUMERATOR) -> str:
        """The cases in one side of a figure."""
        return f"{reverse('workflows:figure_cases', args=[name, side])}?{self.figures}"

    @property
    def in_hand(self) -> str:
        """The cases in hand."""
        return self.cases("in_hand")

    @property
    def received(self) -> str:
        """All that are counted."""
        return self.cases("in_hand", "denominator")

    @property
    def overdue(self) -> str:
        """The open ones past their limit: by the ledger of this moment, where it can ask."""
        return f"{reverse('cases:ledger')}?limit=overdue&{self.ledger}" if self.ledger else self.cases("overdue")

    @property
    def soon(self) -> str:
        """The open ones near it."""
        return f"{reverse('cases:ledger')}?limit=soon&{self.ledger}" if self.ledger else ""


@dataclass(frozen=True)
class Part:
    """An area, team, category or campaign in the table."""

    name: str
    counts: Counts
    pressing: Pressing
    links: Links | None  # none where no list shows just this
    drill: str
    area: Area | None
    most: int  # in hand of the largest part: as wide as the bar
    least: int

    @property
    def in_hand(self) -> int:
        """What somebody still owes."""
        return self.counts["in_hand"]

    @property
    def received(self) -> int:
        """What is counted."""
        return self.counts["cases"]

    @property
    def bar(self) -> tuple[float, float, float]:
        """In a bar of 100: how wide overdue is, with it soon due, with both all that is in hand."""
        late, near = self.pressing.overdue, self.pressing.overdue + self.pressing.soon
        return charts.share(late, self.most), charts.share(near, self.most), charts.share(self.in_hand, self.most)

    @property
    def rates(self) -> list[tuple[Figure, bool]]:
        """Each rate, and whether its sample is worth a percentage."""
        figures = [self.counts.figure(rate) for rate in SHOWN_RATES]
        return [(figure, figure.denominator >= self.least) for figure in figures]


@dataclass(frozen=True)
class Period:
    """A week or a month: what came, what ended, and what was left at its end."""

    begins: date
    ends: date  # its last day, or today
    label: str
    received: int
    ended: int
    in_hand: int
    overdue: int


@dataclass(frozen=True)
class Dashboard:
    """Everything that the page shows."""

    question: Question
    now: datetime
    counts: Counts
    pressing: Pressing
    rates: list[Figure]
    links: Links
    split: str
    parts: list[Part]
    level: Promise | str  # of the parts, when they are areas
    above: list[Area]  # the way back up
    grain: str
    periods: list[Period]
    chart: charts.Chart
    least: int

    @property
    def areas(self) -> list[Part]:
        """The parts that have a place on the map."""
        return [part for part in self.parts if part.area]


def dashboard(viewer: User, question: Question, *, split: str, grain: str, now: datetime) -> Dashboard:
    """All numbers of one moment."""
    with reading(question, viewer) as found:
        counts, flows = found.total(), found.flows()
        roots = roots_of(found)
        parts = counted_by(found, split, roots)
        late = pressing(viewer, question, split, roots, now=now)
    codes = campaign_codes(viewer) if split == CAMPAIGN or question.campaign else {}
    rows = parts_of(question, split, parts, late, codes)
    periods = periods_of(flows, grain, timezone.localdate(now), PERIODS)
    return Dashboard(
        question=question,
        now=now,
        counts=counts,
        pressing=sum(late.values(), Pressing()),
        rates=[counts.figure(rate) for rate in SHOWN_RATES],
        links=_links(_asked(question), codes),
        split=split,
        parts=rows,
        level=next((part.area.get_level_display() for part in rows if part.area), _("单位")),
        above=_above(viewer, question),
        grain=grain,
        periods=periods,
        chart=chart_of(periods),
        least=settings.FIGURES_MIN_SAMPLE,
    )


def roots_of(found: Reading) -> list[str]:
    """The areas whose children are the parts: those of the reading, else what the viewer is in charge of."""
    if found.paths is not None:
        return found.paths
    if found.question.area:
        return [found.question.area.path]
    held = found.viewer.grants().area_paths(AREA_ROLES) if found.viewer else ()
    return sorted(held, key=len) or list(Area.objects.filter(depth=1).values_list("path", flat=True))


def counted_by(found: Reading, split: str, roots: Sequence[str]) -> Mapping[Key, Counts]:
    """The parts of a reading."""
    return found.by_area(roots) if split == AREA else found.by(split)  # type: ignore[return-value]  # read only


def pressing(
    viewer: User | None, question: Question, split: str, roots: Sequence[str], *, now: datetime
) -> dict[Key, Pressing]:
    """What is late and soon due, by part; it changes without any event, so it is asked of the open cases themselves."""
    rows = cases_of(question, viewer).open().filter(warn_at__lte=now)
    narrowed = {"team": question.team, "category": question.category, "campaign": question.campaign}
    rows = rows.filter(**{name: value for name, value in narrowed.items() if value})
    counted = rows.order_by().values_list(KEY_OF[split])
    child = child_of(roots)
    found: dict[Key, Pressing] = {}
    for value, warned, overdue in counted.annotate(warned=Count("pk"), late=Count("pk", filter=Q(due_at__lte=now))):
        key = child(value) if split == AREA else value
        found[key] = found.get(key, Pressing()) + Pressing(overdue, warned - overdue)
    return found


def campaign_codes(viewer: User) -> dict[int, str]:
    """By which words the ledger asks for the campaigns that this person may choose there."""
    return dict(Campaign.objects.visible_to(viewer).values_list("pk", "code"))


def parts_of(
    question: Question,
    split: str,
    parts: Mapping[Key, Counts],
    late: Mapping[Key, Pressing],
    codes: Mapping[int, str] | None = None,
) -> list[Part]:
    """The rows of the table, by name. Only where somebody has switched leaderboards on, the most overdue first."""
    known = known_parts(split, [key for key in (*parts, *late) if key])
    most = max([1, *(counts["in_hand"] for counts in parts.values())])
    least, rows = settings.FIGURES_MIN_SAMPLE, []
    for key in {**parts, **late}:
        row = known.get(key)
        is_root = split == AREA and row is not None and question.area is not None and row.pk == question.area.pk
        asked = _asked(question) | ({split: row.pk} if row else {})
        name = str(getattr(row, "name", "") or _("未定"))
        rows.append(
            Part(
                name=_("%(area)s本级") % {"area": name} if is_root else name,
                counts=parts.get(key, Counts()),
                pressing=late.get(key, Pressing()),
                links=_links(asked, codes or {}) if row and not is_root else None,
                drill=urlencode(asked) if row and not is_root else "",
                area=row if isinstance(row, Area) and not is_root else None,
                most=most,
                least=least,
            )
        )
    if settings.LEADERBOARDS:
        return sorted(rows, key=lambda part: (-part.pressing.overdue, part.name))
    return sorted(rows, key=lambda part: (part.area.path if part.area else "~", part.name))


def known_parts(split: str, keys: list[Key]) -> dict[Key, Model]:
    """The records behind the keys of parts."""
    if split == TEAM:
        return dict(Team.objects.in_bulk(keys))
    if split == AREA:
        return {area.path: area for area in Area.objects.filter(path__in=keys)}
    table: type[Category] | type[Campaign] = Category if split == CATEGORY else Campaign
    return {row.code: row for row in table._default_manager.filter(code__in=keys)}  # noqa: SLF001


def periods_of(flows: Mapping[date, Flow], grain: str, until: date, number: int) -> list[Period]:
    """The last weeks or months up to a day, the running one included."""
    begins = [begin_of(until, grain)]
    while len(begins) < number:
        begins.insert(0, begin_of(begins[0] - timedelta(days=1), grain))
    days = sorted((day, flow) for day, flow in flows.items() if day <= until)
    in_hand = sum(flow[2] for day, flow in days if day < begins[0])
    overdue = sum(flow[3] for day, flow in days if day < begins[0])
    found = []
    for at, begin in enumerate(begins):
        last = begins[at + 1] - timedelta(days=1) if at + 1 < len(begins) else until
        within = [flow for day, flow in days if begin <= day <= last]
        received, ended, more, later = (sum(flow[n] for flow in within) for n in range(4))
        in_hand, overdue = in_hand + more, overdue + later
        label = f"{begin:%Y-%m}" if grain == MONTH else f"{begin:%m-%d}"
        found.append(Period(begin, last, label, received, ended, in_hand, overdue))
    return found


def chart_of(periods: Sequence[Period]) -> charts.Chart:
    """Received and ended side by side, and how many were overdue at the end."""
    columns = (
        (_("收到"), [period.received for period in periods]),
        (_("办结"), [period.ended for period in periods]),
    )
    line = (_("期末超期"), [period.overdue for period in periods])
    return charts.over_time([period.label for period in periods], columns, line)


def _asked(question: Question) -> dict[str, object]:
    """A question as the query of an address."""
    named: Iterable[tuple[str, object]] = (
        ("since", question.since and question.since.isoformat()),
        ("until", question.until and question.until.isoformat()),
        *((name, getattr(getattr(question, name), "pk", None)) for name in (AREA, TEAM, CATEGORY, CAMPAIGN)),
    )
    return {name: value for name, value in named if value}


def _links(asked: dict[str, object], codes: Mapping[int, str]) -> Links:
    named = {"since": "reported_from", "until": "reported_to"}
    ledger = {named.get(name, name): value for name, value in asked.items()} | {"state": "open"}
    if campaign := asked.get(CAMPAIGN):
        ledger[CAMPAIGN] = codes.get(campaign, "")  # type: ignore[call-overload]  # the key of a row
    return Links(urlencode(asked), "" if ledger.get(CAMPAIGN) == "" else urlencode(ledger))


def _above(viewer: User, question: Question) -> list[Area]:
    """The areas over the chosen one, as far up as the viewer may look."""
    if not question.area:
        return []
    grants = viewer.grants()
    roots = ("",) if grants.has(Role.AUDITOR) else grants.area_paths(AREA_ROLES)
    ancestors = Area.objects.get_ancestors(question.area)
    return [area for area in ancestors if any(area.path.startswith(root) for root in roots)]
