"""培训: courses and who takes part, lecturers, teaching sites, sharing sessions; cases written up for others."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import training as commands
from cases.models import Course, Enrolment, ExemplaryCase, Lecturer, SharingSession, TeachingSite
from cases.permissions import is_administrator, may_write_up
from cases.training_terms import ExemplaryState
from cases.views import sheets
from workflows import training_pages as pages
from workflows.forms.training import (
    CourseForm,
    LecturerForm,
    ParticipantsForm,
    SendBackForm,
    SessionForm,
    SiteForm,
    WriteUpForm,
)
from workflows.training_sheets import lists_of
from workflows.views.access import seen_case, viewer_of

KINDS: dict[str, tuple[type[Model], type[forms.ModelForm], Promise | str]] = {  # type: ignore[type-arg]
    "courses": (Course, CourseForm, gettext_lazy("培训班")),
    "lecturers": (Lecturer, LecturerForm, gettext_lazy("师资")),
    "sites": (TeachingSite, SiteForm, gettext_lazy("现场教学点")),
    "sessions": (SharingSession, SessionForm, gettext_lazy("案例分享会")),
}
SHOWN = 200


@login_required
@require_safe
def training(request: HttpRequest) -> HttpResponseBase:
    """Everything of the training on one page."""
    viewer = viewer_of(request)
    if file := sheets.answered(request, lists_of(viewer), now=timezone.now()):
        return file
    shown = {
        "courses": pages.courses()[:SHOWN],
        "exemplary": pages.exemplary_seen(viewer)[:SHOWN],
        "published": ExemplaryState.PUBLISHED,
        "sessions": pages.sessions()[:SHOWN],
        "lecturers": pages.lecturers(),
        "sites": pages.sites(),
        "may_edit": is_administrator(viewer),
    }
    return render(request, "workflows/training.html", shown)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, kind: str, pk: int | None = None) -> HttpResponse:
    """Enter or change a course, a lecturer, a site or a session: administrators do."""
    if kind not in KINDS:
        raise Http404
    if not is_administrator(viewer_of(request)):
        raise PermissionDenied("edit_training")
    model, form_class, label = KINDS[kind]
    row = get_object_or_404(model, pk=pk) if pk else None
    form = form_class(request.POST if request.method == "POST" else None, instance=row)
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, _("已保存。"))
        return redirect("campaigns:training")
    shown = {"form": form, "label": label, "row": row}
    return render(request, "workflows/training_edit.html", shown, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def course(request: HttpRequest, code: str) -> HttpResponseBase:
    """A course with its participants; administrators add some and say who did not come."""
    row, viewer, now = get_object_or_404(pages.courses(), code=code), viewer_of(request), timezone.now()
    people = row.enrolments.select_related("user", "course")
    if kind := sheets.wanted(request):
        return sheets.download(request, pages.PARTICIPANT_SHEET, people, kind, now=now)
    may_edit = is_administrator(viewer)
    form = ParticipantsForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        if not may_edit:
            raise PermissionDenied("enrol")
        if form.is_valid():
            n = commands.enrol(course=row, people=form.cleaned_data["lines"], actor=viewer, now=now)
            messages.success(request, ngettext("新增 %(n)s 位学员。", "新增 %(n)s 位学员。", n) % {"n": n})
            return redirect("campaigns:course", code)
    shown: dict[str, Any] = {"course": row, "people": people, "form": form if may_edit else None}
    shown |= {"lecturers": row.lecturers.all(), "sites": row.sites.all()}
    return render(request, "workflows/course.html", shown, status=422 if form.errors else 200)


@login_required
@require_POST
def mark_absent(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody did not come, or did after all."""
    get_object_or_404(Enrolment, pk=pk)
    row = commands.mark_absent(enrolment_id=pk, actor=viewer_of(request), absent="absent" in request.POST)
    return redirect("campaigns:course", row.course.code)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def write_up(request: HttpRequest, number: str) -> HttpResponse:
    """Write a closed case up for others."""
    case, viewer = seen_case(request, number), viewer_of(request)
    if not may_write_up(viewer, case):
        raise PermissionDenied("write_up")
    known = ExemplaryCase.objects.filter(case_id=case.pk, written_by=viewer).first()
    form = WriteUpForm(request.POST if request.method == "POST" else None, initial=pages.draft_of(known))
    if form.is_bound and form.is_valid():
        try:
            row = commands.write_up(case=case, words=form.words(), actor=viewer, now=timezone.now())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("草稿已保存，请再读一遍，然后提交审核。"))
            return redirect("campaigns:exemplary", row.pk)
    shown = {"form": form, "case": case}
    return render(request, "workflows/write_up.html", shown, status=422 if form.errors else 200)


@login_required
@require_safe
def exemplary(request: HttpRequest, pk: int) -> HttpResponse:
    """One written-up case."""
    return _exemplary(request, pk, SendBackForm())


def _exemplary(request: HttpRequest, pk: int, form: SendBackForm) -> HttpResponse:
    page = pages.exemplary_page(viewer_of(request), pk)
    if page is None:
        raise Http404
    shown = {"page": page, "row": page.row, "form": form}
    return render(request, "workflows/exemplary.html", shown, status=422 if form.errors else 200)


@login_required
@require_POST
def act_on_exemplary(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Offer, agree, give back or take down."""
    viewer = viewer_of(request)
    if pages.exemplary_page(viewer, pk) is None or act not in ("propose", "agree", "send_back"):
        raise Http404
    form = SendBackForm(request.POST)
    if act == "send_back" and not form.is_valid():
        return _exemplary(request, pk, form)
    try:
        if act == "propose":
            commands.propose(exemplary_id=pk, actor=viewer)
        elif act == "agree":
            commands.agree(exemplary_id=pk, actor=viewer, now=timezone.now())
        else:
            commands.send_back(exemplary_id=pk, actor=viewer, note=form.cleaned_data["note"])
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return redirect("campaigns:exemplary", pk)
    messages.success(request, _("已办理。"))
    visible = ExemplaryCase.objects.visible_to(viewer).filter(pk=pk).exists()
    return redirect("campaigns:exemplary", pk) if visible else redirect("campaigns:training")
