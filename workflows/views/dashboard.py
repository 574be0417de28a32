"""总览: the state of the viewer's scope as of this request; each number opens its cases."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.lib.sheets import Listing
from cases.views import sheets
from workflows import dashboard as pages
from workflows.area_map import area_map
from workflows.dashboard_sheet import FLOW, parts_sheet
from workflows.forms.figures import DashboardForm
from workflows.spans import MONTH, WEEK, begin_of
from workflows.views.access import viewer_of


@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponseBase:
    """Exact at each request: nothing on it is older than the request."""
    viewer, now = viewer_of(request), timezone.now()
    if not viewer.grants().has(*pages.OVERLOOKERS):
        raise PermissionDenied("dashboard")
    form = DashboardForm(request.GET, viewer=viewer, now=now)
    split, grain = request.GET.get("by", ""), request.GET.get("grain", "")
    page = pages.dashboard(
        viewer,
        form.question(),
        split=split if split in pages.SPLITS else next(iter(pages.SPLITS)),
        grain=grain if grain in pages.GRAINS else WEEK,
        now=now,
    )
    lists: dict[str, Listing[Any]] = {
        "": Listing(parts_sheet(), lambda: page.parts),
        "flow": Listing(FLOW, lambda: reversed(page.periods)),
    }
    if file := sheets.answered(request, lists, now=now):
        return file
    today = timezone.localdate(now)
    spans = [
        (today.replace(month=1, day=1), pages.YEAR),
        (begin_of(today, MONTH), pages.THIS_MONTH),
        (begin_of(today, WEEK), pages.THIS_WEEK),
    ]
    shown = {"form": form, "page": page, "splits": pages.SPLITS.items(), "grains": pages.GRAINS.items(), "spans": spans,
             "map": area_map(page.areas) if page.areas else None}  # fmt: skip
    return render(request, "workflows/dashboard.html", shown, status=422 if form.errors else 200)
