"""Hands: numbers per party, counted by two; a secretary opens, counts, closes and certifies in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.council_terms import PollMethod, PollState
from cases.models import Certification, CouncilParty, HandCount, User
from workflows.council import access
from workflows.council.acts import words
from workflows.council.polls import certify_poll, close_poll, locked_poll, open_poll


@dataclass(frozen=True)
class Hands:
    """The hands of one party."""

    party: CouncilParty
    votes_for: int
    votes_against: int
    abstained: int

    @property
    def raised(self) -> int:
        """How many took part."""
        return self.votes_for + self.votes_against + self.abstained


@dataclass(frozen=True)
class Counters:
    """Who counted, and who watched."""

    first: str
    second: str


@transaction.atomic
def record_hands(
    *, poll_id: int, hands: Sequence[Hands], counters: Counters, actor: User, now: datetime
) -> list[HandCount]:
    """Note what two people counted, once. Raises PermissionDenied, ValidationError (more hands than people)."""
    council, poll = locked_poll(poll_id)
    access.require_secretary(council, actor, "record_hands")
    if poll.state != PollState.OPEN or poll.method != PollMethod.HANDS:
        raise ValidationError(_("现在不在举手表决。"))
    if poll.hand_counts.exists():
        raise ValidationError(_("这次举手已经计数，要重来请作废后重新表决。"))
    first = words("first_counter", counters.first, _("请写明计票人。"), longest=50)
    second = words("second_counter", counters.second, _("请写明监票人。"), longest=50)
    if first == second:
        raise ValidationError({"second_counter": _("计票人和监票人须是两个人。")})
    there: set[str] = set((poll.at_opening or {}).get("present", ()))
    present: dict[str, int] = {}
    for elector in poll.electors.filter(recused=False):
        if elector.voter in there:
            present[elector.party] = present.get(elector.party, 0) + elector.head
    check_hands(hands, present)
    return HandCount.objects.bulk_create(
        HandCount(
            poll=poll,
            party=row.party,
            votes_for=row.votes_for,
            votes_against=row.votes_against,
            abstained=row.abstained,
            first_counter=first,
            second_counter=second,
            at=now,
        )
        for row in hands
    )


def check_hands(hands: Sequence[Hands], present: Mapping[str, int]) -> None:
    """Raises ValidationError where more hands were counted than people are there, or none at all."""
    for row in hands:
        most = present.get(row.party.code, 0)
        if row.raised > most:
            said = {"party": row.party, "n": row.raised, "most": most}
            raise ValidationError(
                {f"hands_{row.party.pk}": _("%(party)s计了 %(n)s 票，到会只有 %(most)s 人，请核对。") % said}
            )
    if not any(row.raised for row in hands):
        raise ValidationError(_("还没有填票数。"))


@transaction.atomic
def vote_by_hands(  # one form of the secretary
    *,
    item_id: int,
    hands: Sequence[Hands],
    counters: Counters,
    actor: User,
    now: datetime,
    recused: Mapping[int, str] | None = None,
) -> Certification:
    """Open, count, close and certify at one moment: all of it or nothing. Raises as each of them does."""
    poll = open_poll(item_id=item_id, method=PollMethod.HANDS, actor=actor, now=now, recused=recused)
    record_hands(poll_id=poll.pk, hands=hands, counters=counters, actor=actor, now=now)
    close_poll(poll_id=poll.pk, actor=actor, now=now)
    return certify_poll(poll_id=poll.pk, actor=actor, now=now)
