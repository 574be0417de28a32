"""What the pages of micro-projects show: amounts in yuan, steps, photographs side by side, what is still missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.council_terms import ProjectPhotoKind, ProjectState
from cases.lib.masking import mask_name, mask_text
from cases.lib.money import yuan_of
from cases.models import Acceptance, MicroProject, Milestone, ProjectPhoto, User
from cases.terms import EventType
from workflows.council.access import councils_visible_to
from workflows.council.follow_up_rights import keeps_project, may_accept_project, may_approve_project
from workflows.council.project_work import missing_for_acceptance, overspend_share
from workflows.council.projects import lacks_owners_vote
from workflows.council_pages.follow_ups import Said

S = ProjectState
STEPS = (S.PROPOSED, S.APPROVED, S.CONTRACTED, S.UNDER_WAY, S.ACCEPTED, S.SETTLED, S.SURVEYED)
NEXT = {
    S.PROPOSED: "approve", S.APPROVED: "contract", S.CONTRACTED: "start", S.UNDER_WAY: "accept",
    S.ACCEPTED: "settle", S.SETTLED: "survey",
}  # fmt: skip
FILTERS = ("open", "ended", "all")
ENDED = (S.SURVEYED, S.STOPPED)
BADGES = {S.PROPOSED: "badge--amber", S.ACCEPTED: "badge--green", S.SETTLED: "badge--green", S.STOPPED: "badge--grey"}
MOVES = {
    "propose": gettext_lazy("申报"), "quote": gettext_lazy("录入报价"), "approve": gettext_lazy("批准立项"),
    "contract": gettext_lazy("签约"), "start": gettext_lazy("开工"), "milestone": gettext_lazy("节点完成"),
    "photo": gettext_lazy("上传照片"), "acceptance": gettext_lazy("登记居民意见"), "accept": gettext_lazy("验收"),
    "settle": gettext_lazy("结算"), "survey": gettext_lazy("回访"), "stop": gettext_lazy("终止"),
}  # fmt: skip
MOST = 200


@dataclass(frozen=True)
class ProjectRow:
    """A project as the list shows it; amounts in yuan, empty where there are none yet."""

    project: MicroProject
    badge: str
    budget: str
    approved: str
    settled: str


@dataclass(frozen=True)
class Step:
    """A state on the way, as `_steps.html` draws it."""

    label: str
    status: str
    at: datetime | None = None


@dataclass(frozen=True)
class Amount:
    """One line of money and how far it is from the line before it."""

    label: str
    amount: str
    difference: str
    is_above: bool


@dataclass(frozen=True)
class Photos:
    """The photographs of one kind."""

    kind: str
    label: str
    rows: list[ProjectPhoto]


@dataclass(frozen=True)
class Bid:
    """A quote as it is shown."""

    bidder: str
    amount: str
    is_chosen: bool


@dataclass(frozen=True)
class Opinion:
    """What a household said; the name is masked."""

    household: str
    resident: str
    accepted: bool
    words: str


@dataclass(frozen=True)
class ProjectPage:
    """One project; `move` is the next step when the viewer may make it, `acts` what may be entered besides."""

    project: MicroProject
    badge: str
    steps: list[Step]
    money: list[Amount]
    milestones: list[Milestone]
    photos: list[Photos]
    quotes: list[Bid]
    opinions: list[Opinion]
    yes: int
    no: int
    satisfied: str
    warnings: list[str]
    move: str
    acts: tuple[str, ...]
    history: list[Said]
    next_milestone: Milestone | None


def visible_projects(viewer: User) -> QuerySet[MicroProject]:
    """Those of the councils that the viewer may see, and those that the viewer's teams carry out."""
    seen = Q(follow_up__decision__council__in=councils_visible_to(viewer).values("pk"))
    return MicroProject.objects.filter(seen | Q(follow_up__owner__in=viewer.grants().team_ids()))


def narrowed(viewer: User, which: str) -> QuerySet[MicroProject]:
    """One of the lists, the newest first."""
    found = visible_projects(viewer).select_related("follow_up__owner", "follow_up__decision__council")
    if which == "ended":
        found = found.filter(state__in=ENDED)
    elif which == "open":
        found = found.exclude(state__in=ENDED)
    return found


def project_rows(viewer: User, which: str) -> list[ProjectRow]:
    """The first ones of a list; one query."""
    return [
        ProjectRow(row, _badge(row), _yuan(row.budget_fen), _yuan(row.approved_fen), _yuan(row.settled_fen))
        for row in narrowed(viewer, which)[:MOST]
    ]


def _badge(project: MicroProject) -> str:
    return BADGES.get(S(project.state), "")


def _yuan(fen: int | None) -> str:
    return "" if fen is None else yuan_of(fen)


