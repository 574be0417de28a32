"""Polls on agenda items: put to the vote, vote, enter papers, certify, recount, void, download."""

import csv
import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_fsm import TransitionNotAllowed

from cases.council_terms import BallotChannel, BallotChoice, PollMethod, PollState
from cases.models import AgendaItem, Poll
from workflows.council import access
from workflows.council.ballots import AlreadyVoted, cast_ballot
from workflows.council.certify import inputs_of, keep_recount, recount, voted
from workflows.council.hands import vote_by_hands
from workflows.council.polls import certify_poll, close_poll, open_poll
from workflows.council_pages import polls as pages
from workflows.flows.voiding import ask_to_void, decide_voiding
from workflows.forms.polls import DeclineForm, OpenPollForm, PapersForm, RecountForm, VoidForm
from workflows.polling.files import CM2_IN_M2
from workflows.views.access import viewer_of

FILES = ("rules.json", "roll.csv", "ballots.csv")
BY_LOGIN = (BallotChoice.FOR, BallotChoice.AGAINST, BallotChoice.ABSTAIN)


def _back(item: AgendaItem) -> str:
    return reverse("council:meeting", args=[item.meeting_id]) + f"#item-{item.pk}"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an item to the vote; with hands it is counted and certified at once."""
    viewer, now = viewer_of(request), timezone.now()
    rows = access.visible(viewer, AgendaItem.objects.filter(pk=pk), "meeting__council")
    item = rows.select_related("meeting__council__area", "meeting__pack", "topic").first()
    if item is None:
        raise Http404
    panel = pages.panel_of(viewer, item, now)
    if panel is None or not panel.is_secretary:
        raise PermissionDenied("open_poll")
    if not panel.may_begin:
        return _conflict(request, item)
    form = OpenPollForm(request.POST if request.method == "POST" else None, council=item.meeting.council, panel=panel)
    if form.is_bound and form.is_valid():
        given: dict[str, Any] = {"item_id": pk, "actor": viewer, "now": now, "recused": form.recused()}
        try:
            if form.by_hands:
                vote_by_hands(hands=form.hands(), counters=form.counters(), **given)
            else:
                open_poll(method=form.cleaned_data["method"], **given)
        except TransitionNotAllowed:
            return _conflict(request, item)
        except ValidationError as error:
            form.refuse(error)
        else:
            said = _("已计票核定。") if form.by_hands else _("表决已开始。")
            messages.success(request, said)
            return redirect(_back(item))
    shown = {"panel": panel, "item": item, "form": form}
    return render(request, "council/begin_poll.html", shown, status=422 if form.errors else 200)


def _conflict(request: HttpRequest, item: AgendaItem) -> HttpResponse:
    state = AgendaItem.objects.get(pk=item.pk).get_state_display()
    message = _("这一项现在是「%(state)s」，请先看看最新情况。") % {"state": state}
    return render(request, "409.html", {"message": message, "url": _back(item)}, status=409)


def _seen(request: HttpRequest, pk: int) -> pages.PollPage:
    page = pages.poll_page(viewer_of(request), pk)
    if page is None:
        raise Http404
    return page


@login_required
@require_POST
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Close and certify in one go."""
    page, viewer, now = _seen(request, pk), viewer_of(request), timezone.now()
    item = page.poll.item
    if item is None:
        raise Http404
    try:
        if page.poll.state == PollState.OPEN:
            close_poll(poll_id=pk, actor=viewer, now=now)
        row = certify_poll(poll_id=pk, actor=viewer, now=now)
    except TransitionNotAllowed:
        return _conflict(request, item)
    except ValidationError as error:
        for message in error.messages:
            messages.error(request, message)
    else:
        messages.success(request, _("已核定：%(outcome)s。") % {"outcome": row.get_outcome_display()})
    return redirect(_back(item))


@login_required
@require_safe
def show_poll(request: HttpRequest, pk: int) -> HttpResponse:
    """One poll: the result, the roll, what was certified, and the files to compute it from."""
    return _page(request, _seen(request, pk))


def _page(request: HttpRequest, page: pages.PollPage, status: int = 200, **bound: Any) -> HttpResponse:
    council = page.poll.council
    shown = {
        "page": page,
        "poll": page.poll,
        "files": FILES if page.has_files else (),
        "void_form": VoidForm(council=council, auto_id="id_void_%s"),
        "decline_form": DeclineForm(council=council, auto_id="id_decline_%s"),
        "recount_form": RecountForm(council=council, auto_id="id_recount_%s"),
    }
    return render(request, "council/poll.html", shown | bound, status=status)


