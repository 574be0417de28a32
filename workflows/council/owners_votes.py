"""Votes of an owners' ballot: on paper by who runs it, or by the owner's own link; at most one counts for each owner.

A vote locks its poll only, as closing does.
"""

import secrets
from datetime import datetime
from typing import BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from cases.council_terms import BallotChannel, BallotChoice, PollState
from cases.lib import photos
from cases.models import Ballot, Council, Elector, Poll, User
from cases.terms import EventType
from workflows.council import access
from workflows.council.acts import locked_council, say, words
from workflows.council.holders import Holder, check_holder, note_holder
from workflows.machines import PollLifecycle

BY_PHONE = (BallotChoice.FOR, BallotChoice.AGAINST, BallotChoice.ABSTAIN)


class AlreadyVoted(ValidationError):
    """The owner has voted already; `ballot` is what counts."""

    def __init__(self, ballot: Ballot | None) -> None:
        super().__init__({"unit": _("已经投过票，没有重复计票。")})
        self.ballot = ballot


class NotOpen(ValidationError):
    """The ballot has not begun, or is over."""

    def __init__(self) -> None:
        super().__init__(_("现在不在表决时间内，没有计票。"))


def runs_ballot(poll: Poll, actor: User) -> bool:
    """The secretary of the owners' assembly, or of the council whose recommendation it votes on."""
    return access.is_secretary_of(poll.council, actor) or access.is_secretary_of(poll.topic.council, actor)


def oversees_ballot(poll: Poll, actor: User) -> bool:
    """A supervisor or leader of the estate."""
    return access.is_overseer_of(poll.council, actor)


def takes_votes(poll: Poll, now: datetime) -> bool:
    """Whether a vote at that moment counts: the last moment is excluded."""
    return poll.state == PollState.OPEN and (poll.closes_at is None or now < poll.closes_at)


def counted_ballot(elector: Elector) -> Ballot | None:
    """The vote of an elector that counts."""
    return Ballot.objects.filter(elector=elector, struck_at=None).first()


@transaction.atomic
def record_ballot(  # noqa: PLR0913  # who voted, how, by which way, entered by whom
    *,
    poll_id: int,
    elector_id: int,
    choice: str,
    channel: BallotChannel,
    actor: User | None,
    now: datetime,
    scan: BinaryIO | None = None,
    holder: Holder | None = None,
) -> Ballot:
    """Count one vote. `actor` enters a paper, of a `holder` when somebody hands it in for the owner.

    The owner by the link has no login.

    Raises NotOpen, AlreadyVoted, PermissionDenied, ValidationError (choice, scan, what the rules say of holders).
    """
    poll = PollLifecycle.objects.select_for_update(of=("self",)).get(pk=poll_id)
    elector = Elector.objects.select_related("owner").get(pk=elector_id, poll=poll, owner__isnull=False)
    if actor is not None and not runs_ballot(poll, actor):
        raise PermissionDenied("record_ballot")
    if choice not in (BY_PHONE if actor is None else BallotChoice.values):
        raise ValidationError({"choice": _("请选择同意、反对或弃权。")})
    if not takes_votes(poll, now):
        raise NotOpen
    if known := counted_ballot(elector):
        raise AlreadyVoted(known)
    ballot = Ballot(poll=poll, elector=elector, choice=choice, channel=channel, cast_by=actor, at=now)
    if holder is not None:
        check_holder(poll, elector, holder)
        note_holder(ballot, holder)
    if scan is not None:
        ballot.scan.save(f"{secrets.token_hex(16)}.jpg", _clean(scan), save=False)
    try:
        with transaction.atomic():
            ballot.save(force_insert=True)
    except IntegrityError as error:  # where rows cannot be locked, the constraint decides
        raise AlreadyVoted(counted_ballot(elector)) from error
    return ballot


def _clean(scan: BinaryIO) -> ContentFile:  # type: ignore[type-arg]
    try:
        return ContentFile(photos.reencode(scan).content)
    except photos.UnusablePhoto as error:
        raise ValidationError({"scan": str(error)}) from error


@transaction.atomic
def strike_vote(*, ballot_id: int, actor: User, now: datetime, reason: str) -> Ballot:
    """Take back a vote that was entered wrongly, while the ballot is open; the owner may vote again.

    A paper is struck by who runs the ballot, a vote by link by an overseer only: nobody enters those by mistake.
    Raises NotOpen, PermissionDenied, ValidationError.
    """
    known = Ballot.objects.select_related("poll").get(pk=ballot_id)
    council: Council = locked_council(known.poll.council_id)
    poll = PollLifecycle.objects.select_for_update(of=("self",)).get(pk=known.poll_id)
    ballot = Ballot.objects.select_for_update(of=("self",)).get(pk=ballot_id)
    may = runs_ballot(poll, actor) if ballot.channel == BallotChannel.PAPER else oversees_ballot(poll, actor)
    if not may:
        raise PermissionDenied("strike_vote")
    reason = words("reason", reason, _("请写明为什么作废这张票。"), longest=200)
    if poll.state != PollState.OPEN:
        raise NotOpen
    if ballot.struck_at is not None:
        raise ValidationError(_("这张票已经作废。"))
    ballot.struck_at, ballot.struck_by, ballot.struck_reason = now, actor, reason
    ballot.save(update_fields=["struck_at", "struck_by", "struck_reason"])
    say(
        council,
        EventType.BALLOT_STRUCK,
        actor=actor,
        now=now,
        poll=poll.pk,
        elector=ballot.elector_id,
        ballot=ballot.pk,
        choice=ballot.choice,
        channel=ballot.channel,
        reason=reason,
    )
    return ballot
