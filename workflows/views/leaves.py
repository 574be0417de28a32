"""休假代理: my leave, for whom I stand in, and the leave of those whose work I answer for."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.views import sheets
from workflows.commands.leaves import end_leave, take_leave
from workflows.forms.leaves import LeaveForm
from workflows.leaves import LEAVES, OVERSEERS, leave_lines, leaves_of, may_stand_in, overseen_leaves, standing_in
from workflows.views.access import viewer_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leaves(request: HttpRequest) -> HttpResponseBase:
    """Register a leave; see whose is known."""
    viewer, now = viewer_of(request), timezone.now()
    if kind := sheets.wanted(request):
        return sheets.download(request, LEAVES, leave_lines(viewer, now), kind, now=now)
    today = timezone.localdate(now)
    typed = request.POST if request.method == "POST" else None
    form = LeaveForm(typed, people=may_stand_in(viewer, today), today=today)
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
        "today": today,
    }
    return render(request, "workflows/leaves.html", shown, status=422 if form.errors else 200)


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
