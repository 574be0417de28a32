"""A list as a file to download: `?export=xlsx` at the address of any list, which then answers with all of its rows.

A list offers it by a `Sheet` declared beside its selector, `{% include "_export.html" %}` in the head of its page, and
two lines in its view, where what the page shows has been narrowed and put in order but not yet cut into pages:

    if kind := sheets.wanted(request):
        return sheets.download(ORDER_SHEET, found, kind, now=now)
"""

import tempfile
from collections.abc import Iterable
from datetime import datetime
from typing import IO, TypeVar, cast
from urllib.parse import quote

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from cases.lib.sheets import Sheet, csv_lines, write_xlsx

CHUNK = 2000
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
Row = TypeVar("Row")


def wanted(request: HttpRequest) -> str:
    """The kind of file that the address asks for, "" when it asks for the page; 404 for a kind that is not made."""
    kind = request.GET.get("export", "")
    if kind and kind not in TYPES:
        raise Http404
    return kind


def download(sheet: Sheet[Row], rows: Iterable[Row], kind: str, *, now: datetime) -> HttpResponseBase:
    """The rows as a file. CSV is sent while it is read; an .xlsx is a zip and goes through a file without a name."""
    if kind not in TYPES:
        raise Http404
    read = rows.iterator(chunk_size=CHUNK) if isinstance(rows, QuerySet) else rows
    answer: HttpResponseBase
    if kind == "csv":
        answer = StreamingHttpResponse(csv_lines(sheet, read))
    else:
        file = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115  # closed with the answer
        write_xlsx(sheet, read, file)
        file.seek(0)
        answer = FileResponse(file)
    day = f"{timezone.localdate(now):%Y%m%d}"
    # RFC 6266: the Latin name for what cannot read the other
    own = quote(f"{sheet.title}-{day}.{kind}".replace("/", "-"), safe="")
    latin = f"{sheet.name}-{day}.{kind}"
    answer["Content-Type"] = TYPES[kind]
    answer["Content-Disposition"] = f"attachment; filename=\"{latin}\"; filename*=UTF-8''{own}"
    answer["Cache-Control"] = "private, no-store"
    return answer
