"""Rating: by an invitation, one round, once; or by a resident's own link that none of the staff has seen.

Never in a browser in which somebody of the staff is logged in.
"""

from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods
from django_fsm import TransitionNotAllowed

from cases.models import ResidentLink, SurveyInvitation
from cases.terms import State
from workflows import permissions as may
from workflows.commands import surveys
from workflows.forms.public import SurveyForm
from workflows.invitations import invitation_of_token
from workflows.views import public


def refused_to_staff(request: HttpRequest) -> HttpResponse | None:
    """The page that says so to somebody who is logged in: staff do not rate, nor do they try a resident's link."""
    if not request.user.is_authenticated:
        return None
    return render(request, "workflows/public_staff.html", status=403)


@public.private
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, token: str) -> HttpResponse:
    """Was it solved? Are you satisfied? And the thanks, also for a second tap."""
    key = f"throttle:token:{public.address_of(request)}"
    if cache.get(key, 0) >= public.UNKNOWN_TOKENS:
        return public.waits(request, public.UNKNOWN_SECONDS // 60)
    invitation = invitation_of_token(token, now=timezone.now())
    if invitation is None:
        public.counted("token", request, public.UNKNOWN_SECONDS)
        return render(request, "workflows/public_unknown.html", status=404)
    if refused := refused_to_staff(request):
        return refused
    if invitation.used_at or invitation.round != invitation.case.round or invitation.case.state != State.ANSWERED:
        return render(request, "workflows/public_rated.html", {"case": invitation.case, "invitation": invitation})
    if request.method == "POST":
        return _record(request, invitation, token)
    solved = request.GET.get("solved", "")
    form = SurveyForm(initial={"solved": solved}) if solved in ("yes", "no") else None
    return render(request, "workflows/public_rate.html", _shown(invitation, token, solved, form))


def _record(request: HttpRequest, invitation: SurveyInvitation, token: str) -> HttpResponse:
    form = SurveyForm(request.POST)
    if form.is_valid():
        answer = form.answer(language=get_language() or "")
        try:
            surveys.record_survey(case_id=invitation.case_id, actor=may.RESIDENT, now=timezone.now(), answer=answer)
        except TransitionNotAllowed:  # a second tap: the first one has arrived
            pass
        except ValidationError as error:
            public.refuse(form, error)
    if not form.errors:
        invitation.refresh_from_db()
        return render(request, "workflows/public_rated.html", {"case": invitation.case, "invitation": invitation})
    solved = "no" if request.POST.get("solved") == "no" else "yes"
    return render(request, "workflows/public_rate.html", _shown(invitation, token, solved, form), status=422)


@public.private
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """By the resident's own link: the second question; its buttons send the answer."""
    link = public.link_of(request, token)
    if isinstance(link, HttpResponse):
        return link
    if refused := refused_to_staff(request):
        return refused
    page = public.shown_of(link, token)["page"]
    if request.method == "POST" and link.handed_by_id is None:
        return _record_own(request, link, token)
    if not page.may_answer:
        return redirect("public:case", token=token)
    solved = "no" if request.GET.get("solved") == "no" else "yes"
    form = SurveyForm(initial={"solved": solved})
    return render(request, "workflows/public_survey.html", public.shown_of(link, token, form=form, solved=solved))


def _record_own(request: HttpRequest, link: ResidentLink, token: str) -> HttpResponse:
    form = SurveyForm(request.POST)
    if form.is_valid():
        answer = form.answer(language=get_language() or "")
        try:
            surveys.record_survey(case_id=link.case_id, actor=may.RESIDENT, now=timezone.now(), answer=answer)
            return redirect("public:thanks", token=token)
        except TransitionNotAllowed:
            return _too_late(request, link, token)
        except ValidationError as error:
            public.refuse(form, error)
    solved = "no" if request.POST.get("solved") == "no" else "yes"
    shown = public.shown_of(link, token, form=form, solved=solved)
    return render(request, "workflows/public_survey.html", shown, status=422)


def _too_late(request: HttpRequest, link: ResidentLink, token: str) -> HttpResponse:
    """Answered already, or moved on meanwhile. A second tap of the same answer is thanked like the first."""
    shown = public.shown_of(link, token)
    if shown["page"].survey is not None:
        return redirect("public:thanks", token=token)
    return render(request, "workflows/public_late.html", shown, status=409)


def _shown(invitation: SurveyInvitation, token: str, solved: str, form: SurveyForm | None) -> dict[str, Any]:
    answers = invitation.case.answers.filter(reporter=invitation.reporter_id, round=invitation.round)
    url = reverse("public:rate", args=[token])
    return {
        "page": invitation.case,
        "answer": answers.order_by("-answered_at", "-pk").first(),
        "solved": solved,
        "form": form,
        "action": url,
        "back": url,
    }
