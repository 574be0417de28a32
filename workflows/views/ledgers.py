"""The ledger as a file, by the filters of the page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.forms import LedgerForm
from cases.selectors import case_list, in_order
from cases.views.sheets import download
from workflows.ledger_sheet import campaign_rows, ledger_rows, sheet_of
from workflows.views.access import viewer_of


@login_required
@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Everything that the page would list, not only the part of it that is shown."""
    viewer, now = viewer_of(request), timezone.now()
    filters = LedgerForm(request.GET, viewer=viewer).filters()
    found = in_order(case_list(viewer, filters, now=now), filters)
    rows = (campaign_rows if filters.campaign else ledger_rows)(found, now=now)
    return download(request, sheet_of(filters.campaign), rows, kind, now=now)
