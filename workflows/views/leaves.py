"""休假代理: my leave, for whom I stand in, the leave of those whose work I answer for, and leave for a colleague."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.views import sheets
from workflows.commands.leaves import end_leave, register_leave, take_leave
from workflows.forms.leaves import LeaveForm
from workflows.leaves import (
    LEAVES,
    OVERSEERS,
    colleagues_of,
    colleagues_shown,
    leave_lines,
    leaves_of,
    may_stand_in,
    overseen_leaves,
    standing_in,
)
from workflows.views.access import viewer_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leaves(request: HttpRequest) -> HttpResponseBase:
    """Register a leave; see whose is known."""
    viewer, now = viewer_of(request), timezone.now()
    if kind := sheets.wanted(request):
        return sheets.download(request, LEAVES, leave_lines(viewer, now), kind, now=now)
    today = timezone.localdate(now)
    form = LeaveForm(_typed(request), people=may_stand_in(viewer, today), today=today)
    if form.is_valid():
        try:
            leave = take_leave(actor=viewer, now=now, **form.inputs())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("已登记，%(name)s 会收到发给您的消息。") % {"name": leave.substitute})
            return redirect("workflows:leaves")
    shown = {
        "form": form,
        "mine": leaves_of(viewer, now),
        "standing_in": standing_in(viewer, today),
        "oversees": viewer.grants().has(*OVERSEERS),
        "overseen": overseen_leaves(viewer, now),
        "colleagues": colleagues_shown(viewer, today, request.GET.get("colleague", "").strip()),
        "today": today,
    }
    return render(request, "workflows/leaves.html", shown, status=422 if form.errors else 200)


def _typed(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def for_colleague(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a leave for a colleague who cannot."""
    viewer, now = viewer_of(request), timezone.now()
    today = timezone.localdate(now)
    person = get_object_or_404(colleagues_of(viewer, today), pk=pk)
    form = LeaveForm(_typed(request), people=may_stand_in(person, today), today=today, person=person)
    if form.is_valid():
        try:
            leave = register_leave(actor=viewer, user=person, now=now, **form.inputs())
        except ValidationError as error:
            form.refuse(error)
        else:
            said = {"name": person, "other": leave.substitute}
            messages.success(request, _("已登记，%(other)s 会收到发给%(name)s的消息；也告知了%(name)s本人。") % said)
            return redirect("workflows:leaves")
    shown = {"form": form, "person": person}
    return render(request, "workflows/leave_for.html", shown, status=422 if form.errors else 200)


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Back early."""
    try:
        end_leave(leave_id=pk, actor=viewer_of(request), now=timezone.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("已结束，消息从现在起照常发给本人。"))
    return redirect("workflows:leaves")
