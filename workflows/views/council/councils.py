"""Councils, their topics, and a new meeting."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from django_fsm import TransitionNotAllowed

from cases.models import Council, User
from cases.views import sheets
from workflows.commands.council import propose_matter
from workflows.council import access
from workflows.council.meetings import prepare_meeting
from workflows.council.register import may_read_register
from workflows.council.topics import screen_topic
from workflows.council_pages import councils as pages
from workflows.council_pages.meetings import topics_to_tick
from workflows.council_pages.sheets import COUNCILS, LISTS, kept_by_council
from workflows.forms.meetings import PlanMeetingForm, ProposeMatterForm, ScreenForm
from workflows.views.access import viewer_of

SCREENED = {
    "accept": gettext_lazy("已列为议题，筹备会议时可以列入议程。"),
    "merge": gettext_lazy("已并入，原来的件一并议定。"),
    "reject": gettext_lazy("不列为议题，件已退回原来办理的人。"),
    "refuse": gettext_lazy("不属议事范围，件已退回原来办理的人。"),
}


@login_required
@require_safe
def council_list(request: HttpRequest) -> HttpResponseBase:
    """My councils; who has one goes straight to it."""
    rows = pages.council_rows(viewer_of(request))
    if kind := sheets.wanted(request):
        return sheets.download(request, COUNCILS, rows, kind, now=timezone.now())
    if len(rows) == 1:
        return redirect("council:council", code=rows[0].council.code)
    return render(request, "council/councils.html", {"rows": rows})


@login_required
@require_safe
def show_council(request: HttpRequest, code: str) -> HttpResponse:
    """What waits, what comes, who sits in it."""
    viewer = viewer_of(request)
    page = pages.council_page(viewer, code, timezone.now())
    if page is None:
        raise Http404
    shown = {"page": page, "lists": LISTS.items(), "sees_register": may_read_register(page.council.area, viewer)}
    return render(request, "council/council.html", shown)


@login_required
@require_safe
def kept_list(request: HttpRequest, code: str, name: str) -> HttpResponseBase:
    """All topics, meetings, decisions, notices or members of a council as a file."""
    kind, now = sheets.wanted(request), timezone.now()
    kept = kept_by_council(viewer_of(request), code, now=now).get(name)
    if kept is None:
        raise Http404
    if not kind:  # the lists themselves stand on the page of the council
        return redirect("council:council", code=code)
    return sheets.download(request, kept.sheet, kept.rows(), kind, now=now)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def topic(request: HttpRequest, pk: int) -> HttpResponse:
    """One topic; the secretary looks at it here."""
    viewer, now = viewer_of(request), timezone.now()
    page = pages.topic_page(viewer, pk, now)
    if page is None:
        raise Http404
    found = page.row.topic
    if request.method != "POST":
        form = ScreenForm(topic=found) if page.is_secretary and found.state == "pending" else None
        return render(request, "council/topic.html", {"page": page, "form": form})
    form = ScreenForm(request.POST, topic=found)
    if form.is_valid():
        try:
            screen_topic(topic_id=pk, actor=viewer, now=now, **form.inputs())
        except TransitionNotAllowed:
            message = _("这个议题现在是「%(state)s」，请先看看最新情况。") % {"state": found.get_state_display()}
            url = reverse("council:topic", args=[pk])
            return render(request, "409.html", {"message": message, "url": url}, status=409)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, SCREENED[form.cleaned_data["verdict"]])
            return redirect("council:council", code=found.council.code)
    return render(request, "council/topic.html", {"page": page, "form": form}, status=422)


def _own_council(request: HttpRequest, code: str, what: str) -> tuple[Council, User]:
    viewer = viewer_of(request)
    council = get_object_or_404(access.councils_visible_to(viewer).select_related("area"), code=code)
    if not access.is_secretary_of(council, viewer):
        raise PermissionDenied(what)
    return council, viewer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """A matter that the council brings itself."""
    council, viewer = _own_council(request, code, "propose_matter")
    form = ProposeMatterForm(request.POST if request.method == "POST" else None, council=council)
    if form.is_bound and form.is_valid():
        now = timezone.now()
        try:
            made = propose_matter(council_id=council.pk, actor=viewer, now=now, **form.inputs())
            screen_topic(topic_id=made.pk, verdict="accept", actor=viewer, now=now)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("已列为议题“%(title)s”，编号 %(number)s。") % {
                "title": made.title, "number": made.number,
            })  # fmt: skip
            return redirect("council:council", code=code)
    shown = {"council": council, "form": form}
    return render(request, "council/propose_matter.html", shown, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_meeting(request: HttpRequest, code: str) -> HttpResponse:
    """Plan a meeting with its agenda, in one form."""
    council, viewer = _own_council(request, code, "prepare_meeting")
    now = timezone.now()
    topics = topics_to_tick(viewer, council, now)
    form = PlanMeetingForm(request.POST if request.method == "POST" else None, council=council, topics=topics)
    if form.is_bound and form.is_valid():
        try:
            made = prepare_meeting(council_id=council.pk, plan=form.plan(), topics=form.chosen(), actor=viewer, now=now)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("会议已筹备，核对议程后张贴通知。"))
            return redirect("council:meeting", pk=made.pk)
    shown = {"council": council, "form": form, "label": _("筹备会议")}
    return render(request, "council/meeting_form.html", shown, status=422 if form.errors else 200)
