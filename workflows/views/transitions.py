"""One generic view for every move: a form, one command, and what comes next."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction as database
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_fsm import TransitionNotAllowed

from cases import commands as facts
from cases.lib.masking import mask_text
from workflows.available import available_moves, check_move, event_of, likely, was_made
from workflows.forms.moves import MoveForm
from workflows.lifecycle import CaseLifecycle
from workflows.limit_pages import standard_of
from workflows.suggestions import duplicates_of, next_held
from workflows.views.access import SENT_DRAFT, case_url, conflict, moved_case, seen_case, viewer_of, where_now
from workflows.views.moves import MOVES, Move


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def transition(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Show the form of a move, or make the move."""
    move = MOVES.get(name)
    if move is None:
        raise Http404
    case = seen_case(request, number)
    if request.method == "POST":
        return _make(request, case, name, move)
    try:
        check_move(name, case, viewer_of(request), now=timezone.now())
    except TransitionNotAllowed:
        return conflict(request, case)
    asked = {"main_case": request.GET.get("main_case", "")}
    form = move.form(case=case, viewer=viewer_of(request), now=timezone.now(), initial=asked)
    return _page(request, case, name, move, form)


def _make(request: HttpRequest, case: CaseLifecycle, name: str, move: Move) -> HttpResponse:
    now, viewer = timezone.now(), viewer_of(request)
    form = move.form(request.POST, request.FILES, case=case, viewer=viewer, now=now)
    is_valid = form.is_valid()
    try:
        with database.atomic():
            if is_valid and was_made(case, name, viewer, version=form.cleaned_data["version"], inputs=form.inputs()):
                messages.info(request, _("这一步刚才已经办好，没有重复办理。"))
                return redirect(case_url(case))
            check_move(name, case, viewer, now=now)
            if is_valid:
                _carry_out(case, form, move, viewer, now)
    except TransitionNotAllowed:
        return conflict(request, case)
    except ValidationError as error:
        form.refuse(error)
    if form.errors:
        return _page(request, case, name, move, form, status=422)
    return _answer(request, case, name, move)


def _carry_out(case: CaseLifecycle, form: MoveForm, move: Move, viewer: Any, now: Any) -> None:
    if form.photo_kind and (files := form.chosen_photos()):
        facts.attach_photos(case_id=case.pk, actor=viewer, now=now, kind=form.photo_kind, files=files)
    move.command(case_id=case.pk, actor=viewer, now=now, **form.inputs())


def _answer(request: HttpRequest, case: CaseLifecycle, name: str, move: Move) -> HttpResponse:
    """Back to the case, or on to the next one at this desk."""
    viewer = viewer_of(request)
    request.session[SENT_DRAFT] = f"{case.number}-{name}"
    moved = moved_case(case)
    said = _("%(number)s「%(move)s」已办好。") % {"number": case.number, "move": event_of(name).label}
    messages.success(request, f"{said}{where_now(moved)}")
    if move.opens_next and request.POST.get("next"):
        stays = likely(available_moves(moved, viewer, now=timezone.now()), moved)
        following = None if stays else next_held(viewer, after=moved)
        if following is not None:
            messages.info(request, _("下一件已打开。"))
            return redirect(case_url(following))
    return redirect(case_url(case))


def _page(
    request: HttpRequest, case: CaseLifecycle, name: str, move: Move, form: MoveForm, *, status: int = 200
) -> HttpResponse:
    shown = {
        "case": case,
        "title": mask_text(case.title),
        "description": mask_text(case.description),
        "name": name,
        "label": event_of(name).label,
        "move": move,
        "form": form,
        "standard": standard_of(case, name, now=timezone.now()),
        "duplicates": duplicates_of(case, viewer_of(request)) if name in ("accept", "merge") else [],
    }
    return render(request, "workflows/transition.html", shown, status=status)
