"""数据: the rates, each with its formula and the cases behind both its numbers."""

from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.models import User
from cases.terms import Role
from cases.views import sheets
from workflows import figure_pages as pages
from workflows.dashboard import OVERLOOKERS
from workflows.figures.rates import BY_NAME, LISTED, RATES, SIDES
from workflows.forms.figures import FiguresForm
from workflows.ledger_sheet import LEDGER, rows_of_keys
from workflows.views.access import viewer_of


def _reader(request: HttpRequest, roles: Sequence[Role] = pages.READERS) -> User:
    viewer = viewer_of(request)
    if not viewer.grants().has(*roles):
        raise PermissionDenied("figures")
    return viewer


@login_required
@require_safe
def figures(request: HttpRequest) -> HttpResponseBase:
    """All rates of the viewer's scope, and one of them by its parts."""
    viewer, now = _reader(request), timezone.now()
    form = FiguresForm(request.GET, viewer=viewer, now=now)
    rate, split = request.GET.get("rate", ""), request.GET.get("by", "")
    page = pages.figures_page(
        viewer,
        form.question(),
        rate=rate if rate in BY_NAME else RATES[1].name,
        split=split if split in dict(pages.SPLITS) else pages.SPLITS[0][0],
    )
    if kind := sheets.wanted(request):
        return sheets.download(request, pages.parts_sheet(page.rate), page.parts, kind, now=now)
    shown = {
        "form": form,
        "page": page,
        "splits": pages.SPLITS,
        "rates": RATES,
        "now": now,
        "is_published": settings.PUBLIC_FIGURES,
    }
    return render(request, "workflows/figures.html", shown, status=422 if form.errors else 200)


@login_required
@require_safe
def behind(request: HttpRequest, name: str, side: str) -> HttpResponseBase:
    """The cases of a numerator or a denominator."""
    viewer = _reader(request, OVERLOOKERS)
    if name not in LISTED or side not in SIDES:
        raise Http404
    now = timezone.now()
    form = FiguresForm(request.GET, viewer=viewer, now=now)
    if kind := sheets.wanted(request):
        keys = pages.keys_behind(viewer, form.question(), name, side)
        return sheets.download(request, LEDGER, rows_of_keys(keys, now=now), kind, now=now)
    number = request.GET.get("page", "")
    found = pages.behind(viewer, form.question(), name, side, int(number) if number.isdecimal() else 1)
    return render(request, "workflows/figure_cases.html", {"form": form, "found": found})
