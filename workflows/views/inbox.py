"""The home page of everybody, and the page about oneself."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.keyset import take
from cases.lib.sheets import Listing
from cases.models import User
from cases.selectors import listed
from cases.terms import Role
from cases.views import sheets
from workflows.inboxes import ORDERS, Tab, covered, errands, rows_of, tab_cases, tab_counts
from workflows.ledger_sheet import LEDGER, ledger_rows
from workflows.list_sheets import COVERED, ERRANDS
from workflows.permissions import may_report


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """待办, 在办, 已办, 办结: one list at a time, with the counts of all four."""
    viewer, now = cast(User, request.user), timezone.now()
    given = request.GET.get("tab", "")
    tab = Tab(given) if given in Tab.values else Tab.TODO
    found = tab_cases(viewer, tab).order_by(*ORDERS[tab].columns)
    lists: dict[str, Listing[Any]] = {
        "": Listing(LEDGER, lambda: ledger_rows(found, now=now)),
        "errands": Listing(ERRANDS, lambda: errands(viewer, now=now)),
        "covered": Listing(COVERED, lambda: ((one.leave, row) for one in covered(viewer, now=now) for row in one.rows)),
    }
    if file := sheets.answered(request, lists, now=now):
        return file
    page = take(
        listed(tab_cases(viewer, tab)),
        ORDERS[tab],
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = tab_counts(viewer)
    shown = {
        "tab": tab,
        "tabs": [(one, counts[one]) for one in Tab],
        "page": page,
        "rows": rows_of(page.rows, now=now),
        "errands": errands(viewer, now=now) if tab == Tab.TODO else [],
        "covered": covered(viewer, now=now) if tab == Tab.TODO else [],
        "may_work": bool(viewer.grants().roles - {Role.AUDITOR, Role.ADMINISTRATOR, Role.LEADER, Role.SEAT}),
        "is_cut": bool(request.GET.get("after") or request.GET.get("before")),
        "may_report": viewer.grants().has(*may_report),
    }
    return render(request, "workflows/home.html", shown)


@login_required
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """我的: who I am here, which roles I hold until when, language, password, the way out."""
    viewer = cast(User, request.user)
    roles = viewer.roles.on(timezone.localdate()).select_related("area", "team", "council").order_by("role", "pk")
    posters = list(dict.fromkeys(row.area for row in roles if row.role in may_report and row.area))
    return render(request, "workflows/mine.html", {"roles": list(roles), "posters": posters})
