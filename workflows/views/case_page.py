"""The page of a case, and the resident's particulars for those who may see them."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cases import commands as facts
from cases.lib.masking import mask_text
from cases.permissions import can_reveal_reporter
from cases.terms import RequestState
from workflows.available import Available
from workflows.case_page import case_page
from workflows.flows import approval
from workflows.forms.facts import RevealReporterForm
from workflows.limit_pages import standard_of
from workflows.suggestions import duplicates_of
from workflows.views.access import SENT_DRAFT, seen_case, viewer_of
from workflows.views.moves import MOVES
from workflows.views.orders import case_orders
from workflows.views.requests import ASKS, request_rows


@login_required
@require_safe
def show_case(request: HttpRequest, number: str) -> HttpResponse:
    """What, where it stands, how long is left, who has it, what I can do now, what happened."""
    case, viewer, now = seen_case(request, number), viewer_of(request), timezone.now()
    page = case_page(viewer, case, now=now)
    shown: dict[str, Any] = {"page": page, "case": case, "sent_draft": request.session.pop(SENT_DRAFT, "")}
    if page.likely:
        move = MOVES[page.likely.name]
        shown |= {
            "name": page.likely.name,
            "label": page.likely.label,
            "move": move,
            "form": move.form(case=case, viewer=viewer, now=now),
            "standard": standard_of(case, page.likely.name, now=now),
            "duplicates": duplicates_of(case, viewer) if page.likely.name == "accept" else [],
        }
    shown["more"] = [_row(available) for available in page.moves if available != page.likely]
    shown["asks"] = [(kind, ASKS[kind]) for kind in approval.may_ask(case, viewer)]
    for row in page.requests:
        row.case = case  # the same rows, read once
    rows = request_rows(page.requests, viewer)
    shown["requests"] = [row for row in rows if row.request.state == RequestState.ASKED]
    shown["decided"] = [row for row in rows if row.request.state != RequestState.ASKED]
    shown |= case_orders(case, viewer)
    shown["may_reveal"] = can_reveal_reporter(viewer, case)
    return render(request, "workflows/case_page.html", shown)


def _row(available: Available) -> dict[str, Any]:
    move = MOVES[available.name]
    return {"name": available.name, "label": available.label, "sentence": move.sentence, "danger": move.danger}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reporter(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for the reason, then show the resident's particulars once, on this answer only."""
    case, viewer, now = seen_case(request, number), viewer_of(request), timezone.now()
    if case.reporter is None:
        raise Http404
    if not can_reveal_reporter(viewer, case):
        raise PermissionDenied("reveal_reporter")
    typed = request.POST if request.method == "POST" else None
    form = RevealReporterForm(typed, case=case, viewer=viewer, now=now)
    revealed = None
    if form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            revealed = facts.reveal_reporter(case_id=case.pk, actor=viewer, now=now, reason=reason)
        except ValidationError as error:
            form.refuse(error)
    shown = {"case": case, "title": mask_text(case.title), "form": form, "reporter": revealed}
    return render(request, "workflows/reporter.html", shown, status=422 if form.errors else 200)
