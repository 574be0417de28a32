"""From dispatch to a submitted result: dispatch, sign, return_to_dispatch, reassign, submit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.council_terms import DECISIONS_IN_FORCE, OWED_FOLLOW_UPS
from cases.models import Case, FollowUp, Team, User
from cases.terms import ClockKind, EventType, PhotoKind, ResultCode
from workflows import clocks
from workflows.commands._transition import Moved, locked, transition
from workflows.lifecycle import CaseLifecycle
from workflows.models import JointHandling, Part, Request

FINAL_RETURN = 3  # the third return goes to a supervisor whose dispatch is final


@dataclass(frozen=True)
class CoHandling:
    """What a co-handling team owes, and until when."""

    team: Team
    task: str
    due_at: datetime


@transaction.atomic
def dispatch_case(
    *, case_id: int, actor: User, now: datetime, team: Team, co_handlers: Sequence[CoHandling] = (), note: str = ""
) -> Moved:
    """Hand the case to its lead team (主办); co-handlers (协办) each get their part with its own due moment."""
    _check_dispatch(team, co_handlers, now)
    log = {
        "team": team.pk,
        "note": note,
        "co_handlers": [{"team": c.team.pk, "task": c.task, "due_at": c.due_at} for c in co_handlers],
    }
    moved = transition("dispatch", case_id, actor=actor, now=now, log=log, team=team)
    moved.case.co_teams.set([c.team for c in co_handlers])
    if co_handlers:
        joint = JointHandling.objects.create(case=moved.case, opened_at=now)
        for owed in co_handlers:
            part = Part.objects.create(joint=joint, team=owed.team, task=owed.task.strip())
            clocks.start_obligation(
                moved.case, moved.event, ClockKind.PART, owed=part, until=owed.due_at, team=owed.team
            )
    return moved


def _check_dispatch(team: Team, co_handlers: Sequence[CoHandling], now: datetime) -> None:
    if not team.active:
        raise ValidationError({"team": _("该工作队已停用，请另选。")})
    teams = [c.team.pk for c in co_handlers]
    if team.pk in teams or len(set(teams)) != len(teams):
        raise ValidationError({"co_teams": _("协办单位不能重复，也不能是主办单位。")})
    for part in co_handlers:
        if not part.task.strip():
            raise ValidationError({"co_task": _("请写明协办事项。")})
        if part.due_at <= now:
            raise ValidationError({"co_due": _("协办时限须晚于现在。")})


def sign_case(*, case_id: int, actor: User, now: datetime, handler: User) -> Moved:
    """The lead team takes the case over and names its handler."""
    with transaction.atomic():
        case = locked(case_id)
        _check_member(case, handler, now)
        return transition(
            "sign", case_id, case=case, actor=actor, now=now, log={"handler": handler.pk}, handler=handler
        )


def reassign_case(*, case_id: int, actor: User, now: datetime, handler: User, note: str = "") -> Moved:
    """The team leader hands the case to another member."""
    with transaction.atomic():
        case = locked(case_id)
        _check_member(case, handler, now)
        if handler.pk == case.handler_id:
            raise ValidationError({"handler": _("该件已由此人承办，请另选。")})
        log = {"handler": handler.pk, "note": note}
        return transition("reassign", case_id, case=case, actor=actor, now=now, log=log, handler=handler)


def _check_member(case: CaseLifecycle, handler: User, now: datetime) -> None:
    if case.team_id and not handler.grants(timezone.localdate(now)).in_team(case.team_id):
        raise ValidationError({"handler": _("承办人须是主办工作队的成员。")})


def return_to_dispatch(*, request: Request, actor: User, now: datetime) -> Moved:
    """Carry out an agreed return; the handling clock is not set back."""
    with transaction.atomic():
        case = locked(request.case_id)
        case.agreed_request = request  # type: ignore[attr-defined]
        returns = case.events.filter(type=EventType.RETURNED_TO_DISPATCH).count() + 1
        log = {"reason": request.reason, "request": request.pk, "team": case.team_id, "returns": returns}
        close_joint_handling(case, now)
        return transition(
            "return_to_dispatch",
            case.pk,
            case=case,
            actor=actor,
            now=now,
            log=log,
            is_final=returns >= FINAL_RETURN,
        )


def close_joint_handling(case: CaseLifecycle, now: datetime) -> None:
    """Parts of a dispatch that was taken back are owed no longer."""
    for clock in case.clocks.filter(kind=ClockKind.PART, stopped_at=None).select_related("policy", "calendar"):
        clocks.stop_obligation(clock, now)
    JointHandling.objects.filter(case=case, closed_at=None).update(closed_at=now)
    case.co_teams.clear()


def submit_case(
    *,
    case_id: int,
    actor: User,
    now: datetime,
    result_code: ResultCode,
    result_text: str,
    promised_date: date | None = None,
) -> Moved:
    """Say what was done; somebody else verifies it.

    Refused while a co-handler owes their part, without the photo that the category asks for, a B without its date, or
    an A while something is owed that a council decided on it.
    """
    with transaction.atomic():
        case = locked(case_id)
        _check_result(case, result_code, result_text, promised_date, now)
        log = {"result_code": result_code, "result_text": result_text.strip(), "promised_date": promised_date}
        return transition(
            "submit",
            case_id,
            case=case,
            actor=actor,
            now=now,
            log=log,
            result_code=result_code,
            result_text=result_text.strip(),
            promised_date=promised_date,
        )


def _check_result(case: CaseLifecycle, code: ResultCode, text: str, promised_date: date | None, now: datetime) -> None:
    wrong: dict[str, Any] = {}
    if not text.strip():
        wrong["result_text"] = _("请写明做了什么；暂时无法解决的，写明原因。")
    if code == ResultCode.PLANNED and (promised_date is None or promised_date <= timezone.localdate(now)):
        wrong["promised_date"] = _("选 B 须填写承诺日期，且晚于今天。")
    if code != ResultCode.PLANNED and promised_date is not None:
        wrong["promised_date"] = _("只有选 B 才填写承诺日期。")
    if Part.objects.filter(joint__case=case, joint__closed_at=None, answered_at=None).exists():
        wrong["result_code"] = _("还有协办单位未答复，答复齐后才能提交。")
    if code == ResultCode.SOLVED and (owed := [row.what for row in owed_follow_ups(case)]):
        said = {"what": "；".join(owed)}
        wrong["result_code"] = _("决议的落实事项还没有办完：%(what)s。办完再报 A，或选 B 写明承诺日期。") % said
    if (
        case.category is not None
        and case.category.needs_photo
        and not case.attachments.filter(kind=PhotoKind.RESULT).exists()
    ):
        wrong["photos"] = _("此类事项须附处置后的照片。")
    if wrong:
        raise ValidationError(wrong)


def owed_follow_ups(case: Case) -> QuerySet[FollowUp]:
    """What is still to be done of decisions in force that were taken here on this case or its topic."""
    of_case = Q(decision__case=case) | Q(decision__item__topic__in=case.topics.values("pk"))
    taken_here = FollowUp.objects.filter(of_case, decision__item__isnull=False, decision__state__in=DECISIONS_IN_FORCE)
    return taken_here.filter(state__in=OWED_FOLLOW_UPS)
