"""Pages of the register of owners: the list, the template, and the import in two steps."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import xlsxwriter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.models import Area
from cases.views import sheets
from workflows.council.register import (
    RegisterChanged,
    RegisterPlan,
    import_register,
    may_import_register,
    plan_register,
)
from workflows.council.register_sheet import COLUMNS, RegisterSheet
from workflows.council_pages import register as pages
from workflows.council_pages.sheets import REGISTER
from workflows.forms.register import RegisterConfirmForm, RegisterUploadForm, confirmation
from workflows.views.access import viewer_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_ERRORS = 200
EXAMPLES = (
    ("1-1-101", "（示例）张三", "A001", 85.3, "不动产登记", ""),
    ("1-1-102", "（示例）张三", "A001", 120.55, "不动产登记", ""),
    ("1-1-201", "（示例）李四、王五", "", 98, "测绘报告", ""),
)


def _area(request: HttpRequest, code: str) -> Area:
    area = pages.area_with_register(viewer_of(request), code)
    if area is None:
        raise Http404
    return area


@login_required
@never_cache
@require_safe
def register(request: HttpRequest, area_code: str) -> HttpResponseBase:
    """业主名册: units, areas and masked names, with the sums that a roll would have."""
    area, wanted = _area(request, area_code), request.GET.get("q", "").strip()
    viewer, now = viewer_of(request), timezone.now()
    if kind := sheets.wanted(request):
        return sheets.download(request, REGISTER, pages.register_units(area, wanted), kind, now=now, area=area)
    page = pages.register_page(viewer, area, wanted=wanted, after=request.GET.get("after", ""))
    record_access(AccessKind.REGISTER, by=viewer, at=now, area=area)
    return render(request, "council/register.html", {"page": page, "wanted": wanted})


@login_required
@require_safe
def template(request: HttpRequest, area_code: str) -> HttpResponse:
    """An empty sheet with the columns, all as text but the area, so that 3-1 does not become the third of January."""
    area, file = _area(request, area_code), BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("业主名册")
        text, number = book.add_format({"num_format": "@"}), book.add_format({"num_format": "0.00##"})
        for at in range(len(COLUMNS)):
            sheet.set_column(at, at, 20, number if at == list(COLUMNS).index("专有部分面积(㎡)") else text)
        sheet.write_row(0, 0, list(COLUMNS), book.add_format({"bold": True}))
        for at, row in enumerate(EXAMPLES, 1):
            sheet.write_row(at, 0, row)
        sheet.data_validation(1, 4, 20_000, 4, {"validate": "list", "source": ["不动产登记", "测绘报告", "买卖合同"]})
        sheet.freeze_panes(1, 1)
    headers = {"Content-Disposition": f'attachment; filename="owners-{area.code}.xlsx"'}
    return HttpResponse(file.getvalue(), content_type=XLSX, headers=headers)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def import_sheet(request: HttpRequest, area_code: str) -> HttpResponse:
    """Choose a sheet, look at what it would change, confirm."""
    area = _area(request, area_code)
    if not may_import_register(area, viewer_of(request)):
        raise PermissionDenied("import_register")
    if request.method != "POST":
        return _upload_page(request, area, RegisterUploadForm())
    if "sheet" in request.POST:
        return _confirm(request, area)
    form = RegisterUploadForm(request.POST, request.FILES)
    if not form.is_valid() or form.sheet.errors:
        return _upload_page(request, area, form, status=422)
    return _plan_page(request, plan_register(area, form.sheet))


def _upload_page(request: HttpRequest, area: Area, form: RegisterUploadForm, *, status: int = 200) -> HttpResponse:
    sheet: RegisterSheet | None = getattr(form, "sheet", None)
    shown: dict[str, Any] = {"area": area, "form": form, "sheet": sheet, "shown_errors": SHOWN_ERRORS}
    if sheet is not None:
        shown["errors"] = sheet.errors[:SHOWN_ERRORS]
    return render(request, "council/register_import.html", shown, status=status)


def _plan_page(request: HttpRequest, plan: RegisterPlan, *, status: int = 200) -> HttpResponse:
    lines = pages.plan_lines(plan)
    shown = {
        "area": plan.area,
        "plan": plan,
        "sums": pages.sums_rows(plan),
        "lines": lines[: pages.SHOWN_CHANGES],
        "more": max(len(lines) - pages.SHOWN_CHANGES, 0),
        "form": confirmation(plan.sheet, base=plan.base),
    }
    return render(request, "council/register_plan.html", shown, status=status)


def _confirm(request: HttpRequest, area: Area) -> HttpResponse:
    form = RegisterConfirmForm(request.POST)
    if not form.is_valid():
        upload = RegisterUploadForm(request.POST)
        upload.add_error("file", _("上传已过期，请重新选择文件。"))
        return _upload_page(request, area, upload, status=422)
    plan = plan_register(area, form.cleaned_data["sheet"])
    shown_plan = replace(plan, base=form.cleaned_data["base"])
    try:
        sums = import_register(area=area, plan=shown_plan, actor=viewer_of(request), now=timezone.now())
    except RegisterChanged as error:
        messages.warning(request, error.message)
        return _plan_page(request, plan, status=409)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
        return _plan_page(request, plan, status=422)
    messages.success(request, _("名册已导入：%(units)s 套，%(owners)s 位业主。") % vars(sums))
    return redirect("council:register", area_code=area.code)
