"""The page behind an owner's link: no login, the token in the path is the key; three big buttons, once."""

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from cases.council_terms import BallotChannel, BallotChoice
from cases.models import Elector
from workflows.council.owners_links import elector_of_token
from workflows.council.owners_votes import BY_PHONE, AlreadyVoted, NotOpen, record_ballot
from workflows.council_pages.owners_ballots import VotePage, vote_page
from workflows.views.public import UNKNOWN_SECONDS, UNKNOWN_TOKENS, address_of, counted, private, waits

CHOICES = [(choice.value, choice.label) for choice in BY_PHONE]


@private
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, token: str) -> HttpResponse:
    """The words, the clause, both measures; choose, confirm, done. The second time it only says that it is done."""
    if cache.get(f"throttle:vote:{address_of(request)}", 0) >= UNKNOWN_TOKENS:
        return waits(request, UNKNOWN_SECONDS // 60)
    elector = elector_of_token(token)
    if elector is None:
        counted("vote", request, UNKNOWN_SECONDS)
        return render(request, "workflows/public_unknown.html", status=404)
    page = vote_page(elector, timezone.now())
    if request.method != "POST" or page.state == "voted":
        return _show(request, page, token)
    if page.state != "open":
        return _show(request, page, token, status=409)
    return _cast(request, elector, page, token)


def _show(request: HttpRequest, page: VotePage, token: str, *, status: int = 200, **more: Any) -> HttpResponse:
    shown = {"page": page, "token": token, "choices": CHOICES, **more}
    return render(request, "council/owners_vote.html", shown, status=status)


def _cast(request: HttpRequest, elector: Elector, page: VotePage, token: str) -> HttpResponse:
    """Ask once more, then count."""
    chosen, now = request.POST.get("choice", ""), timezone.now()
    if chosen not in dict(CHOICES):
        return _show(request, page, token, status=422, nothing_chosen=True)
    if request.POST.get("confirm") != "yes":
        shown = {"page": page, "token": token, "chosen": BallotChoice(chosen)}
        return render(request, "council/owners_vote_confirm.html", shown)
    try:
        record_ballot(
            poll_id=elector.poll_id, elector_id=elector.pk, choice=chosen, channel=BallotChannel.PHONE,
            actor=None, now=now,
        )  # fmt: skip
    except NotOpen:
        return _show(request, vote_page(Elector.objects.get(pk=elector.pk), now), token, status=409)
    except AlreadyVoted:  # two taps, or the paper came first: the page says that they have voted
        return redirect("notices:vote", token=token)
    return redirect("notices:vote", token=token)
