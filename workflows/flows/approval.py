"""The approval errand (审批): one person asks, another decides, and what is agreed is carried out at once."""

from datetime import datetime
from typing import Any, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_fsm import TransitionNotAllowed
from viewflow import this
from viewflow.workflow import flow

from cases import events
from cases.models import Case, CaseEvent, User
from cases.terms import ClockKind, EventType, RequestKind, RequestState, Role
from workflows import clocks
from workflows.commands import adjust, handling, surveys
from workflows.commands._transition import Moved, locked
from workflows.flows.joint import end_taken_back
from workflows.flows.lock import CaseRowLock
from workflows.flows.rules import (
    ASKERS,
    check_still_makes_sense,
    check_time_to_ask,
    checked_details,
    checked_reason,
    decider_role,
    is_timely,
    may_ask,
    may_decide,
)
from workflows.hands import in_events
from workflows.lifecycle import CaseLifecycle
from workflows.models import ApprovalProcess, Request

__all__ = [
    "ApprovalFlow",
    "ask_request",
    "decide_request",
    "may_ask",
    "may_decide",
    "own_requests",
    "requests_to_decide",
    "withdraw_request",
]

CLOCK = ("clock__policy", "clock__calendar")
SAID = {
    RequestState.AGREED: EventType.REQUEST_AGREED,
    RequestState.DECLINED: EventType.REQUEST_DECLINED,
    RequestState.WITHDRAWN: EventType.REQUEST_WITHDRAWN,
}


class ApprovalFlow(flow.Flow):  # type: ignore[misc]  # viewflow has no types
    """The way of a request. Running errands name these nodes: add some, never rename or delete one."""

    process_class = ApprovalProcess
    process_title = _("审批")
    lock_impl = CaseRowLock("requests__process")

    start = flow.StartHandle(this.begin).Annotation(title=_("申请")).Next(this.decide)
    decide = flow.Handle(this.conclude).Annotation(title=_("审定")).Next(this.is_agreed)
    is_agreed = flow.If(this.was_agreed).Annotation(title=_("是否同意")).Then(this.carry_out).Else(this.end)
    carry_out = flow.Function(this.do_carry_out).Annotation(title=_("办理")).Next(this.end)
    end = flow.End().Annotation(title=_("结束"))

    def begin(self, activation: Any, *, request: Request) -> ApprovalProcess:
        """Point the errand to its request."""
        activation.process.request, activation.process.created = request, request.asked_at
        activation.task.owner = request.asked_by
        return cast(ApprovalProcess, activation.process)

    def conclude(
        self, activation: Any, *, request: Request, state: RequestState, actor: User, now: datetime, note: str
    ) -> None:
        """Note the decision, or that the asker took it back, and let the history say so."""
        request.state, request.decided_by, request.decided_at, request.note = state, actor, now, note
        request.save(update_fields=["state", "decided_by", "decided_at", "note"])
        log = {"request": request.pk, "kind": request.kind, "note": note}
        events.record_fact(request.case, SAID[state], actor=actor, at=now, data=log)
        clocks.stop_obligation(request.clock, now)
        activation.process.request, activation.task.owner = request, actor

    def was_agreed(self, activation: Any) -> bool:
        """Whether there is something to carry out."""
        return bool(activation.process.request.state == RequestState.AGREED)

    def do_carry_out(self, activation: Any) -> None:
        """Let the command make the move; it reads the case anew. Parts of a dispatch taken back end with it."""
        request = activation.process.request
        request.case = _carried_out(request, request.decided_by, request.decided_at).case
        end_taken_back(now=request.decided_at, case_id=request.case_id)


def _carried_out(request: Request, actor: User, now: datetime) -> Moved:
    if request.kind == RequestKind.MERGE:
        return adjust.merge_case(
            case_id=request.case_id,
            main_case_id=request.details["main_case_id"],
            actor=actor,
            now=now,
            reason=request.reason,
            request=request,
        )
    carry = {
        RequestKind.RETURN: handling.return_to_dispatch,
        RequestKind.EXTENSION: adjust.extend_case,
        RequestKind.HOLD: adjust.hold_case,
        RequestKind.VOID: adjust.void_case,
        RequestKind.EXCLUSION: surveys.exclude_survey,
    }
    return carry[RequestKind(request.kind)](request=request, actor=actor, now=now)


