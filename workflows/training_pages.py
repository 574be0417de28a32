"""What the pages of the training and of area heads show, and who may keep them."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cases.lib.masking import mask_text
from cases.lib.sheets import Column, Sheet
from cases.models import (
    Area,
    AreaHead,
    Course,
    Enrolment,
    ExemplaryCase,
    Lecturer,
    SharingSession,
    TeachingSite,
    User,
)
from cases.models.area_head import HEAD_TITLES
from cases.models.campaign import CAMPAIGN_READERS
from cases.permissions import can_see, is_administrator, may_agree_to
from cases.scope import below
from cases.terms import Role
from cases.training import TEXTS
from cases.training_terms import ExemplaryState

S = ExemplaryState
BADGES = {S.DRAFT: "badge--grey", S.PROPOSED: "badge--amber", S.PUBLISHED: "badge--green", S.WITHDRAWN: "badge--grey"}
APPOINTING = (Role.LEADER, Role.SUPERVISOR)
SHOWN = 50  # heads on a page


@dataclass(frozen=True)
class ExemplaryPage:
    """A written-up case; `acts` are what the viewer may do with it now."""

    row: ExemplaryCase
    badge: str
    situation: str
    done: str
    lesson: str
    acts: tuple[str, ...]
    sees_case: bool


def courses() -> QuerySet[Course]:
    """The courses, each with the number of those who came."""
    came = Count("enrolments", filter=Q(enrolments__absent=False))
    return Course.objects.annotate(came=came).select_related("campaign").order_by("-starts_on", "pk")


def exemplary_seen(viewer: User) -> QuerySet[ExemplaryCase]:
    """The written-up cases that somebody may read, the newest first."""
    found = ExemplaryCase.objects.visible_to(viewer).select_related("case__area", "written_by")
    return found.order_by("-agreed_at", "-pk")


def sessions() -> QuerySet[SharingSession]:
    """The sharing sessions with the cases that were told."""
    return SharingSession.objects.prefetch_related("cases")


def sites() -> QuerySet[TeachingSite]:
    """The teaching sites in use."""
    return TeachingSite.objects.filter(active=True).select_related("area")


def lecturers() -> QuerySet[Lecturer]:
    """The lecturers of the pool."""
    return Lecturer.objects.filter(active=True)


def exemplary_page(viewer: User, pk: int) -> ExemplaryPage | None:
    """One that the viewer may read, else None; texts are masked once more."""
    rows = ExemplaryCase.objects.visible_to(viewer).select_related("case__area", "written_by", "agreed_by")
    row = rows.filter(pk=pk).first()
    if row is None:
        return None
    state = S(row.state)
    return ExemplaryPage(
        row, BADGES[state], mask_text(row.situation), mask_text(row.done), mask_text(row.lesson),
        _acts(viewer, row, state), can_see(viewer, row.case),
    )  # fmt: skip


def _acts(viewer: User, row: ExemplaryCase, state: ExemplaryState) -> tuple[str, ...]:
    if viewer.pk == row.written_by_id:
        return ("write", "propose") if state == S.DRAFT else ("write",) if state == S.WITHDRAWN else ()
    if not may_agree_to(viewer, row):
        return ()
    return ("agree", "send_back") if state == S.PROPOSED else ("send_back",) if state == S.PUBLISHED else ()


def draft_of(row: ExemplaryCase | None) -> dict[str, str]:
    """What its form begins with."""
    return {name: getattr(row, name) for name in TEXTS} if row else {}


def heads_seen(viewer: User, day: date, *, all_times: bool = False, words: str = "") -> QuerySet[AreaHead]:
    """The heads of the places of a person and of the places above, by the tree; with those who were, when asked."""
    rows = AreaHead.objects.all() if all_times else AreaHead.objects.on(day)
    found = rows.select_related("area", "user").order_by("area__path", "-valid_from", "pk")
    if words:
        named = Q(name__icontains=words) | Q(user__name__icontains=words)
        found = found.filter(named | Q(area__full_name__icontains=words))
    grants = viewer.grants()
    if is_administrator(viewer) or grants.has(Role.AUDITOR):
        return found
    near = Q(pk__in=[])
    for path in {*grants.area_paths(CAMPAIGN_READERS), *grants.posted_paths}:
        above = [path[:end] for end in range(Area.steplen, len(path), Area.steplen)]
        near |= Q(area__path__startswith=path) | Q(area__path__in=above)
    return found.filter(near)


def areas_to_head(viewer: User) -> QuerySet[Area]:
    """The places for which somebody may name a head."""
    areas: QuerySet[Area] = Area.objects.filter(level__in=list(HEAD_TITLES)).order_by("path")
    if is_administrator(viewer):
        return areas
    return areas.filter(below(viewer.grants().area_paths(APPOINTING)))


HEAD_SHEET = Sheet[AreaHead](
    "heads",
    _("片组邻负责人"),
    (
        Column(_("区域"), 40, lambda head: str(head.area)),
        Column(_("层级"), 10, lambda head: head.area.get_level_display()),
        Column(_("职务"), 10, lambda head: head.title),
        Column(_("姓名"), 12, lambda head: head.person),
        Column(_("自"), 12, lambda head: head.valid_from),
        Column(_("至（不含）"), 12, lambda head: head.valid_to),
    ),
)
PARTICIPANT_SHEET = Sheet[Enrolment](
    "participants",
    _("学员"),
    (
        Column(_("培训班"), 30, lambda row: str(row.course)),
        Column(_("姓名"), 12, lambda row: row.person),
        Column(_("单位"), 30, lambda row: row.organisation),
        Column(_("没有到"), 8, lambda row: str(_("没有到")) if row.absent else ""),
    ),
)
