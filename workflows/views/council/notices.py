"""Public notices, without a login: the text, how long it hangs, objections and answers, the sheet for the wall."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases.lib import pdf
from workflows.council.objections import raise_objection
from workflows.council_pages.notices import PublicNotice, public_notice
from workflows.forms.decisions import ObjectForm
from workflows.views.public import counted, waits
from workflows.views.report import qr_image

OBJECTIONS, OBJECTION_SECONDS = 5, 3600  # from one address, before it has to wait


def _seen(slug: str) -> PublicNotice:
    page = public_notice(slug, timezone.now())
    if page is None:
        raise Http404
    return page


@require_http_methods(["GET", "HEAD", "POST"])
def show_notice(request: HttpRequest, slug: str) -> HttpResponse:
    """A notice as anybody may read it; one may object here while it is time."""
    page = _seen(slug)
    if request.method != "POST":
        return _page(request, page, ObjectForm(auto_id="id_%s"))
    form = ObjectForm(request.POST, auto_id="id_%s")
    if form.is_valid():
        if counted("objection", request, OBJECTION_SECONDS) > OBJECTIONS:
            return waits(request, OBJECTION_SECONDS // 60)
        try:
            raise_objection(notice_id=page.notice.pk, actor=None, now=timezone.now(), **form.inputs())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("您的异议已收到，答复会写在本页，请过几天再来看。"))
            return redirect("notices:notice", slug=slug)
    return _page(request, page, form, status=422)


def _page(request: HttpRequest, page: PublicNotice, form: ObjectForm, status: int = 200) -> HttpResponse:
    shown = {"page": page, "form": form if page.may_object or form.is_bound else None, "makes_pdf": not pdf.missing()}
    return render(request, "council/notice.html", shown, status=status)


def _sheet(slug: str) -> dict[str, Any]:
    page = _seen(slug)
    url = f"{settings.BASE_URL}{reverse('notices:notice', args=[slug])}"
    return {"page": page, "url": url, "qr": qr_image(url), "makes_pdf": not pdf.missing()}


@require_safe
def sheet(request: HttpRequest, slug: str) -> HttpResponse:
    """The notice on A4 with the code of its page, for the wall."""
    return render(request, "council/notice_sheet.html", _sheet(slug))


@require_safe
def sheet_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """The same sheet as a PDF; where none can be made, the page to print is shown. Slow to make: slowed down."""
    shown = _sheet(slug)
    if counted("notice-pdf", request, OBJECTION_SECONDS) > OBJECTIONS * 4:
        return waits(request, OBJECTION_SECONDS // 60)
    try:
        made = pdf.html_to_pdf(render_to_string("council/notice_sheet.html", shown))
    except pdf.PdfUnavailable:
        return redirect("notices:notice_print", slug=slug)
    header = content_disposition_header(as_attachment=False, filename=_("公示%(slug)s.pdf") % {"slug": slug})
    return HttpResponse(made, content_type="application/pdf", headers={"Content-Disposition": header or "inline"})


@require_safe
def photo(request: HttpRequest, slug: str) -> FileResponse:  # no login: what hangs out is public
    """The photograph of the notice on its wall."""
    notice = _seen(slug).notice
    if not notice.evidence:
        raise Http404
    try:
        content = notice.evidence.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    headers = {"Cache-Control": "public, max-age=600", "X-Content-Type-Options": "nosniff"}
    return FileResponse(content, filename=f"{slug}.jpg", content_type="image/jpeg", headers=headers)
