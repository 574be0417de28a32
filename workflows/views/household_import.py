"""Households from a sheet: all of them or, with each wrong cell named, none."""

from collections import defaultdict
from io import BytesIO

import xlsxwriter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cases.households import assign_contact, enter_households
from cases.models import Area, Household, User
from cases.views.sheets import TYPES
from workflows import visit_pages as pages
from workflows.forms.sheets import read_upload
from workflows.forms.visits import HouseholdsUploadForm
from workflows.household_sheet import COLUMNS, HouseholdSheet, read_households
from workflows.views.access import viewer_of

SHOWN_ERRORS = 200


@login_required
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """An empty sheet with the columns, all as text, so that 3-1 does not become the third of January."""
    if not pages.kept_areas(viewer_of(request)).exists():
        raise PermissionDenied("households")
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("住户")
        sheet.set_column(0, len(COLUMNS) - 1, 20, book.add_format({"num_format": "@"}))
        sheet.write_row(0, 0, list(COLUMNS), book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
    headers = {"Content-Disposition": 'attachment; filename="households.xlsx"'}
    return HttpResponse(file.getvalue(), content_type=TYPES["xlsx"], headers=headers)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def import_households(request: HttpRequest) -> HttpResponse:
    """Choose a sheet; a door that is known is changed, a new one is entered and given to its contact."""
    viewer, day = viewer_of(request), timezone.localdate()
    areas = pages.kept_areas(viewer)
    if not areas.exists():
        raise PermissionDenied("households")
    form = HouseholdsUploadForm(request.POST, request.FILES) if request.method == "POST" else None
    shown = {"form": form or HouseholdsUploadForm(), "shown_errors": SHOWN_ERRORS}
    if form is None:
        return render(request, "workflows/household_import.html", shown)
    if form.is_valid():
        people = pages.possible_contacts(areas, day)
        try:
            sheet = read_upload(form.cleaned_data["file"], lambda path: read_households(path, areas, people))
        except ValidationError as error:
            form.add_error("file", error)
        else:
            if not sheet.errors:
                return _taken(request, sheet, viewer)
            shown |= {"errors": sheet.errors[:SHOWN_ERRORS], "wrong": len(sheet.errors)}
    return render(request, "workflows/household_import.html", shown, status=422)


@transaction.atomic
def _taken(request: HttpRequest, sheet: HouseholdSheet, viewer: User) -> HttpResponse:
    new, changed = enter_households(rows=sheet.rows, actor=viewer, now=timezone.now())
    doors: defaultdict[User, set[tuple[int, str]]] = defaultdict(set)
    places: dict[int, Area] = {}
    for (area, door), contact in zip(sheet.rows, sheet.contacts, strict=True):
        places[area.pk] = area
        if contact:
            doors[contact].add((area.pk, door.unit))
    entered = list(Household.objects.filter(area__in=places).select_related("area"))
    for contact, wanted in doors.items():
        theirs = [row for row in entered if (row.area_id, row.unit) in wanted]
        assign_contact(households=theirs, user=contact, actor=viewer, valid_from=timezone.localdate())
    said = _("已导入 %(all)s 户：新登记 %(new)s 户，更改 %(changed)s 户。")
    messages.success(request, said % {"all": len(sheet.rows), "new": new, "changed": changed})
    return redirect("campaigns:households")
