"""From the rows of a poll to the pure engine and back: compute, keep, recompute."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from cases.council_terms import PollMethod
from cases.models import Ballot, Certification, Poll, User
from cases.terms import EventType
from workflows.council import access
from workflows.council.acts import locked, locked_council, say, words
from workflows.council.packs import rules_of
from workflows.polling import facts
from workflows.polling.result import certify

COLUMNS = ("voter", "party", "head", "area_cm2", "recused")
ALL = "all"


@dataclass(frozen=True)
class Inputs:
    """Everything that the engine is given of a poll."""

    roll: list[facts.Elector]
    ballots: list[facts.Ballot]
    present: frozenset[str] | None
    hands: list[facts.HandCount]
    chair: str | None


@dataclass(frozen=True)
class Recount:
    """What is kept of a poll, what it comes to when it is computed again, and whether the two are the same."""

    kept: Certification
    found: facts.Certification
    same: bool


def inputs_of(poll: Poll) -> Inputs:
    """The frozen roll, the ballots that count, and of a poll in a meeting who was there.

    Of a secret poll it is known who took part and how often each choice was made, not whose it was: the choices are
    handed to those who took part in the order of the alphabet. Sums of all are right, those of parties would not be.
    """
    roll = [facts.Elector(*row) for row in poll.electors.order_by("pk").values_list(*COLUMNS)]
    if poll.item is None:
        return Inputs(roll, _named(poll), None, [], None)
    hands = [
        facts.HandCount(count.party.code, count.votes_for, count.votes_against, count.abstained)
        for count in poll.hand_counts.select_related("party")
    ]
    is_secret = poll.method == PollMethod.SECRET
    ballots = _secret(poll) if is_secret else _named(poll)
    there = _snapshot(poll) | {ballot.voter for ballot in ballots}
    chair = poll.item.meeting.chair_id
    return Inputs(roll, ballots, frozenset(there), hands, f"seat:{chair}" if chair and not is_secret else None)


def _named(poll: Poll) -> list[facts.Ballot]:
    rows = poll.ballots.filter(struck_at=None).values_list("elector__voter", "choice")
    return [facts.Ballot(voter, facts.Choice(choice)) for voter, choice in rows]


def _secret(poll: Poll) -> list[facts.Ballot]:
    voters = sorted(poll.participations.values_list("elector__voter", flat=True))
    choices = sorted(poll.slips.values_list("choice", flat=True))
    return [facts.Ballot(voter, facts.Choice(choice)) for voter, choice in zip(voters, choices, strict=True)]


def _snapshot(poll: Poll) -> set[str]:
    """Who was there: at closing, else at opening."""
    kept: dict[str, Any] = poll.at_closing or poll.at_opening or {}
    return set(kept.get("present", ()))


def compute(poll: Poll) -> facts.Certification:
    """What a poll comes to by its rows as they are. Raises BallotRefused, NotCountable."""
    given = inputs_of(poll)
    return certify(
        rules_of(poll.pack), given.roll, given.ballots, present=given.present, hands=given.hands, chair=given.chair
    )


def row_of(poll: Poll, found: facts.Certification) -> Certification:
    """A result as a row of the poll, not saved: the next of its certifications."""
    return Certification(
        poll=poll,
        n=poll.certifications.count() + 1,
        algorithm=found.algorithm,
        input_sha256=found.input_sha256,
        totals=_totals(poll, found),
        criteria=[_plain(asdict(criterion)) for criterion in found.criteria],
        outcome=found.outcome.value,
        could_change=found.could_change,
        tie=found.tie,
    )


def _totals(poll: Poll, found: facts.Certification) -> list[dict[str, Any]]:
    """Of a secret poll those of all only: who voted how in a party is not known, and must not be guessed."""
    groups = {ALL} if poll.method == PollMethod.SECRET else {total.group for total in found.totals}
    return [_plain(asdict(total)) for total in found.totals if total.group in groups]


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """As the database gives it back."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}


def criteria_of(row: Certification) -> list[facts.Criterion]:
    """The criteria that were stored, as the engine's own."""
    return [
        facts.Criterion(**(data | {"measure": facts.Measure(data["measure"]), "threshold": tuple(data["threshold"])}))
        for data in row.criteria
    ]


def newest(poll: Poll) -> Certification | None:
    """The certification that stands."""
    return poll.certifications.order_by("n").last()


def recount(poll: Poll) -> Recount | None:
    """Compute a certified poll again from its rows; None when nothing was certified yet."""
    kept = newest(poll)
    if kept is None:
        return None
    found = compute(poll)
    again = row_of(poll, found)
    fields = ("algorithm", "input_sha256", "totals", "criteria", "outcome", "could_change", "tie")
    return Recount(kept, found, all(getattr(kept, name) == getattr(again, name) for name in fields))


@transaction.atomic
def keep_recount(*, poll_id: int, actor: User, now: datetime, reason: str) -> Certification:
    """Certify anew, beside what was certified before. Raises PermissionDenied (no secretary, no overseer)."""
    council = locked_council(Poll.objects.only("council_id").get(pk=poll_id).council_id)
    if not access.is_overseer_of(council, actor):
        access.require_secretary(council, actor, "keep_recount")
    poll = locked(Poll, poll_id, "pack", "item__meeting")
    said = words("reason", reason, longest=300)
    row = keep(poll, compute(poll), actor, now, said)
    say(
        council, EventType.POLL_CERTIFIED, actor=actor, now=now, poll=poll.pk, n=row.n, outcome=row.outcome, reason=said
    )
    return row


def keep(poll: Poll, found: facts.Certification, actor: User, now: datetime, reason: str = "") -> Certification:
    """Store a result."""
    row = row_of(poll, found)
    row.certified_by, row.certified_at, row.reason = actor, now, reason
    row.save(force_insert=True)
    return row


def voted(poll: Poll) -> Collection[int]:
    """The electors whose vote is in."""
    if poll.method == PollMethod.SECRET:
        return set(poll.participations.values_list("elector", flat=True))
    return set(Ballot.objects.filter(poll=poll, struck_at=None).values_list("elector", flat=True))
