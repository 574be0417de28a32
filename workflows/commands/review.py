"""From a submitted result to an answer, and again: verify, send_back, reopen, decline_reopen."""

from datetime import datetime, time
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import commands as facts
from cases import events
from cases.models import User
from cases.terms import ClockKind, EventType, PhotoKind, ResultCode, State
from workflows import clocks, invitations, limits, spot_checks
from workflows import permissions as may
from workflows.commands._transition import Moved, locked, transition
from workflows.lifecycle import CaseLifecycle


def verify_case(  # noqa: PLR0913  # what was seen, where, and what the resident is told
    *,
    case_id: int,
    actor: User,
    now: datetime,
    finding: str,
    answer: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
) -> Moved:
    """Somebody else has looked: the reporter is answered, and the survey clock starts; a lot may be drawn.

    Without an `answer` the reporter gets what the team wrote. Refused without the photo or the place that the category
    asks for.
    """
    with transaction.atomic():
        case = locked(case_id, "reporter", asked_lately=invitations.asked_lately(now))
        _check_finding(case, finding, latitude)
        text = answer.strip() or case.result_text
        log: dict[str, Any] = {"finding": finding.strip()}
        if latitude is not None and longitude is not None:
            log |= {"latitude": latitude, "longitude": longitude}
        if asked := invitations.invite(case, now=now):  # before the move, whose event says so
            log |= {"way": asked.way, "invitation": asked.pk}
        moved = transition("verify", case_id, case=case, actor=actor, now=now, log=log, at=now)
        facts.answer_reporters(case, kind="verified", text=text, at=now)
        if case.result_code == ResultCode.PLANNED and case.promised_date:
            zone = limits.default_calendar().zone
            until = datetime.combine(case.promised_date, time(23, 59, 59), zone)
            clocks.start_obligation(case, moved.event, ClockKind.PROMISE, until=until)
        spot_checks.draw(case, moved.event)
        return moved


def _check_finding(case: CaseLifecycle, finding: str, latitude: float | None) -> None:
    wrong: dict[str, Any] = {}
    if not finding.strip():
        wrong["finding"] = _("请写明核查情况。")
    category = case.category
    if category is not None and category.check_needs_photo and not _has_check_photo(case):
        wrong["photos"] = _("此类事项须附核查照片。")
    if category is not None and category.check_needs_place and latitude is None:
        wrong["latitude"] = _("此类事项须记录现场位置：请在现场按“定位”。")
    if wrong:
        raise ValidationError(wrong)


def _has_check_photo(case: CaseLifecycle) -> bool:
    """One that was taken since the result came in."""
    submitted = case.events.filter(state=State.SUBMITTED).order_by("-seq").values_list("at", flat=True).first()
    taken = case.attachments.filter(kind=PhotoKind.CHECK)
    return (taken.filter(added_at__gte=submitted) if submitted else taken).exists()


def send_back_case(*, case_id: int, actor: User, now: datetime, missing: str) -> Moved:
    """Not mended yet: back to the team, counted as rework."""
    if not missing.strip():
        raise ValidationError({"missing": _("请写明还缺什么。")})
    return transition("send_back", case_id, actor=actor, now=now, log={"missing": missing.strip()})


def reopen_case(*, case_id: int, actor: User, now: datetime, reason: str) -> Moved:
    """A new round with its own clocks; the case is still one case."""
    if not reason.strip():
        raise ValidationError({"reason": _("请写明重办的理由。")})
    with transaction.atomic():
        moved = transition("reopen", case_id, actor=actor, now=now, log={"reason": reason.strip()})
        spot_checks.drop(moved.case, now=now)
        return moved


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
        facts.answer_reporters(case, kind="kept", text=what.strip(), at=now)
