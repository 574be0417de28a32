"""From a submitted result to an answer, and again: verify, send_back, reopen, decline_reopen."""

from datetime import datetime, time

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import commands as facts
from cases import events
from cases.models import User
from cases.terms import EventType, ResultCode
from workflows import clocks
from workflows import permissions as may
from workflows.commands._transition import Moved, locked, transition


def verify_case(*, case_id: int, actor: User, now: datetime, finding: str) -> Moved:
    """Somebody else has looked: the reporter is answered, and the survey clock starts."""
    if not finding.strip():
        raise ValidationError({"finding": _("请写明核查情况。")})
    with transaction.atomic():
        case = locked(case_id)
        moved = transition(
            "verify",
            case_id,
            case=case,
            actor=actor,
            now=now,
            log={"finding": finding.strip()},
            at=now,
        )
        facts.answer_reporters(case, kind="verified", text=case.result_text, at=now)
        if case.result_code == ResultCode.PLANNED and case.promised_date:
            zone = clocks.default_calendar().zone
            until = datetime.combine(case.promised_date, time(23, 59, 59), zone)
            clocks.start_promise(case, moved.event, until)
        return moved


def send_back_case(*, case_id: int, actor: User, now: datetime, missing: str) -> Moved:
    """Not mended yet: back to the team, counted as rework."""
    if not missing.strip():
        raise ValidationError({"missing": _("请写明还缺什么。")})
    return transition("send_back", case_id, actor=actor, now=now, log={"missing": missing.strip()})


def reopen_case(*, case_id: int, actor: User, now: datetime, reason: str) -> Moved:
    """A new round with its own clocks; the case is still one case."""
    if not reason.strip():
        raise ValidationError({"reason": _("请写明重办的理由。")})
    return transition("reopen", case_id, actor=actor, now=now, log={"reason": reason.strip()})


def decline_reopen(*, case_id: int, actor: User, now: datetime, reason: str) -> Moved:
    """The answer stands; the reporter is told why."""
    if not reason.strip():
        raise ValidationError({"reason": _("请写明不予重办的理由，居民会看到。")})
    with transaction.atomic():
        moved = transition("decline_reopen", case_id, actor=actor, now=now, log={"reason": reason.strip()}, at=now)
        facts.answer_reporters(moved.case, kind="reopen_declined", text=reason.strip(), at=now)
        return moved


def keep_promise(*, case_id: int, actor: User, now: datetime, what: str) -> None:
    """What a B answer promised has been done: its clock stops."""
    if not what.strip():
        raise ValidationError({"what": _("请写明怎样兑现的。")})
    with transaction.atomic():
        case = locked(case_id)
        if not may.is_team_member(case, actor):
            raise PermissionDenied("keep_promise")
        if not clocks.stop_promise(case, now):
            raise ValidationError(_("该件没有未兑现的承诺。"))
        events.record_fact(case, EventType.PROMISE_KEPT, actor=actor, at=now, data={"what": what.strip()})
