"""The ledger: everything that a person may see, narrowed, searched and paged."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.forms import LedgerForm
from cases.keyset import counted, take
from cases.models import User
from cases.permissions import IMPORTERS
from cases.selectors import NEWEST, PRESSING, case_list, listed
from cases.views.searching import note_search

MOST_COUNTED = 10_000


@login_required
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """台账: a page of cases by the filters of the address."""
    viewer, now = cast(User, request.user), timezone.now()
    form = LedgerForm(request.GET, viewer=viewer)
    filters = form.filters()
    found = case_list(viewer, filters, now=now)
    page = take(
        listed(found),
        PRESSING if filters.pressing else NEWEST,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    total, is_exact = counted(found, MOST_COUNTED)
    note_search(viewer, filters.words, total, now=now)
    shown = {"form": form, "page": page, "now": now, "total": total, "is_exact": is_exact}
    shown |= {"may_import": viewer.grants().has(*IMPORTERS)}
    return render(request, "cases/ledger.html", shown)
