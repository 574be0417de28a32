"""通报: a week or a month on a sheet, to print, as PDF and as Excel; any past one comes out the same again."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.lib import pdf
from cases.views import sheets
from workflows import bulletin as pages
from workflows.bulletin_sheet import lines, sheet_of
from workflows.dashboard import OVERLOOKERS
from workflows.forms.bulletin import BulletinForm
from workflows.views.access import viewer_of
from workflows.views.printing import pdf_answer

TEMPLATE = "workflows/bulletin.html"


def _page(request: HttpRequest) -> tuple[pages.Bulletin, dict[str, Any]]:
    viewer, now = viewer_of(request), timezone.now()
    if not viewer.grants().has(*OVERLOOKERS):
        raise PermissionDenied("bulletin")
    form = BulletinForm(request.GET, viewer=viewer, today=timezone.localdate(now))
    grain, day, question = form.asked()
    span = pages.span_of(grain, day, now)
    page = pages.bulletin(viewer, question, span, now=now)
    shown = {"form": form, "page": page, "now": now, "makes_pdf": not pdf.missing(), "last": pages.before(span, now)}
    return page, shown


@login_required
@require_safe
def bulletin(request: HttpRequest) -> HttpResponseBase:
    """The sheet, with the choice of its period above it; its numbers as a list with `export`."""
    page, shown = _page(request)
    if kind := sheets.wanted(request):
        return sheets.download(request, sheet_of(page), lines(page), kind, now=shown["now"])
    return render(request, TEMPLATE, shown, status=422 if shown["form"].errors else 200)


@login_required
@require_safe
def bulletin_pdf(request: HttpRequest) -> HttpResponse:
    """The same sheet as a PDF; where none can be made, a word says so."""
    page, shown = _page(request)
    return pdf_answer(
        request,
        render_to_string(TEMPLATE, shown, request),
        filename=f"{page.span.title}{page.span.begins:%Y-%m-%d}.pdf",
        otherwise=redirect(reverse("workflows:dashboard")),
    )
