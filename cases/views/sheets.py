"""A list as a file to download: `?export=xlsx` at the address of any list, which then answers with all of its rows.

A list offers it by a `Sheet` declared beside its selector, `{% include "_export.html" %}` in the head of its page, and
two lines in its view, where what the page shows has been narrowed and put in order but not yet cut into pages:

    if kind := sheets.wanted(request):
        return sheets.download(request, ORDER_SHEET, found, kind, now=now)

A page of several lists has an `_export_list.html` over each and answers with the one that `list` names:

    if file := sheets.answered(request, {"seals": Listing(SEALS, found), ...}, now=now):
        return file

`download` is the only door by which a list leaves a page, and who takes one out that tells of persons stands in the
book of doors: `cases/access.py`.
"""

import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import IO, Any, TypeVar, cast
from urllib.parse import quote, unquote

from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.lib.masking import mask_text
from cases.lib.sheets import Listing, Sheet, csv_lines, write_xlsx
from cases.models import Area, User

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


def answered(request: HttpRequest, lists: Mapping[str, Listing[Any]], *, now: datetime) -> HttpResponseBase | None:
    """The one of a page's lists that the address asks for, as a file; None when it asks for the page."""
    kind, asked = wanted(request), lists.get(request.GET.get("list", ""))
    if not kind:
        return None
    if asked is None:
        raise Http404
    return download(request, asked.sheet, asked.rows(), kind, now=now)


def _export_of(request: HttpRequest, sheet: Sheet[Any]) -> dict[str, str]:
    """What the book of doors keeps of a download: which list, by which conditions, phones in them masked."""
    asked = request.GET.copy()
    for name in ("export", "list"):  # the kind of the file, and which list: neither narrows it
        asked.pop(name, None)
    with translation.override(settings.LANGUAGE_CODE):
        title = str(sheet.title)
    return {"list": sheet.name, "title": title, "query": mask_text(unquote(asked.urlencode()))[:500]}


def download(
    request: HttpRequest, sheet: Sheet[Row], rows: Iterable[Row], kind: str, *, now: datetime, area: Area | None = None
) -> HttpResponseBase:
    """The rows as a file, after the row in the book of doors; `area` where all of them belong to one place.

    CSV is sent while it is read; an .xlsx is a zip and goes through a file without a name.
    """
    if kind not in TYPES:
        raise Http404
    if not sheet.impersonal:
        viewer, details = cast(User, request.user), _export_of(request, sheet)
        record_access(AccessKind.EXPORTED, by=viewer, at=now, area=area, details=details)
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
