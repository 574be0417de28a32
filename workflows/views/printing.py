"""A printed sheet as the answer to a request."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from cases.lib import pdf


def pdf_answer(request: HttpRequest, html: str, *, filename: str, otherwise: HttpResponse) -> HttpResponse:
    """A sheet as a PDF, shown by the browser; where none can be made, `otherwise`, whose page says so."""
    try:
        made = pdf.html_to_pdf(html)
    except pdf.PdfUnavailable:
        messages.warning(request, _("这台服务器不能生成 PDF，请在打印页上用浏览器打印。"))
        return otherwise
    header = content_disposition_header(as_attachment=False, filename=filename)
    return HttpResponse(made, content_type="application/pdf", headers={"Content-Disposition": header or "inline"})
