"""What a campaign comprised: suggestions and rates, councils, teams, visits, training, each with how it is counted."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.campaign_terms import MET, SHARES, GoalKind
from cases.council_terms import ItemState, MeetingState
from cases.models import (
    AgendaItem,
    Campaign,
    CampaignGoal,
    Enrolment,
    Household,
    Lecturer,
    Meeting,
    Posting,
    RoleAssignment,
    TeachingSite,
    Visit,
)
from cases.models.campaign import within
from cases.terms import AreaLevel, MatterType, Role
from cases.training_terms import SiteKind
from workflows.figures.rates import BY_NAME, Figure, Tally
from workflows.figures.reading import Question, read_lives

NOT_HELD = (
    MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.CANCELLED, MeetingState.NO_QUORUM, MeetingState.RECONVENED,
)  # fmt: skip
MEMBERS = (Role.TEAM_MEMBER, Role.TEAM_LEADER)
COUNT_LABELS: dict[str, Promise | str] = {
    "suggestions": _("收集意见建议"), "solved": _("已解决"), "meetings": _("议事会议"), "matters": _("议定事项"),
    "teams": _("驻点工作队"), "members": _("工作队人员"), "estates": _("驻点小区"), "visits": _("走访"),
    "households": _("走访住户"), "courses": _("培训班"), "participants": _("培训学员"), "lecturers": _("师资"),
    "site_kinds": _("现场教学点类型"),
}  # fmt: skip
THREE_RATES = ("response", "resolution", "satisfaction")
FORMULAS: dict[str, Promise | str] = {
    "suggestions": _("在专项行动里上报的件，不含并案和作废"),
    "solved": BY_NAME["resolution"].above,
    "meetings": _("开展区域内的议事组织在期间开成的会议（不含取消和不足法定人数的）"),
    "matters": _("这些会议上议定的议程"),
    "teams": _("期间在开展区域内驻点的工作队"),
    "members": _("期间在这些工作队任职的队员和队长，一人算一次"),
    "estates": _("这些工作队驻点的小区"),
    "visits": _("期间到开展区域内住户的走访，见到人或通过电话、消息说上话的"),
    "households": _("其中走访过的住户，几次都算一户"),
    "coverage": _("走访过的住户 ÷ 开展区域内登记在住的住户"),
    "courses": _("为专项行动办的培训班"),
    "participants": _("这些培训班到课的学员"),
    "lecturers": _("师资库在库的师资"),
    "site_kinds": _("启用的现场教学点有几类"),
}


@dataclass(frozen=True)
class CampaignReport:
    """The figures of one campaign as of a moment; the tallies of places, teams and categories are by their keys."""

    campaign: Campaign
    total: Tally
    by_area: dict[int, Tally] = field(repr=False)
    by_team: dict[int, Tally] = field(repr=False)
    by_category: dict[str, Tally] = field(repr=False)
    meetings: int
    matters: dict[MatterType, int]
    teams: int
    members: int
    estates: int
    visits: int
    households: int
    households_in_area: int
    courses: int
    participants: int
    lecturers: int
    sites: dict[SiteKind, int]

    @property
    def suggestions(self) -> int:
        return self.total.cases

    @property
    def solved(self) -> int:
        return self.total.figures["resolution"].numerator

    @property
    def matters_decided(self) -> int:
        return sum(self.matters.values())

    @property
    def rates(self) -> list[Figure]:
        """响应率, 解决率, 满意率."""
        return [self.total.figures[name] for name in THREE_RATES]

    def counts(self) -> dict[str, int]:
        """Every plain number, by the name of its formula."""
        return {
            "suggestions": self.suggestions, "solved": self.solved, "meetings": self.meetings,
            "matters": self.matters_decided, "teams": self.teams, "members": self.members, "estates": self.estates,
            "visits": self.visits, "households": self.households, "courses": self.courses,
            "participants": self.participants, "lecturers": self.lecturers, "site_kinds": len(self.sites),
        }  # fmt: skip

    def kinds(self, name: str) -> list[tuple[str, int]]:
        """What a number is made up of, where it has kinds."""
        if name == "matters":
            return [(str(kind.label), n) for kind, n in self.matters.items()]
        return [(str(kind.label), n) for kind, n in self.sites.items()] if name == "site_kinds" else []

    def as_json(self) -> dict[str, Any]:
        """For a program: numbers, rates with both their sides, and the formulas."""
        rates = {
            figure.rate.name: {"numerator": figure.numerator, "denominator": figure.denominator, "value": figure.value}
            for figure in self.rates
        }
        return {
            "code": self.campaign.code, "name": self.campaign.name, **self.counts(), "rates": rates,
            "matters_by_type": {kind.value: n for kind, n in self.matters.items()},
            "households_in_area": self.households_in_area,
            "sites_by_kind": {kind.value: n for kind, n in self.sites.items()},
            "formulas": {name: str(words) for name, words in FORMULAS.items()},
        }  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """How far a goal is: what was measured, of how much, and how it is counted."""

    goal: CampaignGoal
    value: float | None
    numerator: int
    denominator: int | None
    formula: Promise | str

    @property
    def is_share(self) -> bool:
        return self.goal.kind in SHARES

    @property
    def percent(self) -> int:
        """Of the way, whole per cent rounded down, so that a hundred means reached."""
        if self.value is None:
            return 0
        return min(int(self.value * 100 / self.goal.target), 100) if self.goal.target else 100

    @property
    def is_reached(self) -> bool:
        return self.value is not None and self.value >= self.goal.target


@dataclass(frozen=True)
class Extent:
    """When and where: from the first day to the last that is counted, in these subtrees."""

    since: date
    until: date | None
    paths: list[str]
    as_of: datetime | None

    def days(self, column: str) -> Q:
        """Rows whose date lies in the period; of a moment, name its `__date`."""
        found = Q(**{f"{column}__gte": self.since})
        return found & Q(**{f"{column}__lte": self.until}) if self.until else found

    def overlaps(self) -> Q:
        """Rows that were valid on a day of the period; their last day is excluded."""
        begun = Q(valid_from__lte=self.until) if self.until else Q()
        return begun & (Q(valid_to=None) | Q(valid_to__gt=self.since))


def extent_of(campaign: Campaign, as_of: datetime | None = None) -> Extent:
    """The extent of a campaign, cut off at a moment."""
    limits = [day for day in (campaign.ends_on, timezone.localdate(as_of) if as_of else None) if day is not None]
    return Extent(campaign.starts_on, min(limits) if limits else None, campaign.paths(), as_of)


def campaign_report(campaign: Campaign, *, as_of: datetime | None = None) -> CampaignReport:
    """Count everything of a campaign: its cases from the history, the rest from the records of its areas and period."""
    extent = extent_of(campaign, as_of)
    total = Tally()
    by_area: defaultdict[int, Tally] = defaultdict(Tally)
    by_team: defaultdict[int, Tally] = defaultdict(Tally)
    by_category: defaultdict[str, Tally] = defaultdict(Tally)
    for life in read_lives(Question(campaign=campaign, as_of=as_of)):
        total.add(life)
        by_area[life.area or 0].add(life)
        by_team[life.team or 0].add(life)
        by_category[life.category].add(life)
    meetings = meetings_held(extent)
    visits = visits_made(extent).aggregate(n=Count("pk"), households=Count("household", distinct=True))
    courses = campaign.courses.filter(extent.days("starts_on") if as_of else Q())
    return CampaignReport(
        campaign=campaign, total=total, by_area=dict(by_area), by_team=dict(by_team), by_category=dict(by_category),
        meetings=meetings.count(), matters=_matters(extent, meetings), **_teams(extent),
        visits=visits["n"], households=visits["households"],
        households_in_area=Household.objects.filter(within(extent.paths, "area__path"), active=True).count(),
        courses=courses.count(), participants=Enrolment.objects.filter(course__in=courses, absent=False).count(),
        lecturers=Lecturer.objects.filter(active=True).count(), sites=_sites(),
    )  # fmt: skip


def meetings_held(extent: Extent) -> QuerySet[Meeting]:
    """Meetings of the councils of the areas that were held in the period."""
    held = Meeting.objects.exclude(state__in=NOT_HELD).filter(extent.days("opened_at__date"))
    if extent.as_of:
        held = held.filter(opened_at__lte=extent.as_of)
    return held.filter(within(extent.paths, "council__area__path"))


def _matters(extent: Extent, meetings: QuerySet[Meeting]) -> dict[MatterType, int]:
    items = AgendaItem.objects.filter(meeting__in=meetings, state=ItemState.DECIDED)
    if extent.as_of:
        items = items.filter(decided_at__lte=extent.as_of)
    rows = items.order_by().values_list("topic__matter").annotate(n=Count("pk"))
    found = Counter({MatterType(matter): n for matter, n in rows})
    return {kind: found[kind] for kind in MatterType if found[kind]}


def _teams(extent: Extent) -> dict[str, int]:
    posted = Posting.objects.filter(extent.overlaps(), within(extent.paths, "area__path"))
    estates = posted.filter(area__level=AreaLevel.ESTATE)
    members = RoleAssignment.objects.filter(extent.overlaps(), team__in=posted.values("team"), role__in=MEMBERS)
    return {
        "teams": posted.aggregate(n=Count("team", distinct=True))["n"],
        "members": members.aggregate(n=Count("user", distinct=True))["n"],
        "estates": estates.aggregate(n=Count("area", distinct=True))["n"],
    }


def visits_made(extent: Extent) -> QuerySet[Visit]:
    """Visits to the households of the areas in the period on which somebody was met."""
    made = Visit.objects.filter(extent.days("visited_on"), within(extent.paths, "household__area__path"))
    return made.filter(way__in=sorted(MET))


def _sites() -> dict[SiteKind, int]:
    rows = TeachingSite.objects.filter(active=True).order_by().values_list("kind").annotate(n=Count("pk"))
    found = {SiteKind(kind): n for kind, n in rows}
    return {kind: found[kind] for kind in SiteKind if kind in found}


def progress(report: CampaignReport) -> list[Progress]:
    """How far each goal of the campaign is."""
    return [_progress(goal, report) for goal in report.campaign.goals.all()]


def _progress(goal: CampaignGoal, report: CampaignReport) -> Progress:
    kind = GoalKind(goal.kind)
    if kind == GoalKind.COVERAGE:
        part, whole = report.households, report.households_in_area
        return Progress(goal, part * 100 / whole if whole else None, part, whole, FORMULAS["coverage"])
    if kind in SHARES:
        figure = report.total.figures[kind.value]
        value = None if figure.value is None else figure.value * 100
        return Progress(goal, value, figure.numerator, figure.denominator, figure.rate.formula)
    counted = report.counts()[kind.value]
    return Progress(goal, counted, counted, None, FORMULAS[kind.value])
