"""专项行动: the list, the page of one, its sheet of A4, and setting it up."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cases.campaigns import newest_form, publish_form, save_campaign
from cases.lib import pdf
from cases.models import Campaign
from cases.permissions import may_edit_campaign, may_lead_campaigns
from cases.views import sheets
from workflows import campaign_pages as pages
from workflows.campaign_sheets import CAMPAIGNS, lists_of
from workflows.figure_pages import READERS as FIGURE_READERS
from workflows.figures.campaign import COUNT_LABELS, FORMULAS
from workflows.forms.campaigns import CampaignForm, QuestionsForm
from workflows.views.access import viewer_of
from workflows.views.printing import pdf_answer
from workflows.visit_pages import PLACE as VISIT_READERS


def _seen(request: HttpRequest, code: str) -> Campaign:
    found = Campaign.objects.visible_to(viewer_of(request)).select_related("lead_team").filter(code=code).first()
    if found is None:
        raise Http404
    return found


@login_required
@require_safe
def campaign_list(request: HttpRequest) -> HttpResponseBase:
    """The campaigns of my areas and teams, the newest first."""
    viewer, now = viewer_of(request), timezone.now()
    rows = pages.campaign_rows(viewer, timezone.localdate(now))
    if kind := sheets.wanted(request):
        return sheets.download(request, CAMPAIGNS, rows, kind, now=now)
    return render(request, "workflows/campaigns.html", {"rows": rows, "may_add": may_lead_campaigns(viewer)})


def _shown(request: HttpRequest, code: str) -> dict[str, Any]:
    campaign, now = _seen(request, code), timezone.now()
    page = pages.campaign_page(viewer_of(request), campaign, now=now)
    counts = [
        {"label": COUNT_LABELS[name], "n": n, "formula": FORMULAS[name], "kinds": page.report.kinds(name)}
        for name, n in page.report.counts().items()
    ]
    sees_visits = viewer_of(request).grants().has(*VISIT_READERS)
    shown = {"page": page, "campaign": campaign, "counts": counts, "now": now, "sees_visits": sees_visits}
    opens_figures = viewer_of(request).grants().has(*FIGURE_READERS)
    shown |= {"opens_figures": opens_figures, "figures_query": f"?campaign={campaign.pk}"}
    return shown | {"makes_pdf": not pdf.missing()}


@login_required
@require_safe
def show_campaign(request: HttpRequest, code: str) -> HttpResponseBase:
    """Goals, rates, parts, entry and exit, and what it comprised; each of its lists as a file."""
    shown = _shown(request, code)
    if file := sheets.answered(request, lists_of(shown["page"]), now=shown["now"]):
        return file
    return render(request, "workflows/campaign.html", shown)


@login_required
@never_cache
@require_safe
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """The report on sheets of A4, to print from the browser."""
    return render(request, "workflows/campaign_sheet.html", _shown(request, code))


@login_required
@never_cache
@require_safe
def sheet_pdf(request: HttpRequest, code: str) -> HttpResponseBase:
    """The same report as a PDF; where none can be made, the page says so."""
    shown = _shown(request, code)
    return pdf_answer(
        request,
        render_to_string("workflows/campaign_sheet.html", shown),
        filename=_("%(name)s报告.pdf") % {"name": shown["campaign"]},
        otherwise=redirect("campaigns:campaign", code),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: HttpRequest) -> HttpResponse:
    """Set a campaign up."""
    if not may_lead_campaigns(viewer_of(request)):
        raise PermissionDenied("new_campaign")
    return _edit(request, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_campaign(request: HttpRequest, code: str) -> HttpResponse:
    """Change its period, areas, teams and goals."""
    return _edit(request, _editable(request, code))


def _editable(request: HttpRequest, code: str) -> Campaign:
    campaign = _seen(request, code)
    if not may_edit_campaign(viewer_of(request), campaign.areas.all()):
        raise PermissionDenied("edit_campaign")
    return campaign


def _edit(request: HttpRequest, campaign: Campaign | None) -> HttpResponse:
    viewer = viewer_of(request)
    form = CampaignForm(request.POST if request.method == "POST" else None, viewer=viewer, campaign=campaign)
    if form.is_bound and form.is_valid():
        try:
            saved = save_campaign(plan=form.plan(), actor=viewer, campaign=campaign)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("已保存。"))
            return redirect("campaigns:campaign", saved.code)
    shown = {"form": form, "campaign": campaign, "url": reverse("campaigns:campaigns")}
    return render(request, "workflows/campaign_edit.html", shown, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, code: str) -> HttpResponse:
    """What the campaign asks besides; each change is a new version."""
    campaign = _editable(request, code)
    newest = newest_form(campaign)
    typed = request.POST if request.method == "POST" else None
    form = QuestionsForm(list(newest.questions.all()) if newest else [], typed=typed)
    if typed is not None and form.is_valid():
        if newest is None and not form.questions():  # nothing was asked, nothing is
            return redirect("campaigns:campaign", code)
        try:
            made = publish_form(
                campaign=campaign, questions=form.questions(), actor=viewer_of(request), now=timezone.now()
            )
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("收集表第 %(n)s 版已生效。") % {"n": made.n})
            return redirect("campaigns:campaign", code)
    shown = {"campaign": campaign, "form": form, "version": newest.n if newest else 0}
    return render(request, "workflows/campaign_questions.html", shown, status=422 if form.is_wrong else 200)
