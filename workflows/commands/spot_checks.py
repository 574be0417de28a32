"""Looking again at a verified case that was drawn by lot: pass_spot_check, fail_spot_check."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import commands as facts
from cases import events
from cases.models import SpotCheck, User
from cases.terms import EventType, SpotCheckState
from workflows import permissions as may
from workflows import spot_checks
from workflows.commands._transition import Moved, locked, transition
from workflows.hands import had_a_hand
from workflows.lifecycle import CaseLifecycle


@transaction.atomic
def pass_spot_check(*, case_id: int, actor: User, now: datetime, finding: str) -> None:
    """It is as it was answered. Raises PermissionDenied (no supervisor, or had a hand in it), ValidationError."""
    case, check = _waiting(case_id, actor)
    said = _said(finding)
    spot_checks.conclude(check, SpotCheckState.PASSED, actor=actor, now=now, finding=said)
    data = {"spot_check": check.pk, "finding": said}
    events.record_fact(case, EventType.SPOT_CHECK_PASSED, actor=actor, at=now, data=data)


@transaction.atomic
def fail_spot_check(*, case_id: int, actor: User, now: datetime, finding: str) -> Moved:
    """It is not as it was answered: a new round, counted as rework, and the reporter is told.

    Raises TransitionNotAllowed, PermissionDenied (no supervisor, or had a hand in it), ValidationError.
    """
    case, check = _waiting(case_id, actor)
    said = _said(finding)
    spot_checks.conclude(check, SpotCheckState.FAILED, actor=actor, now=now, finding=said)
    log = {"spot_check": check.pk, "finding": said}
    moved = transition("fail_spot_check", case_id, case=case, actor=actor, now=now, log=log)
    text = str(_("经督办员抽查，这件事还没有办好，已退回重新办理，办好后再答复您。"))
    facts.answer_reporters(moved.case, kind="failed_spot_check", text=text, at=now)
    return moved


def may_check(case: CaseLifecycle, actor: User) -> bool:
    """A supervisor of the area who neither handled nor verified it."""
    return may.is_supervisor(case, actor) and not had_a_hand(case, actor)


def _waiting(case_id: int, actor: User) -> tuple[CaseLifecycle, SpotCheck]:
    case = locked(case_id)
    if not may_check(case, actor):
        raise PermissionDenied("spot_check")
    check = spot_checks.drawn(case)
    if check is None:
        raise ValidationError(_("这件没有待抽查的轮次。"))
    return case, check


def _said(finding: str) -> str:
    if not finding.strip():
        raise ValidationError({"finding": _("请写明看到的情况。")})
    return finding.strip()
