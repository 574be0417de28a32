"""导入: upload a ledger, match its columns, look at what would become of each row, load it, take it back."""

import tempfile
from collections.abc import Callable
from typing import IO, Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.models import Case, User
from cases.permissions import IMPORTERS
from cases.views import sheets
from workflows import import_pages as pages
from workflows import import_runs as runs
from workflows.forms.ledgers import ColumnsForm, LedgerUploadForm
from workflows.ledger_profiles import FIELDS, ImportRefused, from_json
from workflows.models import ImportState, LedgerImport
from workflows.views.access import viewer_of

S = ImportState
SHOWN = 50
REFRESH_SECONDS = 5


def _importer(request: HttpRequest) -> User:
    viewer = viewer_of(request)
    if not viewer.grants().has(*IMPORTERS):
        raise PermissionDenied("import")
    return viewer


def _seen(request: HttpRequest, pk: int) -> LedgerImport:
    ledger = runs.visible_imports(_importer(request)).filter(pk=pk).defer("content").first()
    if ledger is None:
        raise Http404
    return ledger


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest) -> HttpResponseBase:
    """The imports into my areas, and the form for another one."""
    viewer = _importer(request)
    found = runs.visible_imports(viewer).defer("content", "first_errors").order_by("-pk")
    if kind := sheets.wanted(request):
        return sheets.download(request, pages.IMPORTS, found, kind, now=timezone.now())
    form = LedgerUploadForm(request.POST or None, request.FILES or None, areas=runs.areas_of(viewer))
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        given = {"content": file.read(), "file_name": file.name, "area": form.cleaned_data["area"]}
        try:
            ledger = runs.upload(**given, actor=viewer, now=timezone.now())
        except ImportRefused as error:
            form.add_error("file", str(error))
        else:
            return redirect("workflows:import", pk=ledger.pk)
    shown = {"form": form, "imports": found[:SHOWN], "shown": SHOWN}
    return render(request, "workflows/imports.html", shown, status=422 if form.errors else 200)


@login_required
@require_safe
def template(request: HttpRequest) -> HttpResponseBase:
    """An empty ledger to fill in."""
    file = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115  # closed with the answer
    pages.write_template(_importer(request), file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=_("台账导入模板.xlsx"), content_type=sheets.TYPES["xlsx"])


@login_required
@never_cache
@require_safe
def show_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an import stands, and what can be done now."""
    return _page(request, _seen(request, pk))


def _page(request: HttpRequest, ledger: LedgerImport, *, status: int = 200, **more: Any) -> HttpResponse:
    viewer, busy = viewer_of(request), ledger.state in runs.BUSY
    total = max(ledger.rows, 1)
    shown: dict[str, Any] = {
        "ledger": ledger, "busy": busy, "refresh": REFRESH_SECONDS if busy else 0, "total": total,
        "percent": min(100 * ledger.done // total, 100),
        "is_mine": ledger.created_by_id == viewer.pk, "same_file": runs.same_file(ledger),
        "is_kept": ledger.state in (S.UPLOADED, S.CHECKED), "kept_until": ledger.created_at + runs.KEPT_FOR,
        "matched": _matched(ledger), "shown_errors": runs.SHOWN_ERRORS,
    }  # fmt: skip
    if ledger.state in (S.UPLOADED, S.CHECKED):
        shown["form"] = ColumnsForm(ledger=ledger)
    if ledger.state == S.LOADED:
        shown["sees_cases"] = Case.objects.visible_to(viewer).filter(imported__ledger=ledger).exists()
    return render(request, "workflows/import.html", shown | more, status=status)


def _matched(ledger: LedgerImport) -> list[tuple[Any, str]]:
    columns = from_json(ledger.profile).found_in(ledger.headers) if ledger.profile else {}
    return [(label, columns[name]) for name, label in FIELDS.items() if name in columns]


@login_required
@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Each row with its verdict: for who uploaded it, as long as the file is kept."""
    ledger = _seen(request, pk)
    if ledger.created_by_id != viewer_of(request).pk:
        raise PermissionDenied("import_report")
    if ledger.state != S.CHECKED:
        raise Http404
    now = timezone.now()
    return sheets.download(request, pages.report_sheet(ledger), pages.report_rows(ledger, now), "xlsx", now=now)


@login_required
@require_POST
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Match, load, drop, take back: what the import is ready for."""
    acts: dict[str, Callable[[HttpRequest, LedgerImport], HttpResponse | None]] = {
        "match": _match, "load": _load, "drop": _drop, "undo": _undo,
    }  # fmt: skip
    if name not in acts:
        raise Http404
    ledger = _seen(request, pk)
    try:
        return acts[name](request, ledger) or redirect("workflows:import", pk=pk)
    except runs.NotNow:
        messages.warning(request, _("这次导入已经到了别的一步，请看现在的情况。"))
        return _page(request, _seen(request, pk), status=409)


def _match(request: HttpRequest, ledger: LedgerImport) -> HttpResponse | None:
    form = ColumnsForm(request.POST, ledger=ledger)
    if not form.is_valid():
        return _page(request, ledger, status=422, form=form)
    runs.match_columns(ledger.pk, form.columns(), keeps=form.keeping())
    return None


def _load(request: HttpRequest, ledger: LedgerImport) -> None:
    runs.load(ledger.pk, only_good=request.POST.get("rows") == "good")


def _drop(request: HttpRequest, ledger: LedgerImport) -> None:
    runs.drop(ledger.pk, now=timezone.now())
    messages.success(request, _("已放弃，文件已经删除，什么都没有导入。"))


def _undo(request: HttpRequest, ledger: LedgerImport) -> HttpResponse | None:
    try:
        runs.undo(ledger.pk, actor=viewer_of(request))
    except runs.AlreadyWorkedOn as error:
        return _page(request, ledger, status=409, worked_on=error.numbers)
    return None
