"""Pages of limits: the versions, one version, its download, the import of a table, running cases onto a version."""

from datetime import datetime
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from cases.models import User
from cases.views import sheets
from workflows import limit_pages as pages
from workflows import limits
from workflows.commands.limits import NewerVersion, apply_version, import_limits, not_yet_on
from workflows.forms.limits import ApplyForm, ConfirmForm, UploadForm, confirmation
from workflows.limit_export import write_table
from workflows.limit_plan import newest_version, planned
from workflows.limit_preview import preview, preview_version
from workflows.limit_tables import LimitTable
from workflows.models import PolicyVersion
from workflows.permissions import may_read_limits, may_set_limits
from workflows.views.access import viewer_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
APPLIED_AT_ONCE = 500  # a request has to end; the rest is done by the next one
SHOWN_ERRORS = 200


def reader_of(request: HttpRequest) -> User:
    """The viewer, who reads limits or gets 403."""
    viewer = viewer_of(request)
    if not may_read_limits(viewer):
        raise PermissionDenied("limits")
    return viewer


def administrator_of(request: HttpRequest) -> User:
    """The viewer, who sets limits or gets 403."""
    viewer = viewer_of(request)
    if not may_set_limits(viewer):
        raise PermissionDenied("set_limits")
    return viewer


@login_required
@require_safe
def versions(request: HttpRequest) -> HttpResponseBase:
    """时限标准: the versions, the newest first."""
    viewer, now = reader_of(request), timezone.now()
    rows = pages.version_rows(now=now)
    if kind := sheets.wanted(request):
        return sheets.download(request, pages.VERSIONS, rows, kind, now=now)
    shown = {"rows": rows, "may_set": may_set_limits(viewer)}
    return render(request, "workflows/limits.html", shown)


def _version(number: int) -> PolicyVersion:
    version = PolicyVersion.objects.filter(number=number).first()
    if version is None:
        raise Http404
    return version


@login_required
@require_safe
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version as a table, and what it would do to running cases."""
    viewer, now = reader_of(request), timezone.now()
    shown_version = _version(number)
    shown = _figures(shown_version, viewer, now) | {"groups": pages.groups_of(shown_version)}
    return render(request, "workflows/limit_version.html", shown)


def _figures(version: PolicyVersion, viewer: User, now: datetime) -> dict[str, Any]:
    """What both the page of a version and the step of applying it show; a version of the past changes nothing."""
    live = limits.live_version(now)
    status = pages.status_of(version, now=now, live=live)
    shown: dict[str, Any] = {"version": version, "status": status, "may_set": may_set_limits(viewer)}
    if status != pages.PAST:
        found = preview_version(version, now=now)
        shown |= {"preview": found, "overdue": pages.overdue_cases(found, viewer)}
    if status == pages.LIVE:
        shown["waiting"] = not_yet_on(version).count()
    return shown


@login_required
@require_safe
def download(request: HttpRequest, number: int) -> HttpResponse:
    """The version as the table that the office keeps."""
    reader_of(request)
    file = BytesIO()
    write_table(_version(number), file)
    name = f"limits-v{number}.xlsx"
    return HttpResponse(
        file.getvalue(), content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_table(request: HttpRequest) -> HttpResponse:
    """Choose a table, look at what it would change, confirm from when."""
    administrator_of(request)
    if request.method != "POST":
        return _upload_page(request, UploadForm())
    if "table" in request.POST:
        return _confirm(request)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid() or form.table.errors:
        return _upload_page(request, form, status=422)
    return _plan_page(request, form.table)


def _upload_page(request: HttpRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    table: LimitTable | None = getattr(form, "table", None)
    shown: dict[str, Any] = {"form": form, "table": table, "newest": newest_version(), "shown_errors": SHOWN_ERRORS}
    if table is not None:
        shown["errors"] = table.errors[:SHOWN_ERRORS]
    return render(request, "workflows/limit_import.html", shown, status=status)


def _plan_page(
    request: HttpRequest, table: LimitTable, *, form: ConfirmForm | None = None, status: int = 200
) -> HttpResponse:
    """What the table would change and whom it would make late: nothing is written yet."""
    viewer, now, base = viewer_of(request), timezone.now(), newest_version()
    if base is None:
        raise Http404
    plan = planned(table, base)
    found = preview(plan.policies, number=None, now=now)
    shown = {
        "table": table,
        "plan": plan,
        "changes": pages.change_rows(plan.changes),
        "preview": found,
        "overdue": pages.overdue_cases(found, viewer),
        "form": form or confirmation(table, base=base.number, now=now),
    }
    return render(request, "workflows/limit_plan.html", shown, status=status)


def _confirm(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    form = ConfirmForm(request.POST, now=now)
    form.is_valid()
    table: LimitTable | None = form.cleaned_data.get("table")
    if table is None:
        upload = UploadForm(request.POST)
        upload.add_error("file", _("上传已过期，请重新选择文件。"))
        return _upload_page(request, upload, status=422)
    if form.is_valid():
        try:
            done = import_limits(
                table, live_from=form.cleaned_data["live_from"], actor=viewer_of(request), now=now,
                note=form.cleaned_data["note"], expected=form.cleaned_data["base"],
            )  # fmt: skip
        except NewerVersion as error:
            messages.warning(request, error.message)
            return _plan_page(request, table, status=409)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _imported(request, done.version, is_new=done.is_new)
    return _plan_page(request, table, form=form, status=422)


def _imported(request: HttpRequest, version: PolicyVersion, *, is_new: bool) -> HttpResponse:
    if is_new:
        day = timezone.localtime(version.live_from).strftime("%Y-%m-%d")
        messages.success(request, _("已建立 %(version)s，%(day)s 起生效。") % {"version": version, "day": day})
    else:
        messages.info(request, _("表格与 %(version)s 相同，没有新建版本。") % {"version": version})
    return redirect("workflows:limit_version", number=version.number)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def apply_limits(request: HttpRequest, number: int) -> HttpResponse:
    """The step before running cases get this version: what it will do, and why it is done."""
    viewer, now = administrator_of(request), timezone.now()
    version = _version(number)
    form = ApplyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = apply_version(
                version, actor=viewer, now=now, reason=form.cleaned_data["reason"], most=APPLIED_AT_ONCE
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _tell(request, moved=sum(bool(row.moved) for row in done), done=len(done))
            if len(done) < APPLIED_AT_ONCE:
                return redirect("workflows:limit_version", number=number)
    shown = _figures(version, viewer, now) | {"form": form}
    return render(request, "workflows/limit_apply.html", shown, status=422 if form.errors else 200)


def _tell(request: HttpRequest, *, moved: int, done: int) -> None:
    text = ngettext(
        "%(n)s 件已改按本版本计时，其中 %(moved)s 件的时限有变。",
        "%(n)s 件已改按本版本计时，其中 %(moved)s 件的时限有变。",
        done,
    )
    messages.success(request, text % {"n": done, "moved": moved})
