"""Pages of an owners' ballot: start it, run it, enter papers, print slips and the roll."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_fsm import TransitionNotAllowed

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.council_terms import BallotChannel, BallotChoice
from cases.lib import pdf
from cases.models import Ballot, Poll
from cases.views import sheets
from workflows.council import owners_ballots as commands
from workflows.council.owners_result import rule_words, sums_of_roll, sums_words
from workflows.council.owners_roll import elector_of_unit
from workflows.council.owners_votes import (
    AlreadyVoted,
    NotOpen,
    oversees_ballot,
    record_ballot,
    runs_ballot,
    strike_vote,
)
from workflows.council.packs import competent_in
from workflows.council_pages import owners_ballots as pages
from workflows.council_pages.sheets import ROLL
from workflows.flows.voiding import ask_to_void, decide_voiding
from workflows.forms.owners_ballots import PaperForm, StartBallotForm, StrikeForm
from workflows.views.access import viewer_of
from workflows.views.printing import pdf_answer
from workflows.views.report import qr_image

ACTS: dict[str, Callable[..., Any]] = {
    "open": commands.open_owners_ballot,
    "close": commands.close_owners_ballot,
    "certify": commands.certify_owners_ballot,
    "publish": commands.publish_owners_ballot,
    "void": partial(decide_voiding, agree=True),
}
SAID = {
    "open": gettext_lazy("已开始表决，名册已固定，可以印发选票。"),
    "close": gettext_lazy("已截止，不再收票。"),
    "certify": gettext_lazy("结果已核定。"),
    "publish": gettext_lazy("结果已公布。"),
    "void": gettext_lazy("这次表决已作废，选票留存。"),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a recommendation to the owners: which rules, which words, from when until when."""
    viewer, now = viewer_of(request), timezone.now()
    found = pages.startable(viewer, pk)
    if found is None:
        raise Http404
    decision, follow_up, why = found
    if running := commands.running_ballot(decision):
        return redirect(_url(running))
    topic = commands.topic_of(decision)
    suggested = competent_in(topic.matter).pack_code if topic else commands.PACKS[0]
    given = request.POST if request.method == "POST" else None
    form = StartBallotForm(given, suggested=suggested, now=now, initial={"text": decision.text})
    if form.is_bound and form.is_valid():
        try:
            poll = commands.start_owners_ballot(
                decision_id=decision.pk, question=form.question(), actor=viewer, now=now,
                follow_up_id=follow_up.pk if follow_up else None,
            )  # fmt: skip
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("业主表决已公告。"))
            return redirect("council:owners_ballot", pk=poll.pk)
    shown = {"decision": decision, "title": pages.title_of(decision), "why": why, "form": form}
    return render(request, "council/owners_ballot_start.html", shown, status=422 if form.errors else 200)


def _seen(request: HttpRequest, pk: int) -> Poll:
    poll = pages.ballot_of(viewer_of(request), pk)
    if poll is None:
        raise Http404
    return poll


def _run(request: HttpRequest, pk: int) -> Poll:
    """The ballot, for those who run it: slips and papers are nobody else's business."""
    poll = _seen(request, pk)
    if not runs_ballot(poll, viewer_of(request)):
        raise PermissionDenied("owners_ballot")
    return poll


@login_required
@never_cache
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, who has not returned yet, the result, and the one thing to do next."""
    return _page(request, _seen(request, pk))


def _page(
    request: HttpRequest, poll: Poll, *, paper: PaperForm | None = None, known: Ballot | None = None, status: int = 200
) -> HttpResponse:
    page = pages.ballot_page(viewer_of(request), poll, timezone.now())
    shown = {"page": page, "poll": poll, "form": paper or PaperForm(poll=poll), "known": known}
    return render(request, "council/owners_ballot.html", shown, status=status)


@login_required
@require_POST
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Open, close, certify, publish, or agree that it is void."""
    poll = _seen(request, pk)
    if name not in ACTS:
        raise Http404
    try:
        ACTS[name](poll_id=poll.pk, actor=viewer_of(request), now=timezone.now())
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    except TransitionNotAllowed:
        state = Poll.objects.get(pk=pk).get_state_display()
        message = _("这次业主表决现在是「%(state)s」，请先看看最新情况。") % {"state": state}
        return render(request, "409.html", {"message": message, "url": _url(poll)}, status=409)
    else:
        messages.success(request, SAID[name])
    return redirect(_url(poll))


def _url(poll: Poll) -> str:
    return reverse("council:owners_ballot", args=[poll.pk])


@login_required
@require_POST
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    """Count one paper: a unit and a choice, by keyboard."""
    poll = _run(request, pk)
    form = PaperForm(request.POST, request.FILES, poll=poll)
    if not form.is_valid():
        return _page(request, poll, paper=form, status=422)
    unit = form.cleaned_data["unit"].replace(" ", "")
    elector = elector_of_unit(poll, unit)
    if elector is None:
        form.add_error("unit", _("名册里没有这个房号；有几套房的业主，请填选票上印的第一个房号。"))
        return _page(request, poll, paper=form, status=422)
    try:
        ballot = record_ballot(
            poll_id=poll.pk, elector_id=elector.pk, choice=form.cleaned_data["choice"], channel=BallotChannel.PAPER,
            actor=viewer_of(request), now=timezone.now(), scan=form.cleaned_data["scan"] or None,
            holder=form.handed_in(),
        )  # fmt: skip
    except AlreadyVoted as error:
        form.add_error("unit", already_words(elector.label, error.ballot))
        return _page(request, poll, paper=form, known=error.ballot, status=422)
    except NotOpen as error:
        messages.error(request, "".join(error.messages))
        return redirect(_url(poll))
    except ValidationError as error:
        form.refuse(error)
    else:
        said = {"unit": elector.label, "choice": ballot.get_choice_display()}
        messages.success(request, _("%(unit)s：%(choice)s，已计票。") % said)
        return redirect(f"{_url(poll)}#enter")
    return _page(request, poll, paper=form, status=422)


