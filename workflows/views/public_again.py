"""Reporting again what is still wrong with a case that can be reopened no longer: a new case that follows it."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from cases import commands as facts
from cases.models import User
from workflows import permissions as may
from workflows.commands.intake import report_again
from workflows.forms.public import AskReopenForm
from workflows.views import public


@public.private
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, token: str) -> HttpResponse:
    """What is still wrong; the page of the new case comes next."""
    link = public.link_of(request, token)
    if isinstance(link, HttpResponse):
        return link
    form = AskReopenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if public.counted("report", request, public.REPORT_SECONDS) > public.REPORTS:
            return public.waits(request, public.REPORT_SECONDS // 60)
        now = timezone.now()
        try:
            made = report_again(case_id=link.case_id, actor=may.RESIDENT, now=now, words=form.cleaned_data["words"])
            seen_by = request.user if isinstance(request.user, User) else link.handed_by
            known = facts.resident_link(made, now=now, handed_by=seen_by)  # whoever saw the old link sees this one
            return redirect("public:receipt", token=facts.link_token(known))
        except ValidationError as error:
            public.refuse(form, error)
    shown = public.shown_of(link, token, form=form)
    if request.method != "POST" and not shown["page"].may_report_again:
        return redirect("public:case", token=token)
    return render(request, "workflows/public_again.html", shown, status=422 if form.errors else 200)
