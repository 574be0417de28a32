"""Decisions: the page of one, and every act on it, its notices, objections and appeals."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_fsm import TransitionNotAllowed

from cases.council_terms import AppealState
from cases.models import Objection
from workflows.council_pages import decisions as pages
from workflows.forms import decisions as forms
from workflows.views.access import viewer_of
from workflows.views.council.decision_acts import ACTS, Deed

Bound = dict[tuple[str, int], forms.ActForm]


@login_required
@require_safe
def show_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """The text, how it came about, how long it hangs, objections, what follows, what happened."""
    return _page(request, _seen(request, pk))


def _seen(request: HttpRequest, pk: int) -> pages.DecisionPage:
    page = pages.decision_page(viewer_of(request), pk, timezone.now())
    if page is None:
        raise Http404
    return page


def _rows(page: pages.DecisionPage) -> Iterator[tuple[str, int]]:
    """Every act that the viewer may do, with the key of the row that it is done to."""
    yield from _own(page)
    for view in page.notices:
        yield from ((act, view.notice.pk) for act in view.acts)
        for objection in view.objections:
            yield from ((act, objection.row.pk) for act in objection.acts)


def _own(page: pages.DecisionPage) -> Iterator[tuple[str, int]]:
    """The acts on the decision itself and on the appeal that is open."""
    opened = [appeal.pk for appeal in page.appeals if appeal.state == AppealState.OPEN]
    for act in page.acts:
        yield act, opened[0] if act == "decide_appeal" else page.card.decision.pk


def _form(act: str, row: int, page: pages.DecisionPage, request: HttpRequest, *, bound: bool = False) -> forms.ActForm:
    more: dict[str, Any] = {"later": page.later} if act == "supersede" else {}
    typed, files = (request.POST, request.FILES) if bound else (None, None)
    return ACTS[act].form(typed, files, auto_id=f"id_{act}_{row}_%s", **more)


def _page(
    request: HttpRequest,
    page: pages.DecisionPage,
    bound: Bound | None = None,
    status: int = 200,
    revealed: Objection | None = None,
) -> HttpResponse:
    """The page, with a form for everything that may be done."""

    def deeds(rows: Iterable[tuple[str, int]]) -> list[Deed]:
        made = []
        for name, row in rows:
            url = reverse("council:act_on_decision", args=[page.card.decision.pk, name, row])
            form = (bound or {}).get((name, row)) or _form(name, row, page, request)
            made.append(Deed(ACTS[name], name, url, form))
        return made

    shown = {
        "page": page,
        "revealed": revealed,
        "card": page.card,
        "follow_ups": page.follow_ups,
        "deeds": deeds(_own(page)),
        "notices": [
            (
                view,
                deeds((act, view.notice.pk) for act in view.acts),
                [(said, deeds((act, said.row.pk) for act in said.acts)) for said in view.objections],
            )
            for view in page.notices
        ],
    }
    return render(request, "council/decision.html", shown, status=status)


@login_required
@never_cache
@require_POST
def act_on_decision(request: HttpRequest, pk: int, act: str, row: int) -> HttpResponse:
    """Do one act; `row` is the notice, objection, appeal or the decision itself."""
    page = _seen(request, pk)
    if act not in ACTS:
        raise Http404
    if row not in _keys(page)[ACTS[act].key]:
        raise Http404
    form = _form(act, row, page, request, bound=True)
    if form.is_valid():
        try:
            done = _do(act, row, form, request, timezone.now())
        except TransitionNotAllowed:
            return _conflict(request, _seen(request, pk))
        except ValidationError as error:
            form.refuse(error)
        else:
            if act == "reveal":  # never kept in a message or an address: this one answer shows it
                return _page(request, _seen(request, pk), revealed=done)
            _say_done(request, act, page)
            return redirect("council:decision", pk)
    if (act, row) not in set(_rows(page)):  # nothing that was typed: it is not the time for it, or not for them
        return _conflict(request, page)
    return _page(request, page, {(act, row): form}, status=422)


def _keys(page: pages.DecisionPage) -> dict[str, set[int]]:
    """The rows around a decision, by the key that commands take."""
    return {
        "decision_id": {page.card.decision.pk},
        "notice_id": {view.notice.pk for view in page.notices},
        "objection_id": {said.row.pk for view in page.notices for said in view.objections},
        "appeal_id": {appeal.pk for appeal in page.appeals},
    }


def _do(act: str, row: int, form: forms.ActForm, request: HttpRequest, now: datetime) -> Any:
    one = ACTS[act]
    return one.command(**{one.key: row}, actor=viewer_of(request), now=now, **form.inputs())


def _say_done(request: HttpRequest, act: str, page: pages.DecisionPage) -> None:
    messages.success(request, str(ACTS[act].said))
    if act == "publish" and page.is_late:
        messages.warning(request, _("已过规定的公示期限，这一点记在了决议的记录里。"))


def _conflict(request: HttpRequest, page: pages.DecisionPage) -> HttpResponse:
    decision = page.card.decision
    said = {"number": decision.number, "state": decision.get_state_display()}
    message = _("%(number)s现在是「%(state)s」，这一步已经办过或不能办，请先看看最新情况。") % said
    url = reverse("council:decision", args=[decision.pk])
    return render(request, "409.html", {"message": message, "url": url}, status=409)
