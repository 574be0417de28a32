"""What every page of a case starts with: who asks, which case they may see, and what a conflict says."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import Case, User
from cases.terms import EventType, State
from workflows.available import case_for, last_move
from workflows.case_page import holder_of
from workflows.inboxes import stage_provisional_year
from workflows.lifecycle import CaseLifecycle
from workflows.timeline import who

SENT_DRAFT = "sent_draft"  # session key: the next page tells the browser to forget its copy


def viewer_of(request: HttpRequest) -> User:
    """The person who is logged in; every page here asks for a login first."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def seen_case(request: HttpRequest, number: str) -> CaseLifecycle:
    """The case, or 404 when it is outside the viewer's scope: whether it exists is not said."""
    case = case_for(viewer_of(request), number)
    if case is None:
        raise Http404
    return case


def case_url(case: CaseLifecycle) -> str:
    """The page of a case."""
    return reverse("workflows:case", kwargs={"number": case.number})


def conflict(request: HttpRequest, case: CaseLifecycle) -> HttpResponse:
    """409: who moved it meanwhile, when, to where, and the way back."""
    event = last_move(case)
    message = ""
    if event is not None:
        message = _("%(who)s 于 %(at)s 办了「%(move)s」，现在是「%(state)s」。") % {
            "who": who(event),
            "at": timezone.localtime(event.at).strftime("%m-%d %H:%M"),
            "move": EventType(event.type).label,
            "state": State(event.state).label,
        }
    return render(request, "409.html", {"message": message, "url": case_url(case)}, status=409)


def moved_case(case: CaseLifecycle) -> CaseLifecycle:
    """The case as it stands after a move, with what names its holder."""
    rows = CaseLifecycle.objects.select_related("area", "team", "handler", "holder_user", "council", "main_case")
    return cast(CaseLifecycle, rows.get(pk=case.pk))


def where_now(case: Case) -> str:
    """What comes next, in one sentence: state, holder, limit."""
    state = State(case.state).label
    if not case.is_open:
        return _("现在是「%(state)s」。") % {"state": state}
    due = timezone.localtime(case.due_at).strftime("%m-%d %H:%M") if case.due_at else ""
    if stage_provisional_year(case):
        due = _("%(due)s（暂定）") % {"due": due}
    said = {"state": state, "holder": holder_of(case), "due": due}
    return _("现在是「%(state)s」，由 %(holder)s 办，时限 %(due)s。") % said