@login_required
@require_POST
def act_on_poll(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Recount, keep a recount, ask to void, agree to void."""
    page, viewer, now = _seen(request, pk), viewer_of(request), timezone.now()
    council = page.poll.council
    given: dict[str, Any] = {"poll_id": pk, "actor": viewer, "now": now}
    if act == "recount":
        return _recounted(request, page)
    if act == "agree":
        return _tried(request, page, lambda: decide_voiding(agree=True, **given), _("这次表决已作废，可以重新表决。"))
    forms: dict[str, tuple[Any, str, Callable[..., Any], str]] = {
        "void": (VoidForm(request.POST, council=council, auto_id="id_void_%s"), "void_form", ask_to_void,
                 _("已提请作废，等督办员同意。")),
        "decline": (DeclineForm(request.POST, council=council, auto_id="id_decline_%s"), "decline_form",
                    partial(decide_voiding, agree=False), _("不同意作废，表决照旧。")),
        "keep": (RecountForm(request.POST, council=council, auto_id="id_recount_%s"), "recount_form", keep_recount,
                 _("已重新核定，原来的核定仍保留。")),
    }  # fmt: skip
    if act not in forms:
        raise Http404
    form, name, command, said = forms[act]
    if not form.is_valid():
        return _page(request, page, 422, **{name: form})
    return _tried(request, page, lambda: command(**given, **form.inputs()), said)


def _tried(request: HttpRequest, page: pages.PollPage, command: Callable[[], Any], said: str) -> HttpResponse:
    try:
        command()
    except (ValidationError, TransitionNotAllowed) as error:
        words = error.messages if isinstance(error, ValidationError) else [_("这次表决已有变化，请先看看最新情况。")]
        for message in words:
            messages.error(request, message)
    else:
        messages.success(request, said)
    return redirect("council:poll", pk=page.poll.pk)


def _recounted(request: HttpRequest, page: pages.PollPage) -> HttpResponse:
    again = recount(page.poll)
    if again is None:
        messages.info(request, _("结果还没有核定，不能复核。"))
    elif again.same:
        messages.success(request, _("复核一致：按名册和选票重新计算，结果和核对码都相同。"))
    else:
        messages.error(request, _("复核不一致：现在的名册或选票算出的结果与核定的不同，请查明原因。"))
    return redirect("council:poll", pk=page.poll.pk)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a seat: the text, three big buttons, one more tap to confirm."""
    viewer, now = viewer_of(request), timezone.now()
    page = _seen(request, pk)
    item = page.poll.item
    if item is None:
        raise Http404
    panel = pages.panel_of(viewer, item, now)
    votes = panel.votes if panel else []
    shown: dict[str, Any] = {"page": page, "poll": page.poll, "panel": panel, "choices": BallotChoice.choices[:3]}
    if request.method != "POST":
        return render(request, "council/vote.html", shown)
    key, choice = request.POST.get("elector", ""), request.POST.get("choice", "")
    mine = next((one for one in votes if str(one.elector.pk) == key), None)
    if mine is None or choice not in BY_LOGIN:
        messages.error(request, _("现在不能投这一票，请看表决是否还在进行。"))
        return redirect("council:vote", pk=pk)
    if "confirm" not in request.POST:
        chosen = BallotChoice(choice)
        return render(request, "council/vote.html", shown | {"mine": mine, "chosen": chosen})
    try:
        cast_ballot(
            poll_id=pk, elector_id=mine.elector.pk, choice=choice, channel=BallotChannel.PHONE, actor=viewer, now=now
        )
    except ValidationError as error:
        for message in error.messages:
            messages.error(request, message)
    else:
        messages.success(request, _("已投票，谢谢。"))
    return redirect("council:vote", pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def papers(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter papers: a line for each who has not voted; what is refused is named, the others count."""
    page, viewer, now = _seen(request, pk), viewer_of(request), timezone.now()
    if not page.is_secretary or page.poll.method != PollMethod.NAMED:
        raise PermissionDenied("cast_ballot")
    done = set(voted(page.poll))
    waiting = [e for e in page.electors if not e.recused and e.pk not in done]
    form = PapersForm(request.POST if request.method == "POST" else None, council=page.poll.council, electors=waiting)
    if form.is_bound and form.is_valid():
        counted = 0
        for elector, choice in form.given():
            try:
                cast_ballot(
                    poll_id=pk, elector_id=elector.pk, choice=choice, channel=BallotChannel.PAPER, actor=viewer, now=now
                )
            except (AlreadyVoted, ValidationError) as error:
                form.add_error(f"vote_{elector.pk}", error.messages[0])
            else:
                counted += 1
        if counted:
            messages.success(request, _("已录入 %(n)s 张。") % {"n": counted})
        if not form.errors:
            return redirect("council:paper_votes", pk=pk)
    shown = {"page": page, "poll": page.poll, "form": form, "waiting": waiting}
    return render(request, "council/papers.html", shown, status=422 if form.errors else 200)


@login_required
@require_safe
def poll_file(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Rules, roll or ballots as `decide` reads them, so that anybody can compute the result."""
    page = _seen(request, pk)
    if not page.has_files or name not in FILES:
        raise Http404
    body = json.dumps(page.poll.pack.rules, ensure_ascii=False, indent=2) if name == FILES[0] else _csv(page.poll, name)
    kind = "application/json" if name == FILES[0] else "text/csv"
    headers = {"Content-Disposition": f'attachment; filename="poll-{pk}-{name}"'}
    return HttpResponse(body, content_type=f"{kind}; charset=utf-8", headers=headers)


def _csv(poll: Poll, name: str) -> str:
    given, out = inputs_of(poll), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if name == FILES[1]:
        writer.writerow(("voter", "party", "head", "area_m2", "recused"))
        for e in given.roll:
            area = f"{e.area_cm2 // CM2_IN_M2}.{e.area_cm2 % CM2_IN_M2:04d}"
            writer.writerow((e.voter, e.party, e.head, area, int(e.recused)))
    else:
        writer.writerow(("voter", "choice"))
        writer.writerows((ballot.voter, ballot.choice.value) for ballot in given.ballots)
    return out.getvalue()
