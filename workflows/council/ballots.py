"""Ballots in a meeting: by name or in secret, by the seat itself, by mandate, or on paper through the secretary.

A ballot locks its poll, as closing does: whichever comes second finds what the first has done.
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from cases.council_terms import BallotChannel, BallotChoice, PollMethod, PollState
from cases.models import Ballot, Elector, Mandate, Meeting, Participation, Poll, Slip, User
from cases.terms import EventType
from workflows.council import access, presence
from workflows.council.acts import locked, locked_council, say, words
from workflows.council.polls import require_item
from workflows.machines import PollLifecycle

BY_NAME = (PollMethod.NAMED, PollMethod.WRITTEN)


class AlreadyVoted(ValidationError):
    """At most one ballot counts for each elector, whatever way it came."""

    def __init__(self) -> None:
        super().__init__(_("已经投过票，没有重复计票。"))


@transaction.atomic
def cast_ballot(
    *, poll_id: int, elector_id: int, choice: str, channel: BallotChannel, actor: User, now: datetime
) -> None:
    """Count one vote. Of a secret one it is kept that it was cast and, apart from that, how: see ADR 13.

    Raises PermissionDenied (neither the seat, nor who holds its mandate, nor the secretary with a paper), AlreadyVoted,
    ValidationError (not open, not there, recused, not as instructed).
    """
    poll = locked(PollLifecycle, poll_id, "council", "item__meeting__pack")
    require_item(poll)
    elector = Elector.objects.select_related("seat").get(pk=elector_id, poll=poll)
    mandate = _mandate(poll, elector, actor)
    _check(poll, elector, choice, now)
    if mandate is None and (elector.seat is None or elector.seat.user_id != actor.pk):
        on_paper = channel == BallotChannel.PAPER and poll.method in BY_NAME
        if not (on_paper and access.is_secretary_of(poll.council, actor)):
            raise PermissionDenied("cast_ballot")
    if mandate is not None and mandate.instructions.get(str(poll.item_id), choice) != choice:
        told = BallotChoice(mandate.instructions[str(poll.item_id)]).label
        raise ValidationError({"choice": _("委托书写明投“%(told)s”，只能照此代投。") % {"told": told}})
    try:
        with transaction.atomic():
            _keep(poll, elector, choice, channel, actor, now, mandate)
    except IntegrityError as error:  # where rows cannot be locked, the constraint decides
        raise AlreadyVoted from error


def _keep(  # noqa: PLR0913, PLR0917  # what stands in the row
    poll: Poll,
    elector: Elector,
    choice: str,
    channel: str,
    actor: User,
    now: datetime,
    mandate: Mandate | None,
) -> None:
    if poll.method == PollMethod.SECRET:
        if Participation.objects.filter(elector=elector).exists():
            raise AlreadyVoted
        Participation.objects.create(poll=poll, elector=elector)
        Slip.objects.create(poll=poll, choice=choice)
        return
    if Ballot.objects.filter(elector=elector, struck_at=None).exists():
        raise AlreadyVoted
    Ballot.objects.create(
        poll=poll, elector=elector, choice=choice, channel=channel, cast_by=actor, mandate=mandate, at=now
    )


def _mandate(poll: Poll, elector: Elector, actor: User) -> Mandate | None:
    """The mandate by which this person votes for that elector."""
    if poll.item is None or elector.seat is None or elector.seat.user_id == actor.pk:
        return None
    found = presence.mandated(poll.item.meeting, poll.item).get(elector.seat.pk)
    return found if found is not None and found.holder.user_id == actor.pk else None


def _check(poll: Poll, elector: Elector, choice: str, now: datetime) -> None:
    if poll.state != PollState.OPEN:
        raise ValidationError(_("现在不在表决时间内，没有计票。"))
    if poll.method not in (*BY_NAME, PollMethod.SECRET):
        raise ValidationError(_("这次是举手表决，不投票。"))
    if choice not in BallotChoice.values:
        raise ValidationError({"choice": _("请选择同意、反对或弃权。")})
    if elector.recused:
        raise ValidationError(_("您在这一项须回避，不参加表决。"))
    if poll.item is not None and elector.seat_id not in _there(poll.item.meeting, poll, now):
        raise ValidationError(_("请先签到再投票。"))


def _there(meeting: Meeting, poll: Poll, now: datetime) -> set[int]:
    return presence.counted_at(meeting, now, poll.item)


@transaction.atomic
def strike_ballot(*, ballot_id: int, actor: User, now: datetime, reason: str) -> Ballot:
    """Take back a ballot by name that was entered wrongly, while the poll is open; it may be cast again.

    Raises PermissionDenied (no secretary), ValidationError.
    """
    found = Ballot.objects.select_related("poll").get(pk=ballot_id)
    council = locked_council(found.poll.council_id)
    poll = locked(PollLifecycle, found.poll_id)
    access.require_secretary(council, actor, "strike_ballot")
    require_item(poll)
    said = words("reason", reason, _("请写明为什么作废这张票。"), longest=200)
    if poll.state != PollState.OPEN:
        raise ValidationError(_("表决已经截止，选票不能再作废。"))
    ballot = locked(Ballot, ballot_id)
    if ballot.struck_at is not None:
        raise ValidationError(_("这张票已经作废。"))
    ballot.struck_at, ballot.struck_by, ballot.struck_reason = now, actor, said
    ballot.save(update_fields=["struck_at", "struck_by", "struck_reason"])
    data = {"poll": poll.pk, "elector": ballot.elector_id, "ballot": ballot.pk, "reason": said}
    say(council, EventType.BALLOT_STRUCK, actor=actor, now=now, **data)
    return ballot