def already_words(label: str, ballot: Ballot | None) -> str:
    """When and by which way that owner voted; never what."""
    if ballot is None:
        return _("%(unit)s 已经投过票，没有重复计票。") % {"unit": label}
    at = timezone.localtime(ballot.at).strftime("%m-%d %H:%M")
    said = {"unit": label, "at": at, "channel": ballot.get_channel_display()}
    return _("%(unit)s 已经投过票（%(at)s，%(channel)s），没有重复计票。") % said


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def strike(request: HttpRequest, pk: int, ballot: int) -> HttpResponse:
    """Take back a vote that was entered wrongly, with a reason that stays."""
    poll = _seen(request, pk)
    row = get_object_or_404(Ballot.objects.select_related("elector"), pk=ballot, poll=poll, struck_at=None)
    viewer = viewer_of(request)
    if not (runs_ballot(poll, viewer) or oversees_ballot(poll, viewer)):
        raise PermissionDenied("strike_vote")
    form = StrikeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            strike_vote(ballot_id=row.pk, actor=viewer, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(unit)s 的票已作废，可以重新录入。") % {"unit": row.elector.label})
            return redirect(_url(poll))
    shown = {"poll": poll, "ballot": row, "form": form}
    return render(request, "council/owners_ballot_strike.html", shown, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask_void(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask an overseer to declare the whole ballot void."""
    poll = _run(request, pk)
    form = StrikeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            ask_to_void(poll_id=poll.pk, actor=viewer_of(request), now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("已提请作废，须由督办员或领导同意。"))
            return redirect(_url(poll))
    shown = {"poll": poll, "form": form}
    return render(request, "council/owners_ballot_void.html", shown, status=422 if form.errors else 200)


@login_required
@never_cache
@require_safe
def scan(request: HttpRequest, pk: int, ballot: int) -> FileResponse:
    """The picture of a paper, for those who run or oversee the ballot."""
    poll, viewer = _seen(request, pk), viewer_of(request)
    row = get_object_or_404(Ballot, pk=ballot, poll=poll)
    if not row.scan or not (runs_ballot(poll, viewer) or oversees_ballot(poll, viewer)):
        raise Http404
    try:
        content = row.scan.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    seen = {"poll": poll.pk, "ballot": row.pk}
    record_access(AccessKind.SCAN, by=viewer, at=timezone.now(), council=poll.council, details=seen)
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(content, filename=f"ballot-{row.pk}.jpg", content_type="image/jpeg", headers=headers)


def _slips(request: HttpRequest, pk: int) -> dict[str, Any]:
    poll = _run(request, pk)
    if poll.opened_at is None:
        raise Http404
    asked = request.GET.get("page", "1")
    page = int(asked) if asked.isdecimal() and asked.isascii() else 1
    only_out = request.GET.get("out") == "1"
    lines, pages_in_all = pages.slips_of(poll, page=max(page, 1), only_out=only_out)
    slips = [(line, qr_image(vote_url(line.token))) for line in lines]
    keys = {"poll": poll.pk, "page": page, "slips": len(slips)}
    record_access(AccessKind.BALLOTS, by=viewer_of(request), at=timezone.now(), council=poll.council, details=keys)
    return {
        "poll": poll,
        "slips": slips,
        "rules": rule_words(poll),
        "page": page,
        "pages": range(1, pages_in_all + 1),
        "only_out": only_out,
        "choices": [label for value, label in BallotChoice.choices if value != BallotChoice.INVALID],
        "makes_pdf": not pdf.missing(),
    }


def vote_url(token: str) -> str:
    """The whole address of an owner's link."""
    return f"{settings.BASE_URL}{reverse('notices:vote', args=[token])}"


@login_required
@never_cache
@require_safe
def slips(request: HttpRequest, pk: int) -> HttpResponse:
    """Slips with a code each, two on a sheet of A4, a hundred at a time."""
    return render(request, "council/owners_slips.html", _slips(request, pk))


@login_required
@never_cache
@require_safe
def slips_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The same slips as a PDF; where none can be made, the page says so."""
    shown = _slips(request, pk)
    return pdf_answer(
        request,
        render_to_string("council/owners_slips.html", shown),
        filename=_("业主表决选票%(page)s.pdf") % {"page": shown["page"]},
        otherwise=redirect(_url(shown["poll"])),
    )


@login_required
@never_cache
@require_safe
def roll(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The frozen roll with both sums; units and areas, no names."""
    poll = _seen(request, pk)
    if poll.opened_at is None:
        raise Http404
    rows = pages.roll_of(poll)
    if kind := sheets.wanted(request):
        place = poll.council.area
        return sheets.download(request, ROLL, rows, kind, now=timezone.now(), area=place)
    sums = sums_words(**sums_of_roll(poll))
    return render(request, "council/owners_roll.html", {"poll": poll, "rows": rows, "sums": sums})
