"""片组邻: who answers for which place, and naming somebody else."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.campaigns import appoint_head, end_head
from cases.models import AreaHead
from cases.permissions import may_appoint_heads
from cases.views import sheets
from workflows import training_pages as pages
from workflows.forms.training import HeadForm
from workflows.views.access import viewer_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def heads(request: HttpRequest) -> HttpResponseBase:
    """The heads of my places by the tree; `history` shows those who were."""
    viewer, now = viewer_of(request), timezone.now()
    day, areas = timezone.localdate(now), pages.areas_to_head(viewer)
    words = request.GET.get("q", "").strip()[:50]
    found = pages.heads_seen(viewer, day, all_times="history" in request.GET, words=words)
    if kind := sheets.wanted(request):
        return sheets.download(request, pages.HEAD_SHEET, found, kind, now=now)
    may_appoint = areas.exists()
    form = HeadForm(request.POST if request.method == "POST" else None, areas=areas, today=day)
    if form.is_bound:
        if not may_appoint:
            raise PermissionDenied("appoint_head")
        if form.is_valid():
            try:
                head = appoint_head(actor=viewer, now=now, **form.cleaned_data)
            except ValidationError as error:
                form.refuse(error)
            else:
                messages.success(request, _("%(who)s 已任%(what)s。") % {"who": head.person, "what": head.title})
                return redirect("campaigns:heads")
    page = Paginator(found, pages.SHOWN).get_page(request.GET.get("page"))
    rows = [(head, may_appoint_heads(viewer, head.area) and head.valid_to is None) for head in page]
    shown = {"rows": rows, "page_obj": page, "form": form if may_appoint else None, "words": words, "today": day,
             "history": "history" in request.GET}  # fmt: skip
    return render(request, "workflows/heads.html", shown, status=422 if form.errors else 200)


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an appointment today."""
    get_object_or_404(AreaHead, pk=pk)
    try:
        head = end_head(head_id=pk, actor=viewer_of(request), valid_to=timezone.localdate())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("%(who)s 已卸任，记录还在。") % {"who": head.person})
    return redirect("campaigns:heads")
