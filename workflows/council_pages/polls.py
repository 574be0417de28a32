"""What is shown of a poll: the panel on the page of its meeting, its own page, and the page on which a seat votes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from cases.council_terms import ItemState, PollMethod, PollState
from cases.models import AgendaItem, Certification, CouncilParty, Elector, HandCount, Meeting, Poll, User
from workflows.council import access, presence
from workflows.council.certify import criteria_of, newest, voted
from workflows.council.packs import rules_of
from workflows.poll_words import criterion_words, open_words, outcome_words, totals_words

RUNNING = (PollState.OPEN, PollState.CLOSED)
BY_BALLOT = (PollMethod.NAMED, PollMethod.SECRET)


@dataclass(frozen=True)
class CriterionLine:
    """One criterion in words."""

    words: str
    passed: bool


@dataclass(frozen=True)
class Result:
    """A certification in words."""

    row: Certification
    outcome: str
    criteria: list[CriterionLine]
    totals: list[str]
    out: str


@dataclass(frozen=True)
class PartyHands:
    """A party in the table of hands: how many are there."""

    party: CouncilParty
    present: int


@dataclass(frozen=True)
class Voter:
    """For whom somebody may vote now: themselves, or a principal whose mandate they hold and how they are told."""

    elector: Elector
    is_own: bool
    told: str
    has_voted: bool


@dataclass(frozen=True)
class PollPanel:
    """The vote on an item as it stands."""

    item: AgendaItem
    poll: Poll | None
    is_secretary: bool
    methods: list[tuple[str, str]]
    hands: list[PartyHands]
    counters: tuple[str, str]
    seats: list[tuple[int, str]]
    returned: int
    expected: int
    missing: list[str]
    result: Result | None
    votes: list[Voter]
    earlier: list[Poll]

    @property
    def is_open(self) -> bool:
        """Whether votes are taken."""
        return self.poll is not None and self.poll.state == PollState.OPEN

    @property
    def may_begin(self) -> bool:
        """Whether the item can be put to the vote now."""
        in_session = self.item.meeting.state == "in_session"
        return self.is_secretary and in_session and self.item.state == ItemState.IN_DISCUSSION


def panel_of(viewer: User, item: AgendaItem, now: datetime) -> PollPanel | None:
    """The panel of an item; `item.meeting` comes along with its council and pack."""
    meeting = item.meeting
    is_secretary = access.is_secretary_of(meeting.council, viewer)
    polls = list(item.polls.order_by("-pk"))
    poll = next((one for one in polls if one.state != PollState.VOID), None)
    begins = is_secretary and item.state == ItemState.IN_DISCUSSION and meeting.state == "in_session"
    electors = list(poll.electors.select_related("seat")) if poll and poll.state in RUNNING else []
    done = set(voted(poll)) if poll and electors else set()
    expected = [elector for elector in electors if not elector.recused]
    seats = presence.voting_seats(meeting) if begins else []
    return PollPanel(
        item=item,
        poll=poll,
        is_secretary=is_secretary,
        methods=_methods(meeting) if begins else [],
        hands=_hands(meeting, item, now) if begins else [],
        counters=_counters(meeting) if begins else ("", ""),
        seats=[(seat.pk, f"{seat.name}（{seat.party}）") for seat in seats],
        returned=len(done),
        expected=len(expected),
        missing=[elector.label for elector in expected if elector.pk not in done] if is_secretary else [],
        result=result_of(poll) if poll else None,
        votes=_votes(viewer, poll, electors, done) if poll and poll.state == PollState.OPEN else [],
        earlier=[one for one in polls if one is not poll],
    )


def _methods(meeting: Meeting) -> list[tuple[str, str]]:
    allowed = rules_of(meeting.pack).ballot
    return [(method, str(PollMethod(method).label)) for method in allowed if method != PollMethod.WRITTEN]


def _hands(meeting: Meeting, item: AgendaItem, now: datetime) -> list[PartyHands]:
    there = presence.counted_at(meeting, now, item)
    present: dict[int, int] = {}
    for seat in presence.voting_seats(meeting):
        present[seat.party_id] = present.get(seat.party_id, 0) + (seat.pk in there)
    parties = CouncilParty.objects.filter(pk__in=present).order_by("position", "pk")
    return [PartyHands(party, present[party.pk]) for party in parties]


def _counters(meeting: Meeting) -> tuple[str, str]:
    """Those who counted last in this meeting."""
    last = HandCount.objects.filter(poll__item__meeting=meeting).order_by("-pk").first()
    return (last.first_counter, last.second_counter) if last else ("", "")


def _votes(viewer: User, poll: Poll, electors: list[Elector], done: set[int]) -> list[Voter]:
    """What this person may cast in an open poll."""
    if poll.method not in BY_BALLOT or poll.item is None:
        return []
    mandates = presence.mandated(poll.item.meeting, poll.item)
    found = []
    for elector in electors:
        seat = elector.seat
        if seat is None or elector.recused:
            continue
        mandate = mandates.get(seat.pk)
        if seat.user_id == viewer.pk:
            found.append(Voter(elector, True, "", elector.pk in done))
        elif mandate is not None and mandate.holder.user_id == viewer.pk:
            told = mandate.instructions.get(str(poll.item_id), "")
            found.append(Voter(elector, False, told, elector.pk in done))
    return found


def result_of(poll: Poll) -> Result | None:
    """The certification that stands, in words; None while there is none."""
    row = newest(poll)
    return worded(poll, row) if row else None


def worded(poll: Poll, row: Certification) -> Result:
    """A certification in words that a resident can check."""
    names = dict(poll.council.parties.values_list("code", "name"))
    return Result(
        row=row,
        outcome=outcome_words(row.outcome),
        criteria=[CriterionLine(criterion_words(c, names), c.passed) for c in criteria_of(row)],
        totals=[_total(total, names) for total in row.totals if total["measure"] == "head" or total["roll"]],
        out=_out(poll, row),
    )


def _total(total: Mapping[str, Any], names: Mapping[str, str]) -> str:
    words = totals_words(total, total["measure"])
    if total["group"] == "all":
        return _("合计：%(words)s") % {"words": words}
    return _("%(party)s：%(words)s") % {"party": names.get(total["group"], total["group"]), "words": words}


def _out(poll: Poll, row: Certification) -> str:
    """What the votes that were not cast could have done; with hands nobody is still out."""
    whole = next(t for t in row.totals if t["measure"] == "head" and t["group"] == "all")
    if poll.method == PollMethod.HANDS or not whole["unreturned"]:
        return ""
    return open_words(out=_("%(n)s 票") % {"n": whole["unreturned"]}, could_change=row.could_change)


@dataclass(frozen=True)
class PollPage:
    """One poll with its roll and everything that was certified."""

    poll: Poll
    meeting: Meeting
    is_secretary: bool
    is_overseer: bool
    result: Result | None
    earlier: list[Result]
    electors: list[Elector]
    heads: int
    hands: list[HandCount]
    has_files: bool
    may_void: bool
    may_agree: bool


def poll_page(viewer: User, pk: int) -> PollPage | None:
    """The page of one poll on an agenda item; None when it is out of scope."""
    found = access.visible(viewer, Poll.objects.filter(pk=pk, item__isnull=False))
    poll = found.select_related("council__area", "pack", "topic", "item__meeting", "void_asked_by", "follows").first()
    if poll is None or poll.item is None:
        return None
    results = [worded(poll, row) for row in poll.certifications.select_related("certified_by").order_by("-n")]
    electors = list(poll.electors.select_related("seat__party").order_by("pk"))
    voidable = poll.state in (*RUNNING, PollState.CERTIFIED) and not poll.decisions.exists()
    is_overseer = access.is_overseer_of(poll.council, viewer)
    is_secretary = access.is_secretary_of(poll.council, viewer)
    return PollPage(
        poll=poll,
        meeting=poll.item.meeting,
        is_secretary=is_secretary,
        is_overseer=is_overseer,
        result=results[0] if results else None,
        earlier=results[1:],
        electors=electors,
        heads=sum(elector.head for elector in electors if not elector.recused),
        hands=list(poll.hand_counts.select_related("party")),
        has_files=poll.method == PollMethod.NAMED and bool(results),
        may_void=voidable and is_secretary and poll.void_asked_by_id is None,
        may_agree=voidable and is_overseer and poll.void_asked_by_id not in (None, viewer.pk),
    )
