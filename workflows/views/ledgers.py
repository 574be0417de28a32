"""The ledger as a file, by the filters of the page."""

import tempfile
from typing import IO, cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.forms import LedgerForm
from cases.selectors import case_list, in_order
from workflows.ledger_sheet import csv_lines, write_xlsx
from workflows.views.access import viewer_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Everything that the page would list, not only the part of it that is shown."""
    viewer, now = viewer_of(request), timezone.now()
    filters = LedgerForm(request.GET, viewer=viewer).filters()
    found = in_order(case_list(viewer, filters, now=now), filters)
    name = f"{timezone.localdate(now):%Y%m%d}"
    if kind == "csv":
        answer = StreamingHttpResponse(csv_lines(found), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="ledger-{name}.csv"'
        return answer
    if kind != "xlsx":
        raise Http404
    file = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115  # closed with the answer
    write_xlsx(found, file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"ledger-{name}.xlsx", content_type=XLSX)
