"""Changes beside the main road: extend, hold, resume, void, merge, split_off, correct_facts."""

from datetime import datetime
from typing import Any, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import commands as facts
from cases import events
from cases.models import Category, User
from cases.terms import EventType, Priority, State
from workflows import clocks
from workflows import permissions as may
from workflows.commands._transition import MOVED_FIELDS, Moved, locked, transition
from workflows.commands.handling import close_joint_handling
from workflows.lifecycle import CaseLifecycle
from workflows.models import Request
from workflows.spot_checks import drop


def _for(request: Request) -> CaseLifecycle:
    case = locked(request.case_id)
    case.agreed_request = request  # type: ignore[attr-defined]
    return case


@transaction.atomic
def extend_case(*, request: Request, actor: User, now: datetime) -> Moved:
    """Carry out an agreed extension: the handling clock gets a second interval, up to the new moment."""
    until = datetime.fromisoformat(request.details["until"])
    log = {"reason": request.reason, "until": until, "request": request.pk}
    moved = transition("extend", request.case_id, case=_for(request), actor=actor, now=now, log=log)
    clocks.extend(moved.case, moved.event, until)
    moved.case.save(update_fields=["due_at", "warn_at"])
    return moved


@transaction.atomic
def hold_case(*, request: Request, actor: User, now: datetime) -> Moved:
    """Carry out an agreed hold: the handling clock waits, the review date is watched instead."""
    log = {
        "reason_code": request.reason_code,
        "reason": request.reason,
        "review_at": request.details["review_at"],
        "request": request.pk,
    }
    return transition("hold", request.case_id, case=_for(request), actor=actor, now=now, log=log)


def resume_case(*, case_id: int, actor: User, now: datetime, note: str = "") -> Moved:
    """Take a case off hold; the handling clock goes on with exactly the time that was left."""
    return transition("resume", case_id, actor=actor, now=now, log={"note": note})


@transaction.atomic
def void_case(*, request: Request, actor: User, now: datetime) -> Moved:
    """Carry out an agreed voiding; the reporter is told."""
    log = {
        "reason_code": request.reason_code,
        "reason": request.reason,
        "details": request.details,
        "request": request.pk,
    }
    case = _for(request)
    close_joint_handling(case, now)
    moved = transition("void", case.pk, case=case, actor=actor, now=now, log=log, at=now)
    facts.answer_reporters(moved.case, kind="voided", text=request.reason, at=now)
    drop(moved.case, now=now)
    return moved


@transaction.atomic
def merge_case(
    *, case_id: int, main_case_id: int, actor: User, now: datetime, reason: str, request: Request | None = None
) -> Moved:
    """Let the main case answer for this one. Both rows are locked in the order of their keys."""
    rows = {c.pk: c for c in _locked_in_order(case_id, main_case_id)}
    case, main = rows.get(case_id), rows.get(main_case_id)
    if case is None or main is None or case.pk == main.pk:
        raise ValidationError({"main_case": _("请选择另一件作为主件。")})
    if main.state == State.MERGED or not main.is_open:
        raise ValidationError({"main_case": _("主件须是在办的件，且自身未被并案。")})
    if case.merged_cases.filter(state=State.MERGED).exists():
        raise ValidationError({"main_case": _("该件自身已有并入的件，请先拆案，或把它作为主件。")})
    if request is not None:
        case.agreed_request = request  # type: ignore[attr-defined]
        close_joint_handling(case, now)
    log = {"main_case": main.number, "reason": reason}
    moved = transition("merge", case_id, case=case, actor=actor, now=now, log=log, main_case=main, at=now)
    events.record_fact(main, EventType.MERGED_INTO, actor=actor, at=now, data={"case": case.number})
    text = _("您反映的事项已并入 %(number)s 一并办理，办理结果会一并答复您。") % {"number": main.number}
    facts.answer_reporters(moved.case, kind="merged", text=str(text), at=now)
    return moved


def _locked_in_order(*case_ids: int) -> list[CaseLifecycle]:
    rows = CaseLifecycle.objects.select_for_update(of=("self",)).select_related("area")
    return cast(list[CaseLifecycle], list(rows.filter(pk__in=case_ids).order_by("pk")))


@transaction.atomic
def split_off_case(*, case_id: int, actor: User, now: datetime, reason: str) -> Moved:
    """Undo a merge while the main case is open."""
    main_id = CaseLifecycle.objects.values_list("main_case_id", flat=True).get(pk=case_id)
    rows = {c.pk: c for c in _locked_in_order(case_id, main_id or 0)}
    main = rows.get(main_id or 0)
    if main is not None and not main.is_open:
        raise ValidationError(_("主件已办结，不能再拆案；可申请重办主件。"))
    if not reason.strip():
        raise ValidationError({"reason": _("请写明拆案的理由。")})
    log: dict[str, Any] = {"reason": reason.strip(), "main_case": main.number if main else ""}
    return transition("split_off", case_id, case=rows[case_id], actor=actor, now=now, log=log)


@transaction.atomic
def correct_facts(
    *, case_id: int, actor: User, now: datetime, category: Category, priority: Priority, reason: str
) -> None:
    """Change category or priority of an open case: limits are recomputed from the original moment, and it says so."""
    case = locked(case_id)
    if not may.either(may.is_desk, may.is_dispatcher, may.is_supervisor)(case, actor):
        raise PermissionDenied("correct_facts")
    if not case.is_open:
        raise ValidationError(_("该件已办结，不能再更正。"))
    if case.category_id == category.pk and case.priority == priority:
        raise ValidationError({"category": _("类别和紧急程度都没有变化。")})
    if not reason.strip():
        raise ValidationError({"reason": _("请写明更正的理由。")})
    was = {"category": case.category.code if case.category else "", "priority": case.priority}
    case.category, case.priority = category, priority
    moved = clocks.recompute_limits(case, now)
    log = {
        "was": was,
        "category": category.code,
        "priority": priority,
        "reason": reason.strip(),
        "limits": {kind: {"was": a, "is": b} for kind, (a, b) in moved.items()},
    }
    events.record(case, EventType.FACTS_CORRECTED, actor=actor, at=now, data=log)
    case.save(update_fields=MOVED_FIELDS)
