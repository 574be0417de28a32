"""Requests to a second person: ask, decide, withdraw, and the list of what waits for me and what I asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_fsm import TransitionNotAllowed

from cases.lib.masking import mask_text
from cases.models import User
from cases.terms import RequestKind, RequestState
from cases.views import sheets
from workflows.flows import approval
from workflows.flows.rules import is_timely
from workflows.forms.moves import MoveForm
from workflows.forms.requests import (
    AskMergeForm,
    DecideRequestForm,
    ExcludeForm,
    ExtendForm,
    HoldForm,
    ReturnToDispatchForm,
    VoidForm,
)
from workflows.lifecycle import CaseLifecycle
from workflows.list_sheets import REQUESTS
from workflows.models import Request
from workflows.timeline import Names, told
from workflows.views.access import SENT_DRAFT, case_url, conflict, seen_case, viewer_of, where_now

OWN_SHOWN = 50


@dataclass(frozen=True)
class Ask:
    """How a request is asked for, and the sentence that says what it will do."""

    form: type[MoveForm]
    sentence: Promise | str
    label: Promise | str
    danger: bool = False


ASKS = {
    RequestKind.RETURN: Ask(
        ReturnToDispatchForm,
        gettext_lazy("不该由本单位办：派遣员同意后退回重派，处置时限不重新起算。"),
        gettext_lazy("申请退回"),
        danger=True,
    ),
    RequestKind.EXTENSION: Ask(
        ExtendForm,
        gettext_lazy("时限内办不完：督办员同意后改到新的日期，第二次须分管领导同意。"),
        gettext_lazy("申请延期"),
    ),
    RequestKind.HOLD: Ask(
        HoldForm, gettext_lazy("条件还不具备：督办员同意后挂账，时限暂停，到复核日期再看。"), gettext_lazy("申请挂账")
    ),
    RequestKind.VOID: Ask(
        VoidForm,
        gettext_lazy("不应办理：督办员或分管领导同意后作废，并告诉居民。"),
        gettext_lazy("申请作废"),
        danger=True,
    ),
    RequestKind.EXCLUSION: Ask(
        ExcludeForm,
        gettext_lazy("评价不该算在本件：督办员同意后不计入满意率，剔除的数另行公布，评价本身照样留着。"),
        gettext_lazy("申请剔除评价"),
        danger=True,
    ),
    RequestKind.MERGE: Ask(
        AskMergeForm,
        gettext_lazy("和另一件是同一件事：督办员同意后并案，由主件一并办理和答复。"),
        gettext_lazy("申请并案"),
    ),
}


@dataclass(frozen=True)
class RequestRow:
    """A request as a page shows it, with what the viewer may do about it."""

    request: Request
    title: str
    lines: list[tuple[str, str]]
    may_decide: bool
    may_withdraw: bool
    form: DecideRequestForm


def request_rows(
    requests: Iterable[Request], viewer: User, *, bound: dict[int, DecideRequestForm] | None = None
) -> list[RequestRow]:
    """Rows with their decide form; `bound` holds one that was refused."""
    rows = []
    for row in requests:
        is_open = row.state == RequestState.ASKED
        said = {"reason_code": row.reason_code, "reason": row.reason, "details": row.details}
        form = (bound or {}).get(row.pk) or DecideRequestForm(auto_id=f"id_{row.pk}_%s")
        may_decide = is_open and approval.may_decide(row, viewer)
        may_withdraw = is_open and row.asked_by_id == viewer.pk
        rows.append(RequestRow(row, mask_text(row.case.title), told(said, Names()), may_decide, may_withdraw, form))
    return rows


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask_request(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """Show the form of a request, or ask."""
    if kind not in RequestKind.values:
        raise Http404
    case, viewer, ask = seen_case(request, number), viewer_of(request), ASKS[RequestKind(kind)]
    if RequestKind(kind) not in approval.may_ask(case, viewer):
        if is_timely(case, RequestKind(kind)):
            raise PermissionDenied("ask_request")  # somebody else may, from here
        return conflict(request, case)
    typed = request.POST if request.method == "POST" else None
    form = ask.form(typed, case=case, viewer=viewer, now=timezone.now())
    return _ask_page(request, case, kind, form) if typed is None else _ask(request, case, kind, form)


def _ask(request: HttpRequest, case: CaseLifecycle, kind: str, form: MoveForm) -> HttpResponse:
    viewer, ask = viewer_of(request), ASKS[RequestKind(kind)]
    if form.is_valid():
        if _already_asked(case, viewer, kind, form.inputs()["reason"]):
            messages.info(request, _("这份申请刚才已经提交，没有重复提交。"))
            return redirect(case_url(case))
        try:
            approval.ask_request(
                case_id=case.pk, actor=viewer, now=timezone.now(), kind=RequestKind(kind), **form.inputs()
            )
        except TransitionNotAllowed:
            return conflict(request, case)
        except ValidationError as error:
            form.refuse(error)
    if form.errors:
        return _ask_page(request, case, kind, form, status=422)
    request.session[SENT_DRAFT] = f"{case.number}-ask-{kind}"
    messages.success(request, _("已提交「%(label)s」，同意前您可以撤回。") % {"label": ask.label})
    return redirect(case_url(case))


def _already_asked(case: CaseLifecycle, viewer: User, kind: str, reason: str) -> bool:
    mine = case.requests.filter(kind=kind, state=RequestState.ASKED, asked_by=viewer)
    return mine.filter(reason=reason.strip()).exists()


def _ask_page(
    request: HttpRequest, case: CaseLifecycle, kind: str, form: MoveForm, *, status: int = 200
) -> HttpResponse:
    ask = ASKS[RequestKind(kind)]
    shown: dict[str, Any] = {
        "case": case, "title": mask_text(case.title), "description": mask_text(case.description), "kind": kind,
        "label": ask.label, "move": ask, "form": form,
    }  # fmt: skip
    return render(request, "workflows/ask.html", shown, status=status)


@login_required
@require_safe
def requests_list(request: HttpRequest) -> HttpResponseBase:
    """What waits for my decision, and what I asked for; as a file both, the former in front."""
    viewer, now = viewer_of(request), timezone.now()
    if kind := sheets.wanted(request):
        lists = (approval.requests_to_decide(viewer), approval.own_requests(viewer))
        rows = (row for found in lists for row in found.select_related("decided_by", "asked_by", "case__area", "clock"))
        return sheets.download(request, REQUESTS, rows, kind, now=now)
    return _list_page(request)


def _list_page(
    request: HttpRequest, *, bound: dict[int, DecideRequestForm] | None = None, status: int = 200
) -> HttpResponse:
    viewer = viewer_of(request)
    shown = {
        "waiting": request_rows(approval.requests_to_decide(viewer), viewer, bound=bound),
        "own": request_rows(approval.own_requests(viewer)[:OWN_SHOWN], viewer),
        "own_shown": OWN_SHOWN,
        "now": timezone.now(),
    }
    return render(request, "workflows/requests.html", shown, status=status)


def _back(request: HttpRequest, row: Request) -> str:
    """The list or the page of the case, whichever the person came from."""
    if request.POST.get("back") == "list":
        return reverse("workflows:requests")
    return reverse("workflows:case", kwargs={"number": row.case.number})


def _seen_request(request: HttpRequest, pk: int) -> Request:
    row = Request.objects.select_related("case__area", "asked_by", "decided_by").filter(pk=pk).first()
    if row is None:
        raise Http404
    seen_case(request, row.case.number)
    return row


@login_required
@require_POST
def decide_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree, and the move is made at once; or decline with words."""
    row, viewer = _seen_request(request, pk), viewer_of(request)
    form = DecideRequestForm(request.POST, auto_id=f"id_{pk}_%s")
    if not form.is_valid():
        return _list_page(request, bound={pk: form}, status=422)
    agree = form.cleaned_data["agree"] == "yes"
    if row.state != RequestState.ASKED:
        return _decided_already(request, row, agree=agree)
    try:
        decided = approval.decide_request(
            request_id=pk, actor=viewer, now=timezone.now(), agree=agree, note=form.cleaned_data["note"]
        )
    except TransitionNotAllowed:
        return conflict(request, seen_case(request, row.case.number))
    except ValidationError as error:
        row.refresh_from_db()
        if row.state != RequestState.ASKED:
            return _decided_already(request, row, agree=agree)
        for name, said in (error.message_dict if hasattr(error, "error_dict") else {"": error.messages}).items():
            form.add_error(name if name in form.fields else None, said)
        return _list_page(request, bound={pk: form}, status=422)
    word = _("已同意「%(kind)s」。") if agree else _("已答复不同意「%(kind)s」。")
    case = CaseLifecycle.objects.select_related("area", "team", "handler", "holder_user").get(pk=decided.case_id)
    messages.success(request, f"{row.case.number} {word % {'kind': row.get_kind_display()}}{where_now(case)}")
    return redirect(_back(request, row))


