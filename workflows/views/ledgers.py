"""The ledger as a file, by the filters of the page."""

from urllib.parse import unquote

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.forms import LedgerForm
from cases.lib.masking import mask_text
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
    record_access(AccessKind.EXPORTED, by=viewer, at=now, details=export_of(request, "ledger"))
    rows = campaign_rows(found) if filters.campaign else ledger_rows(found)
    return download(sheet_of(filters.campaign), rows, kind, now=now)


def export_of(request: HttpRequest, name: str) -> dict[str, str]:
    """What the book of doors keeps of a download: which list, by which conditions, phones in them masked."""
    return {"list": name, "query": mask_text(unquote(request.GET.urlencode()))[:500]}