def project_page(viewer: User, pk: int, now: datetime) -> ProjectPage | None:
    """One project with everything about it, or None when the viewer may not see it."""
    photos = Prefetch("photos", ProjectPhoto.objects.select_related("added_by"))
    found = visible_projects(viewer).prefetch_related("milestones", "quotes", "acceptances", photos)
    joined = (
        *("follow_up__owner", "follow_up__decision__item__meeting__pack", "follow_up__decision__council__area"),
        *("follow_up__decision__case", "proposed_by", "overspending_decision"),
    )
    project = found.select_related(*joined).filter(pk=pk).first()
    if project is None:
        return None
    day = timezone.localdate(now)
    opinions = [_opinion(row) for row in project.acceptances.all()]
    milestones = list(project.milestones.all())
    return ProjectPage(
        project=project,
        badge=_badge(project),
        steps=_steps(project),
        money=money_of(project),
        milestones=milestones,
        photos=_photos(project),
        quotes=[Bid(row.bidder, yuan_of(row.amount_fen), row.is_chosen) for row in project.quotes.all()],
        opinions=opinions,
        yes=sum(row.accepted for row in opinions),
        no=sum(not row.accepted for row in opinions),
        satisfied=_satisfied(project),
        warnings=_warnings(project),
        move=_move(project, viewer, day),
        acts=tuple(_acts(project, viewer, day)),
        history=_history(project),
        next_milestone=next((row for row in milestones if row.done_at is None), None),
    )


def _opinion(row: Acceptance) -> Opinion:
    return Opinion(row.household, mask_name(row.resident), row.accepted, mask_text(row.words))


def _satisfied(project: MicroProject) -> str:
    """The share of those asked who are satisfied, whole per cent rounded down; empty before the survey."""
    if not project.survey_asked or project.survey_satisfied is None:
        return ""
    return f"{project.survey_satisfied * 100 // project.survey_asked}%"


def _steps(project: MicroProject) -> list[Step]:
    if project.state == S.STOPPED:
        return []
    here = STEPS.index(S(project.state))
    marks = [
        ("done" if n < here or here == len(STEPS) - 1 else "current" if n == here else "") for n in range(len(STEPS))
    ]
    return [Step(str(state.label), mark) for state, mark in zip(STEPS, marks, strict=True)]


def money_of(project: MicroProject) -> list[Amount]:
    """预算, 批准, 合同, 结算: the approved amount beside the budget, the others beside what was approved."""
    approved = project.approved_fen
    lines = (
        (_("预算"), project.budget_fen, None),
        (_("批准"), approved, project.budget_fen),
        (_("合同"), project.contract_fen, approved),
        (_("结算"), project.settled_fen, approved),
    )
    return [_amount(label, fen, beside) for label, fen, beside in lines]


def _amount(label: str, fen: int | None, beside: int | None) -> Amount:
    if fen is None or beside is None:
        return Amount(label, _yuan(fen), "", is_above=False)
    sign = "+" if fen > beside else ""
    return Amount(label, yuan_of(fen), f"{sign}{yuan_of(fen - beside)}", is_above=fen > beside)


def _photos(project: MicroProject) -> list[Photos]:
    rows = list(project.photos.all())
    return [Photos(kind.value, str(kind.label), [row for row in rows if row.kind == kind]) for kind in ProjectPhotoKind]


def _warnings(project: MicroProject) -> list[str]:
    """What the next step still lacks."""
    if project.state == S.PROPOSED and lacks_owners_vote(project):
        return [_("使用住宅专项维修资金须先经业主表决通过；通过以后才能批准立项。")]
    if project.state == S.UNDER_WAY:
        return missing_for_acceptance(project)
    if project.state == S.ACCEPTED:
        part, whole = overspend_share(project)
        most = (project.approved_fen or 0) + (project.approved_fen or 0) * part // whole
        return [_("结算超过 %(most)s 元（批准金额的 %(part)s/%(whole)s 以上）时，须先有新的决议同意。") % {
            "most": yuan_of(most), "part": part, "whole": whole,
        }]  # fmt: skip
    return []


def _move(project: MicroProject, viewer: User, day: date) -> str:
    """The next step, when this person may make it."""
    council, move = project.follow_up.decision.council, NEXT.get(S(project.state), "")
    if move == "approve":
        return move if may_approve_project(project, council, viewer) else ""
    if move in ("accept", "survey"):
        return move if may_accept_project(project, council, viewer) else ""
    return move if move and keeps_project(project, council, viewer, day) else ""


def _acts(project: MicroProject, viewer: User, day: date) -> Iterator[str]:
    council, state = project.follow_up.decision.council, S(project.state)
    if keeps_project(project, council, viewer, day):
        if state == S.UNDER_WAY:
            yield from ("acceptance", "milestone")
        if state in (S.PROPOSED, S.APPROVED):
            yield "quote"
        if state in STEPS[:5]:
            yield "photo"
    if state in STEPS[:4] and may_accept_project(project, council, viewer):
        yield "stop"


def _history(project: MicroProject) -> list[Said]:
    council = project.follow_up.decision.council
    about = council.events.filter(type=EventType.PROJECT_MOVED, data__project=project.pk)
    return [
        Said(
            str(MOVES.get(event.data["move"], event.data["move"])), str(event.actor or ""), event.at, _lines(event.data)
        )
        for event in about.select_related("actor").order_by("-seq")
    ]


def _lines(data: dict[str, object]) -> list[str]:
    lines = [str(data[key]) for key in ("title", "bidder", "contractor", "reason") if data.get(key)]
    fen = data.get("amount_fen") or data.get("budget_fen")
    if isinstance(fen, int):
        lines.append(_("%(yuan)s 元") % {"yuan": yuan_of(fen)})
    if data.get("overspending_decision"):
        lines.append(_("按 %(number)s") % {"number": data["overspending_decision"]})
    return lines