def _decided_already(request: HttpRequest, row: Request, *, agree: bool) -> HttpResponse:
    """The same person tapped twice: say so. Somebody else was quicker: 409."""
    wanted = (RequestState.AGREED,) if agree else (RequestState.DECLINED, RequestState.WITHDRAWN)
    if row.state in wanted and row.decided_by_id == viewer_of(request).pk:
        messages.info(request, _("这份申请您刚才已经办过，没有重复办理。"))
        return redirect(_back(request, row))
    said = {
        "who": row.decided_by, "at": timezone.localtime(row.decided_at).strftime("%m-%d %H:%M"),
        "state": row.get_state_display(),
    }  # fmt: skip
    message = _("这份申请%(state)s（%(who)s，%(at)s）。") % said
    return render(request, "409.html", {"message": message, "url": _back(request, row)}, status=409)


@login_required
@require_POST
def withdraw_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own request back while nobody has decided on it."""
    row = _seen_request(request, pk)
    try:
        approval.withdraw_request(request_id=pk, actor=viewer_of(request), now=timezone.now())
    except ValidationError:
        row.refresh_from_db()
        return _decided_already(request, row, agree=False)
    messages.success(request, _("已撤回「%(kind)s」的申请。") % {"kind": row.get_kind_display()})
    return redirect(_back(request, row))
