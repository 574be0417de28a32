"""The list of those invited, to sign on paper: on the screen, from the printer, as PDF."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cases.lib import pdf
from workflows.views.council.meetings import seen_meeting, sign_in_token
from workflows.views.report import qr_image

TEMPLATE = "council/attendance_sheet.html"
OVER = ("closed", "minuted", "archived", "no_quorum", "reconvened", "cancelled")


def _sheet(request: HttpRequest, pk: int) -> dict[str, Any]:
    page = seen_meeting(request, pk)
    shown: dict[str, Any] = {"page": page, "meeting": page.meeting, "makes_pdf": not pdf.missing()}
    if page.is_secretary and page.meeting.state not in OVER:
        url = settings.BASE_URL + reverse("council:sign_in", args=[pk, sign_in_token(page.meeting)])
        shown["qr"] = qr_image(url)
    return shown


@login_required
@never_cache
@require_safe
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The list on A4, to print from the browser."""
    return render(request, TEMPLATE, _sheet(request, pk))


@login_required
@never_cache
@require_safe
def sheet_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The same list as a PDF; where none can be made, the page says so."""
    shown = _sheet(request, pk)
    try:
        made = pdf.html_to_pdf(render_to_string(TEMPLATE, shown))
    except pdf.PdfUnavailable:
        messages.warning(request, _("这台服务器不能生成 PDF，请在打印页上用浏览器打印。"))
        return redirect("council:meeting", pk)
    name = _("%(meeting)s签到表.pdf") % {"meeting": shown["meeting"]}
    header = content_disposition_header(as_attachment=False, filename=name)
    return HttpResponse(made, content_type="application/pdf", headers={"Content-Disposition": header or "inline"})
