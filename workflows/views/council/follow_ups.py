"""Follow-ups: the list, the page of one, its moves, and the plan of a decision."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_fsm import TransitionNotAllowed

from cases.models import Decision
from cases.views import sheets
from workflows.council import follow_ups
from workflows.council.access import require_secretary, visible
from workflows.council_pages import follow_ups as pages
from workflows.council_pages.sheets import FOLLOW_UPS
from workflows.forms.follow_ups import (
    AcceptFollowUpForm,
    CancelForm,
    FinishForm,
    PlanForm,
    ReportForm,
    SendBackForm,
    VerifyForm,
)
from workflows.forms.moves import MoveForm
from workflows.lifecycle import CaseLifecycle
from workflows.views.access import viewer_of

FORMS: dict[str, type[MoveForm]] = {
    "accept": AcceptFollowUpForm, "report": ReportForm, "finish": FinishForm, "verify": VerifyForm,
    "send_back": SendBackForm, "cancel": CancelForm,
}  # fmt: skip
COMMANDS: dict[str, Callable[..., Any]] = {
    "accept": follow_ups.accept_follow_up, "report": follow_ups.report_progress,
    "finish": follow_ups.finish_follow_up, "verify": follow_ups.verify_follow_up,
    "send_back": follow_ups.send_back_follow_up, "cancel": follow_ups.cancel_follow_up,
}  # fmt: skip
SAID = {
    "accept": gettext_lazy("已接受，请按期落实。"),
    "report": gettext_lazy("进展已记下。"),
    "finish": gettext_lazy("已报完成，等秘书或督办员验收。"),
    "verify": gettext_lazy("已验收。"),
    "send_back": gettext_lazy("已退回返工，责任单位须按期重报。"),
    "cancel": gettext_lazy("已取消，记录保留。"),
}
WORDS = {
    "mine": gettext_lazy("我队应办"), "open": gettext_lazy("未办结"), "done": gettext_lazy("待验收"),
    "ended": gettext_lazy("已了结"),
}  # fmt: skip


@login_required
@require_safe
def follow_up_list(request: HttpRequest) -> HttpResponseBase:
    """What my team owes by decisions of councils, what is due first in front; and the others that I may see."""
    viewer, now = viewer_of(request), timezone.now()
    lists = [one for one in pages.LISTS if one != "mine" or viewer.grants().team_ids()]
    which = request.GET.get("list", "")
    which = which if which in lists else lists[0]
    if kind := sheets.wanted(request):
        rows = pages.rows_of(pages.narrowed(pages.visible_follow_ups(viewer), which, viewer), now, most=None)
        return sheets.download(request, FOLLOW_UPS, rows, kind, now=now)
    counts = pages.list_counts(viewer)
    shown = {
        "rows": pages.rows_of(pages.narrowed(pages.visible_follow_ups(viewer), which, viewer), now),
        "which": which,
        "chips": [(one, WORDS[one], counts.get(one)) for one in lists],
    }
    return render(request, "council/follow_ups.html", shown)


@login_required
@require_safe
def show_follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    """One follow-up with its reports, its clock and what the viewer may do."""
    return _page(request, _seen(request, pk))


def _seen(request: HttpRequest, pk: int) -> pages.FollowUpPage:
    page = pages.follow_up_page(viewer_of(request), pk, timezone.now())
    if page is None:
        raise Http404
    return page


def _form(act: str, request: HttpRequest, page: pages.FollowUpPage, typed: QueryDict | None = None) -> MoveForm:
    case = cast(CaseLifecycle, page.shown.row.decision.case)
    return FORMS[act](typed, case=case, viewer=viewer_of(request), now=timezone.now(), auto_id=f"id_{act}_%s")


def _page(
    request: HttpRequest, page: pages.FollowUpPage, bound: dict[str, MoveForm] | None = None, status: int = 200
) -> HttpResponse:
    forms = {act: (bound or {}).get(act) or _form(act, request, page) for act in page.acts}
    return render(request, "council/follow_up.html", {"page": page, "forms": forms}, status=status)


@login_required
@require_POST
def act_on_follow_up(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Accept, report, finish, verify, send back or cancel."""
    if act not in FORMS:
        raise Http404
    page = _seen(request, pk)
    form = _form(act, request, page, request.POST)
    if form.is_valid():
        try:
            COMMANDS[act](follow_up_id=pk, actor=viewer_of(request), now=timezone.now(), **form.inputs())
        except TransitionNotAllowed:
            return _conflict(request, _seen(request, pk))
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, SAID[act])
            return redirect("council:follow_up", pk=pk)
    if act not in page.acts:
        return _conflict(request, page)
    return _page(request, page, {act: form}, status=422)


def _conflict(request: HttpRequest, page: pages.FollowUpPage) -> HttpResponse:
    row = page.shown.row
    message = _("「%(what)s」现在是「%(state)s」，请先看看最新情况。") % {
        "what": row.what, "state": row.get_state_display(),
    }  # fmt: skip
    url = reverse("council:follow_up", args=[row.pk])
    return render(request, "409.html", {"message": message, "url": url}, status=409)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what follows from a decision before it is published, or why nothing does."""
    viewer, now = viewer_of(request), timezone.now()
    found = visible(viewer, Decision.objects.filter(item__isnull=False)).select_related("council__area", "case")
    decision = get_object_or_404(found, pk=pk)
    require_secretary(decision.council, viewer, "plan_follow_ups")
    case = cast(CaseLifecycle, decision.case)
    form = PlanForm(request.POST if request.method == "POST" else None, case=case, viewer=viewer, now=now)
    if form.is_bound and form.is_valid():
        try:
            follow_ups.plan_follow_ups(decision_id=pk, actor=viewer, now=now, **form.inputs())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("落实安排已记下，公示生效后开始计时。"))
            return redirect("council:decision", pk)
    shown = {"decision": decision, "form": form, "follow_ups": pages.follow_ups_of(viewer, decision, now)}
    return render(request, "council/plan.html", shown, status=422 if form.errors else 200)