@transaction.atomic
def ask_request(  # noqa: PLR0913  # what is asked, word by word
    *,
    case_id: int,
    actor: User,
    now: datetime,
    kind: RequestKind,
    reason: str,
    reason_code: str = "",
    details: dict[str, Any],
) -> Request:
    """Ask for a move that needs a second person; its clock runs until it is decided.

    Raises TransitionNotAllowed (not from this state), PermissionDenied (not by this person), ValidationError.
    """
    case, kind = locked(case_id), RequestKind(kind)
    if not is_timely(case, kind):
        raise TransitionNotAllowed(f"{kind} from {case.state}", object=case)
    if not ASKERS[kind](case, actor):
        raise PermissionDenied("ask_request")
    check_time_to_ask(case, kind, now)
    if case.requests.filter(kind=kind, state=RequestState.ASKED).exists():
        raise ValidationError(_("该件已有一份同类申请待审定，请先审定或撤回。"))
    reason, reason_code = checked_reason(kind, reason, reason_code)
    request = Request.objects.create(
        case=case,
        kind=kind,
        reason_code=reason_code,
        reason=reason,
        details=checked_details(kind, case, details, actor=actor, now=now, reason_code=reason_code),
        decider_role=decider_role(case, kind),
        asked_by=actor,
        asked_at=now,
    )
    log = {"request": request.pk, "decider_role": request.decider_role}
    log |= {name: getattr(request, name) for name in ("kind", "reason_code", "reason", "details")}
    event = events.record_fact(case, EventType.REQUEST_ASKED, actor=actor, at=now, data=log)
    clocks.start_obligation(case, event, ClockKind.REQUEST, owed=request)
    ApprovalFlow.start.run(request=request)
    return request


@transaction.atomic
def decide_request(*, request_id: int, actor: User, now: datetime, agree: bool, note: str = "") -> Request:
    """Agree, and the move is made at once (`request.case` is the moved case), or decline with a reason.

    Raises ValidationError (decided already, no longer makes sense), PermissionDenied, TransitionNotAllowed. Declining
    is possible whatever became of the case, so that no request stays open for ever.
    """
    request = _locked_request(request_id)
    if not may_decide(request, actor):
        raise PermissionDenied("decide_request")
    if agree:
        check_still_makes_sense(request, now)
    elif not note.strip():
        raise ValidationError({"note": _("请写明不同意的理由。")})
    return _go_on(request, RequestState.AGREED if agree else RequestState.DECLINED, actor, now, note.strip())


@transaction.atomic
def withdraw_request(*, request_id: int, actor: User, now: datetime) -> Request:
    """Take one's own request back while nobody has decided on it."""
    request = _locked_request(request_id)
    if request.asked_by_id != actor.pk:
        raise PermissionDenied("withdraw_request")
    return _go_on(request, RequestState.WITHDRAWN, actor, now, "")


def _locked_request(request_id: int) -> Request:
    """An open request with its case locked; for a merge both cases, in the order of their keys as `merge_case` does."""
    known = Request.objects.only("case_id", "details").get(pk=request_id)  # neither ever changes
    rows = CaseLifecycle.objects.select_for_update(of=("self",)).select_related("area").order_by("pk")
    cases = {case.pk: case for case in rows.filter(pk__in=[known.case_id, known.details.get("main_case_id") or 0])}
    request = Request.objects.select_related("asked_by", *CLOCK).get(pk=request_id)  # nobody else can conclude it now
    request.case = cases[request.case_id]
    if request.state != RequestState.ASKED:
        raise ValidationError(_("该申请%(state)s，不能再改。") % {"state": request.get_state_display()})
    return request


def _go_on(request: Request, state: RequestState, actor: User, now: datetime, note: str) -> Request:
    task = request.process.task_set.get(flow_task=ApprovalFlow.decide, finished=None)
    ApprovalFlow.decide.run(task, request=request, state=state, actor=actor, now=now, note=note)
    return request


def requests_to_decide(viewer: User) -> QuerySet[Request]:
    """Open requests that this person may decide, most pressing first; the query form of `may_decide`."""
    mine = Q(pk__in=[])
    for role in (Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER):
        wanted = Q(decider_role=role)
        if role == Role.LEADER:
            wanted |= Q(kind=RequestKind.VOID)
        for path in viewer.grants().area_paths([role]):
            mine |= wanted & Q(case__area__path__startswith=path)
    open_ones = Request.objects.filter(mine, state=RequestState.ASKED).exclude(asked_by=viewer)
    open_ones = open_ones.exclude(_of_own_hand(viewer))
    return open_ones.select_related("case__area", "asked_by", *CLOCK).order_by("clock__due_at", "pk")


def _of_own_hand(viewer: User) -> Q:
    """Requests to leave out a rating of a case that this person had a hand in: see `hands.had_a_hand`."""
    teams = viewer.grants().team_ids()
    shown = CaseEvent.objects.filter(in_events(viewer), case=OuterRef("case"))
    joint = Case.objects.filter(pk=OuterRef("case"), co_teams__in=teams)
    of_team = Q(case__handler=viewer) | Q(case__team__in=teams)
    return Q(kind=RequestKind.EXCLUSION) & (of_team | Exists(shown) | Exists(joint))


def own_requests(viewer: User) -> QuerySet[Request]:
    """What this person has asked for, newest first."""
    mine = Request.objects.filter(asked_by=viewer).select_related("case__area", "decided_by", *CLOCK)
    return mine.order_by("-asked_at", "-pk")
