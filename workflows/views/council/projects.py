"""Micro-projects: the list, the proposal, the page of one with its moves, and its photographs."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_fsm import TransitionNotAllowed

from cases.models import ProjectPhoto
from cases.views import sheets
from workflows.council import project_work, projects
from workflows.council_pages import projects as pages
from workflows.council_pages.follow_ups import follow_up_page
from workflows.council_pages.sheets import PROJECTS
from workflows.forms import projects as forms
from workflows.lifecycle import CaseLifecycle
from workflows.views.access import viewer_of

FORMS: dict[str, type[forms.ProjectForm]] = {
    "approve": forms.ApproveForm, "quote": forms.QuoteForm, "contract": forms.ContractForm, "start": forms.PlainForm,
    "milestone": forms.MilestoneForm, "photo": forms.PhotoForm, "acceptance": forms.AcceptanceForm,
    "accept": forms.PlainForm, "settle": forms.SettleForm, "survey": forms.SurveyForm, "stop": forms.StopForm,
}  # fmt: skip
COMMANDS: dict[str, Callable[..., Any]] = {
    "approve": projects.approve_project, "quote": projects.add_quote, "contract": projects.contract_project,
    "start": projects.start_project, "milestone": project_work.reach_milestone,
    "photo": project_work.add_project_photos, "acceptance": project_work.record_acceptance,
    "accept": project_work.accept_project, "settle": project_work.settle_project,
    "survey": project_work.survey_project, "stop": projects.stop_project,
}  # fmt: skip
BUTTONS = {
    "approve": gettext_lazy("批准立项"), "quote": gettext_lazy("录入报价"), "contract": gettext_lazy("签约"),
    "start": gettext_lazy("开工"), "milestone": gettext_lazy("登记节点完成"), "photo": gettext_lazy("上传照片"),
    "acceptance": gettext_lazy("登记居民意见"), "accept": gettext_lazy("验收通过"), "settle": gettext_lazy("结算"),
    "survey": gettext_lazy("登记回访"), "stop": gettext_lazy("终止项目"),
}  # fmt: skip
HEADINGS = {
    "approve": gettext_lazy("审批这个项目"), "contract": gettext_lazy("选定施工单位，签合同"),
    "start": gettext_lazy("开始施工"), "accept": gettext_lazy("验收工程"), "settle": gettext_lazy("结算工程款"),
    "survey": gettext_lazy("回访住户"),
}  # fmt: skip
WORDS = {"open": gettext_lazy("进行中"), "ended": gettext_lazy("已了结"), "all": gettext_lazy("全部")}


@login_required
@require_safe
def project_list(request: HttpRequest) -> HttpResponseBase:
    """The micro-projects of my councils and teams, the newest first, with their amounts."""
    which = request.GET.get("state", "open")
    which = which if which in pages.FILTERS else "open"
    if kind := sheets.wanted(request):
        return sheets.download(request, PROJECTS, pages.narrowed(viewer_of(request), which), kind, now=timezone.now())
    shown = {"rows": pages.project_rows(viewer_of(request), which), "which": which, "chips": WORDS.items()}
    return render(request, "council/projects.html", shown)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a project forward for a follow-up."""
    viewer, now = viewer_of(request), timezone.now()
    page = follow_up_page(viewer, pk, now)
    if page is None:
        raise Http404
    if page.project is not None:
        messages.info(request, _("这项落实事项已经申报了微项目。"))
        return redirect("council:project", page.project.pk)
    if not page.may_propose:
        raise PermissionDenied("propose_project")
    case = cast(CaseLifecycle, page.shown.row.decision.case)
    form = forms.ProposeForm(request.POST if request.method == "POST" else None, case=case, viewer=viewer, now=now)
    if form.is_bound and form.is_valid():
        try:
            project = projects.propose_project(follow_up_id=pk, actor=viewer, now=now, **form.inputs())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("已申报%(number)s，等督办员或分管领导批准。") % {"number": project.number})
            return redirect("council:project", project.pk)
    shown = {"page": page, "form": form}
    return render(request, "council/propose.html", shown, status=422 if form.errors else 200)


@login_required
@require_safe
def show_project(request: HttpRequest, pk: int) -> HttpResponse:
    """One project: where it stands, what it costs, what was done, and the next step."""
    return _page(request, _seen(request, pk))


def _seen(request: HttpRequest, pk: int) -> pages.ProjectPage:
    page = pages.project_page(viewer_of(request), pk, timezone.now())
    if page is None:
        raise Http404
    return page


def _form(act: str, request: HttpRequest, page: pages.ProjectPage, *typed: Any) -> forms.ProjectForm:
    return FORMS[act](
        *typed, project=page.project, viewer=viewer_of(request), now=timezone.now(), auto_id=f"id_{act}_%s"
    )


def _page(
    request: HttpRequest, page: pages.ProjectPage, bound: dict[str, forms.ProjectForm] | None = None, status: int = 200
) -> HttpResponse:
    bound = bound or {}
    acts = [act for act in page.acts if act != "milestone" or page.next_milestone]
    shown = {
        "page": page,
        "project": page.project,
        "form": (bound.get(page.move) or _form(page.move, request, page)) if page.move else None,
        "button": BUTTONS.get(page.move, ""),
        # What would be refused as things stand is no invitation.
        "look": "btn--big" if page.warnings and page.move in ("approve", "accept") else "btn--primary btn--big",
        "heading": HEADINGS.get(page.move, ""),
        "others": [(act, BUTTONS[act], bound.get(act) or _form(act, request, page)) for act in acts],
    }
    return render(request, "council/project.html", shown, status=status)


@login_required
@require_POST
def act_on_project(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """One step of a project, or something entered about it."""
    if act not in FORMS:
        raise Http404
    page = _seen(request, pk)
    form = _form(act, request, page, request.POST, request.FILES)
    if form.is_valid():
        try:
            COMMANDS[act](project_id=pk, actor=viewer_of(request), now=timezone.now(), **form.inputs())
        except TransitionNotAllowed:
            return _conflict(request, _seen(request, pk))
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("已办：%(act)s。") % {"act": BUTTONS[act]})
            return redirect("council:project", pk)
    if act not in (page.move, *page.acts):
        return _conflict(request, page)
    return _page(request, page, {act: form}, status=422)


def _conflict(request: HttpRequest, page: pages.ProjectPage) -> HttpResponse:
    message = _("%(number)s现在是「%(state)s」，请先看看最新情况。") % {
        "number": page.project.number, "state": page.project.get_state_display(),
    }  # fmt: skip
    url = reverse("council:project", args=[page.project.pk])
    return render(request, "409.html", {"message": message, "url": url}, status=409)


@login_required
@require_safe
def project_photo(request: HttpRequest, pk: int, photo: int) -> FileResponse:
    """One photograph, to those who may see the project only."""
    row = get_object_or_404(
        ProjectPhoto, pk=photo, project__in=pages.visible_projects(viewer_of(request)).filter(pk=pk)
    )
    try:
        content = row.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    headers = {"Cache-Control": "private, max-age=600", "X-Content-Type-Options": "nosniff"}
    return FileResponse(content, filename=f"project-{pk}-{photo}.jpg", content_type="image/jpeg", headers=headers)
