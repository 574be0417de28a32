"""What the pages of campaigns show: goals and how far they are, parts by place, team and category, entry and exit."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db.models import Count, Max, Min, Prefetch, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.campaigns import newest_form
from cases.models import Area, AreaHead, Campaign, Case, Category, Course, FormQuestion, Team, User
from cases.permissions import may_edit_campaign
from cases.terms import END_STATES
from workflows.charts import Chart, over_time
from workflows.figures.campaign import CampaignReport, Progress, campaign_report, progress
from workflows.figures.collected import Collected, collected
from workflows.figures.rates import Figure, Tally
from workflows.permissions import may_report
from workflows.spans import MONTH, WEEK, begin_of, next_begin

K = TypeVar("K", int, str)
WEEKS_SHOWN = 26  # a longer campaign is shown by months
BADGES = {"running": "badge--green", "coming": "badge--amber", "over": "badge--grey", "off": "badge--grey"}
STANDINGS: dict[str, Promise | str] = {
    "running": gettext_lazy("进行中"), "coming": gettext_lazy("未开始"), "over": gettext_lazy("已结束"),
    "off": gettext_lazy("已停用"),
}  # fmt: skip


@dataclass(frozen=True)
class CampaignRow:
    """A campaign as the list shows it."""

    campaign: Campaign
    standing: str
    places: str
    cases: int
    open: int

    @property
    def badge(self) -> str:
        return BADGES[self.standing]

    @property
    def words(self) -> Promise | str:
        return STANDINGS[self.standing]


@dataclass(frozen=True)
class Part:
    """The cases of one place, team or category; `query` opens them in the ledger."""

    name: str
    query: str
    tally: Tally

    @property
    def rates(self) -> list[Figure]:
        return [self.tally.figures[name] for name in ("resolution", "satisfaction")]


@dataclass(frozen=True)
class Span:
    """A week or a month: what came in, what ended, and what was in hand at its end."""

    since: date
    until: date
    entered: int
    left: int
    in_hand: int


@dataclass(frozen=True)
class CampaignPage:
    """One campaign, whole: everybody who sees it sees the same numbers."""

    campaign: Campaign
    standing: str
    areas: list[Area]
    teams: list[Team]
    report: CampaignReport
    goals: list[Progress]
    by_area: list[Part]
    by_team: list[Part]
    by_category: list[Part]
    spans: list[Span]
    by_month: bool
    chart: Chart | None
    heads: list[AreaHead]
    courses: list[Course]
    questions: list[FormQuestion]
    collected: list[Collected]
    version: int
    may_edit: bool
    may_report: bool

    @property
    def badge(self) -> str:
        return BADGES[self.standing]

    @property
    def words(self) -> Promise | str:
        return STANDINGS[self.standing]


def standing_of(campaign: Campaign, day: date) -> str:
    """Where it stands on a day."""
    if not campaign.active:
        return "off"
    if day < campaign.starts_on:
        return "coming"
    return "over" if campaign.ends_on and campaign.ends_on < day else "running"


def campaign_rows(viewer: User, day: date) -> list[CampaignRow]:
    """The campaigns that a person sees, the newest first, with the number of their cases; two queries."""
    counted = Count("cases", distinct=True)
    running = Count("cases", filter=~Q(cases__state__in=END_STATES), distinct=True)
    found = Campaign.objects.visible_to(viewer).prefetch_related(Prefetch("areas", Area.objects.order_by("path")))
    return [
        CampaignRow(row, standing_of(row, day), _places(row.areas.all()), row.n, row.running)  # type: ignore[attr-defined]
        for row in found.annotate(n=counted, running=running)
    ]


def _places(areas: Iterable[Area]) -> str:
    return "、".join(area.name for area in areas) or _("全部区域")


def campaign_page(viewer: User, campaign: Campaign, *, now: datetime) -> CampaignPage:
    """Everything about a campaign; the number of queries does not depend on the number of its cases."""
    day = timezone.localdate(now)
    report = campaign_report(campaign)
    areas, form = list(campaign.areas.order_by("path")), newest_form(campaign)
    spans, by_month = spans_of(campaign.cases.all(), day)
    heads = AreaHead.objects.on(day).filter(area__in=areas).select_related("area", "user").order_by("area__path")
    return CampaignPage(
        campaign=campaign, standing=standing_of(campaign, day), areas=areas, teams=list(campaign.teams.all()),
        report=report, goals=progress(report), by_area=_by_area(report), by_team=_by_team(report),
        by_category=_by_category(report), spans=spans, by_month=by_month, chart=_chart(spans, by_month=by_month),
        heads=list(heads),
        courses=courses_of(campaign), questions=list(form.questions.all()) if form else [],
        collected=collected(campaign),
        version=form.n if form else 0, may_edit=may_edit_campaign(viewer, areas),
        may_report=campaign.is_on(day) and viewer.grants().has(*may_report),
    )  # fmt: skip


def courses_of(campaign: Campaign) -> list[Course]:
    """Its courses, each with the number of those who came."""
    came = Count("enrolments", filter=Q(enrolments__absent=False))
    return list(campaign.courses.annotate(came=came).order_by("starts_on", "pk"))


def _added(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for one in tallies:
        total.cases += one.cases
        for name, figure in one.figures.items():
            total.figures[name].numerator += figure.numerator
            total.figures[name].denominator += figure.denominator
    return total


def _by_area(report: CampaignReport) -> list[Part]:
    """By the shallowest level of the tree on which the cases lie in more than one place."""
    paths = dict(Area.objects.filter(pk__in=report.by_area).values_list("pk", "path"))
    step, deepest = Area.steplen, max((len(path) for path in paths.values()), default=0)
    groups: dict[str, list[Tally]] = {}
    for length in range(step, deepest + 1, step):
        groups = {}
        for pk, tally in report.by_area.items():
            groups.setdefault(paths.get(pk, "")[:length], []).append(tally)
        if len(groups) > 1:
            break
    names = {area.path: area for area in Area.objects.filter(path__in=groups)}
    return [
        Part(names[path].near_name, f"area={names[path].pk}", _added(groups[path]))
        for path in sorted(groups)
        if path in names
    ]


def _by_team(report: CampaignReport) -> list[Part]:
    rows = Team.objects.filter(pk__in=report.by_team)
    return _parts(report.by_team, {row.pk: (row.name, f"team={row.pk}") for row in rows})


def _by_category(report: CampaignReport) -> list[Part]:
    rows = Category.objects.filter(code__in=report.by_category)
    return _parts(report.by_category, {row.code: (row.name, f"category={row.pk}") for row in rows})


def _parts(tallies: Mapping[K, Tally], named: Mapping[K, tuple[str, str]]) -> list[Part]:
    """Those with a name, by it; what has none yet comes last."""
    counted = {key: tally for key, tally in tallies.items() if tally.cases}  # not those of merged and void cases alone
    known = [Part(*named[key], tally) for key, tally in counted.items() if key in named]
    rest = [tally for key, tally in counted.items() if key not in named]
    last = [Part(_("未定"), "", _added(rest))] if rest else []
    return sorted(known, key=lambda part: part.name) + last


def spans_of(cases: QuerySet[Case], day: date) -> tuple[list[Span], bool]:
    """入库 and 出库 by weeks, or by months when there were many; whether by months."""
    ends = cases.aggregate(first=Min("reported_at"), last=Max("reported_at"), ended=Max("closed_at"))
    if ends["first"] is None:
        return [], False
    first = timezone.localdate(ends["first"])
    last = max(timezone.localdate(at) for at in (ends["last"], ends["ended"]) if at is not None)
    by_month = (last - first).days > WEEKS_SHOWN * 7
    entered, left = _by_day(cases, "reported_at"), _by_day(cases.filter(closed_at__isnull=False), "closed_at")
    found, in_hand = [], 0
    grain, since = MONTH if by_month else WEEK, first
    while (since := begin_of(since, grain)) <= min(last, day):
        after = next_begin(since, grain)
        until = after - timedelta(days=1)
        came = sum(n for when, n in entered.items() if since <= when <= until)
        went = sum(n for when, n in left.items() if since <= when <= until)
        in_hand += came - went
        found.append(Span(since, until, came, went, in_hand))
        since = after
    return found, by_month


def _by_day(cases: QuerySet[Case], column: str) -> Counter[date]:
    rows = cases.order_by().annotate(on=TruncDate(column)).values_list("on").annotate(n=Count("pk"))
    return Counter(dict(rows))


def _chart(spans: Sequence[Span], *, by_month: bool) -> Chart | None:
    if not spans:
        return None
    labels = [f"{span.since:%y-%m}" if by_month else f"{span.since:%m-%d}" for span in spans]
    columns = [(_("入库"), [span.entered for span in spans]), (_("出库"), [span.left for span in spans])]
    return over_time(labels, columns, (_("期末在库"), [span.in_hand for span in spans]))
