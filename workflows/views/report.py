"""Report what is in front of you, and the receipt with the resident's link."""

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import commands as facts
from cases.lib.masking import mask_text
from cases.models import Case
from cases.terms import PhotoKind
from workflows.commands.intake import report_case
from workflows.commands.surveys import issue_survey_slip
from workflows.forms.collection import visit_to_raise
from workflows.forms.report import ReportForm
from workflows.inboxes import stage_provisional_year
from workflows.near import near_of
from workflows.permissions import may_report
from workflows.views.access import SENT_DRAFT, seen_case, viewer_of


def link_url(token: str) -> str:
    """The address of a resident's page, as it is printed and sent."""
    return f"{settings.BASE_URL}{reverse('public:case', kwargs={'token': token})}"


def qr_image(url: str) -> str:
    """A QR code as a data URI: an image, so that a strict CSP lets it through."""
    return str(segno.make(url, error="m").svg_data_uri(scale=6, border=2))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form, or a numbered case with its photographs and its link, all or nothing."""
    viewer, now = viewer_of(request), timezone.now()
    if not viewer.grants().has(*may_report):
        raise PermissionDenied("report")
    if request.method != "POST":
        visit = visit_to_raise(viewer, request.GET.get("visit"))
        chosen = request.GET.get("campaign", "")
        blank = ReportForm(viewer=viewer, today=timezone.localdate(now), visit=visit, campaign=chosen)
        return render(request, "workflows/report.html", {"form": blank})
    form = ReportForm(request.POST, request.FILES, viewer=viewer, today=timezone.localdate(now))
    if form.is_valid():
        key = form.cleaned_data["draft_id"]
        try:
            with transaction.atomic():
                if not Case.objects.filter(client_key=key).exists():
                    case = report_case(report=form.report(), actor=viewer, now=now)
                    files, kind = form.chosen_photos(), PhotoKind.REPORT
                    facts.attach_photos(case_id=case.pk, actor=viewer, now=now, kind=kind, files=files)
                    facts.issue_link(case_id=case.pk, actor=viewer, now=now)
        except IntegrityError:  # the same phone sent twice at once: the other sending made the case
            if not Case.objects.filter(client_key=key).exists():
                raise
        except ValidationError as error:
            form.refuse(error)
    if form.errors:
        return render(request, "workflows/report.html", {"form": form}, status=422)
    request.session[SENT_DRAFT] = form.draft_key
    number = Case.objects.values_list("number", flat=True).get(client_key=key)
    return redirect("workflows:receipt", number=number)


@login_required
@never_cache
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The number, what happens next and the resident's link, for the one who reported it."""
    case = seen_case(request, number)
    if case.reported_by_id != viewer_of(request).pk:
        raise PermissionDenied("receipt")
    link = facts.resident_link(case, now=timezone.now(), handed_by=viewer_of(request))
    return _receipt_page(request, case, facts.link_token(link), sent_draft=request.session.pop(SENT_DRAFT, ""))


@login_required
@never_cache
@require_POST
def issue_link(request: HttpRequest, number: str) -> HttpResponse:
    """Show the resident's link to hand over or print; each time leaves a line in the history."""
    case = seen_case(request, number)
    token = facts.issue_link(case_id=case.pk, actor=viewer_of(request), now=timezone.now())
    return _receipt_page(request, case, token)


@login_required
@never_cache
@require_POST
def survey_slip(request: HttpRequest, number: str) -> HttpResponse:
    """A code for the resident to scan and rate, once; shown this once."""
    case = seen_case(request, number)
    try:
        token = issue_survey_slip(case_id=case.pk, actor=viewer_of(request), now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("workflows:case", number=number)
    url = f"{settings.BASE_URL}{reverse('public:rate', args=[token])}"
    shown = {"case": case, "title": mask_text(case.title), "url": url, "qr": qr_image(url)}
    return render(request, "workflows/survey_slip.html", shown)


def _receipt_page(request: HttpRequest, case: Case, token: str, *, sent_draft: str = "") -> HttpResponse:
    url = link_url(token)
    shown = {
        "case": case,
        "title": mask_text(case.title),
        "url": url,
        "qr": qr_image(url),
        "sent_draft": sent_draft,
        "provisional": stage_provisional_year(case),
        "may_report": viewer_of(request).grants().has(*may_report),
        "near": near_of(case, viewer_of(request)),
    }
    return render(request, "workflows/report_done.html", shown)
