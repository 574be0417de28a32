"""Micro-projects from the first spade to the survey: milestones, photographs, acceptance, settlement. Money in fen."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.council_terms import DECISIONS_IN_FORCE, DecisionState, ProjectPhotoKind, ProjectState
from cases.lib import photos
from cases.models import Acceptance, Decision, MicroProject, Milestone, ProjectPhoto, User
from cases.terms import DecisionOutcome
from workflows.council.acts import make, words
from workflows.council.follow_up_rights import may_accept_project
from workflows.council.packs import rules_of
from workflows.council.projects import locked_project, require_keeper, say_moved

# One household is a chance and two may be one family; no rule names a number, three is the least that is a voice.
LEAST_ACCEPTANCES = 3
MOST_PHOTOS = 30  # of one kind: enough for any courtyard, and a page can still be opened on a phone
ADOPTED = (DecisionOutcome.ADOPTED, DecisionOutcome.CONSENSUS)
TAKEN_EFFECT = (*DECISIONS_IN_FORCE, DecisionState.IMPLEMENTED, DecisionState.REVIEWED)
PHOTOS_IN = {
    ProjectPhotoKind.BEFORE: (ProjectState.PROPOSED, ProjectState.APPROVED, ProjectState.CONTRACTED),
    ProjectPhotoKind.DURING: (ProjectState.UNDER_WAY,),
    ProjectPhotoKind.AFTER: (ProjectState.UNDER_WAY, ProjectState.ACCEPTED),
}


@transaction.atomic
def reach_milestone(*, project_id: int, milestone_id: int, actor: User, now: datetime) -> Milestone:
    """A step of the work is done. Raises PermissionDenied, ValidationError, Milestone.DoesNotExist."""
    project, council = locked_project(project_id)
    require_keeper(project, council, actor, now, "reach_milestone")
    milestone = project.milestones.get(pk=milestone_id)
    if project.state != ProjectState.UNDER_WAY:
        raise ValidationError(_("开工以后、验收以前才能登记节点完成。"))
    if milestone.done_at is not None:
        raise ValidationError(_("这个节点已经登记完成。"))
    milestone.done_at = now
    milestone.save(update_fields=["done_at"])
    say_moved(project, council, "milestone", actor, now, title=milestone.title)
    return milestone


@transaction.atomic
def add_project_photos(
    *, project_id: int, actor: User, now: datetime, kind: ProjectPhotoKind, files: Sequence[BinaryIO]
) -> list[ProjectPhoto]:
    """Keep photographs, encoded again: all or, with the reason, none. Raises PermissionDenied, ValidationError."""
    project, council = locked_project(project_id)
    require_keeper(project, council, actor, now, "add_project_photos")
    if project.state not in PHOTOS_IN[kind]:
        said = {"kind": kind.label, "state": project.get_state_display()}
        raise ValidationError({"kind": _("项目现在是「%(state)s」，不能加「%(kind)s」的照片。") % said})
    if not files:
        raise ValidationError({"photos": _("请选择照片。")})
    if project.photos.filter(kind=kind).count() + len(files) > MOST_PHOTOS:
        raise ValidationError({"photos": _("照片最多 %(n)s 张。") % {"n": MOST_PHOTOS}})
    rows = [_keep(project, kind, file, actor, now) for file in files]
    say_moved(project, council, "photo", actor, now, kind=kind, photos=[row.sha256 for row in rows])
    return rows


def _keep(project: MicroProject, kind: ProjectPhotoKind, file: BinaryIO, actor: User, now: datetime) -> ProjectPhoto:
    try:
        photo = photos.reencode(file)
    except photos.UnusablePhoto as error:
        raise ValidationError({"photos": str(error)}) from error
    if project.photos.filter(kind=kind, sha256=photo.sha256).exists():
        raise ValidationError({"photos": _("这张照片已经上传过。")})
    row = ProjectPhoto(project=project, kind=kind, sha256=photo.sha256, added_by=actor, added_at=now)
    row.width, row.height = photo.width, photo.height
    row.file.save("photo.jpg", ContentFile(photo.content), save=False)
    row.save()
    return row


@transaction.atomic
def record_acceptance(  # noqa: PLR0913  # one line of a sheet that is carried from door to door
    *, project_id: int, actor: User, now: datetime, resident: str, household: str, accepted: bool, text: str = ""
) -> Acceptance:
    """What a household said when the work was shown to it; one word each. Raises PermissionDenied, ValidationError."""
    project, council = locked_project(project_id)
    require_keeper(project, council, actor, now, "record_acceptance")
    if project.state != ProjectState.UNDER_WAY:
        raise ValidationError(_("施工期间才能登记居民验收意见。"))
    household = words("household", household, _("请填写住户。"), longest=40)
    if project.acceptances.filter(household=household).exists():
        raise ValidationError({"household": _("这一户已经登记过意见。")})
    row = Acceptance.objects.create(
        project=project,
        resident=words("resident", resident, _("请填写居民姓名。"), longest=50),
        household=household,
        accepted=accepted,
        words=words("words", text, longest=200) if text.strip() else "",
        recorded_by=actor,
        at=now,
    )
    say_moved(project, council, "acceptance", actor, now, accepted=accepted)  # no household: histories are read widely
    return row


@transaction.atomic
def accept_project(*, project_id: int, actor: User, now: datetime) -> MicroProject:
    """The work is as it should be: photographed, and more of the households asked said yes than no.

    Raises TransitionNotAllowed, PermissionDenied (neither secretary nor overseer, or the proposer), ValidationError.
    """
    project, council = locked_project(project_id)
    make(project, "accept")
    if not may_accept_project(project, council, actor):
        raise PermissionDenied("accept_project")
    missing = missing_for_acceptance(project)
    if missing:
        raise ValidationError(missing)
    project.save(update_fields=["state"])
    say_moved(project, council, "accept", actor, now)
    return project


def missing_for_acceptance(project: MicroProject) -> list[str]:
    """What the work still lacks to be accepted, in words; two queries."""
    found = []
    if not any(photo.kind == ProjectPhotoKind.AFTER for photo in project.photos.all()):
        found.append(str(_("还没有「完工后」的照片。")))
    said = [row.accepted for row in project.acceptances.all()]
    if len(said) < LEAST_ACCEPTANCES:
        found.append(str(_("还差 %(n)s 户居民的验收意见。") % {"n": LEAST_ACCEPTANCES - len(said)}))
    elif said.count(True) <= said.count(False):
        numbers = {"yes": said.count(True), "no": said.count(False)}
        found.append(str(_("同意验收的 %(yes)s 户，不同意的 %(no)s 户：同意的须多于不同意的。") % numbers))
    return found


@transaction.atomic
def settle_project(
    *, project_id: int, actor: User, now: datetime, amount_fen: int, overspending_decision_id: int | None = None
) -> MicroProject:
    """Settle the account; above the share that the rules allow only with a new decision that allows it.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError.
    """
    project, council = locked_project(project_id)
    make(project, "settle", amount_fen=amount_fen, at=now)
    require_keeper(project, council, actor, now, "settle_project")
    if amount_fen < 0:
        raise ValidationError({"amount": _("结算金额不能小于零。")})
    if overspends(project, amount_fen):
        project.overspending_decision = _allowing(project, council.pk, overspending_decision_id)
    project.save(update_fields=["state", "settled_fen", "settled_at", "overspending_decision"])
    allowed_by = project.overspending_decision
    number = allowed_by.number if allowed_by else ""
    say_moved(project, council, "settle", actor, now, amount_fen=amount_fen, overspending_decision=number)
    return project


def overspend_share(project: MicroProject) -> tuple[int, int]:
    """How far above the approved amount a settlement may go, by the rules of the meeting that decided on it."""
    item = project.follow_up.decision.item
    if item is None:
        raise ValueError(f"Project {project.pk} follows from no item")
    return rules_of(item.meeting.pack).overspend


def overspends(project: MicroProject, amount_fen: int) -> bool:
    """Whether a settlement lies above the approved amount by more than the share; exactly the share does not."""
    approved, (part, whole) = project.approved_fen or 0, overspend_share(project)
    return (amount_fen - approved) * whole > approved * part


def decisions_that_allow(project: MicroProject, council_id: int) -> list[Decision]:
    """Decisions of the council later than the project that were adopted and took effect, the newest first."""
    later = Decision.objects.filter(council=council_id, recorded_at__gt=project.proposed_at)
    found = later.filter(outcome__in=ADOPTED, state__in=TAKEN_EFFECT).exclude(pk=project.follow_up.decision_id)
    return list(found.order_by("-recorded_at", "-pk"))


def _allowing(project: MicroProject, council_id: int, decision_id: int | None) -> Decision:
    if decision_id is None:
        part, whole = overspend_share(project)
        message = _("结算超过批准金额的 %(part)s/%(whole)s，须先有新的决议同意，请选择该决议。")
        raise ValidationError({"overspending_decision": message % {"part": part, "whole": whole}})
    for decision in decisions_that_allow(project, council_id):
        if decision.pk == decision_id:
            return decision
    raise ValidationError({"overspending_decision": _("请选择申报以后通过并已生效的决议。")})


@transaction.atomic
def survey_project(*, project_id: int, actor: User, now: datetime, asked: int, satisfied: int) -> MicroProject:
    """How many households were asked, and how many are satisfied; never by who proposed it.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError.
    """
    project, council = locked_project(project_id)
    make(project, "survey")
    if not may_accept_project(project, council, actor):
        raise PermissionDenied("survey_project")
    if asked <= 0:
        raise ValidationError({"asked": _("回访户数须大于零。")})
    if not 0 <= satisfied <= asked:
        raise ValidationError({"satisfied": _("满意户数不能多于回访户数。")})
    project.survey_asked, project.survey_satisfied = asked, satisfied
    project.save(update_fields=["state", "survey_asked", "survey_satisfied"])
    say_moved(project, council, "survey", actor, now, asked=asked, satisfied=satisfied)
    return project
