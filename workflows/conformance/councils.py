"""Histories of councils replayed against the machines of their records.

An event moves the record that it is about and, where a command moves others along with it, those too: the notice of a
meeting announces its items, a poll takes its item with it, a decision that is posted publishes its poll.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cases.council_terms import ItemState, NoticeKind, PollOutcome, PollState
from cases.models import AgendaItem, CaseEvent, Decision, FollowUp, Poll
from cases.terms import EventType
from workflows.conformance.result import Conformance, Deviation, Law, law
from workflows.conformance.tables import MACHINES, SAYS
from workflows.graph import moves_of

E = EventType
CHUNK = 5000
COLUMNS = ("council__code", "seq", "type", "data")
LEAVING = {ItemState.ACCEPTED: "withdraw", ItemState.ANNOUNCED: "adjourn", ItemState.IN_DISCUSSION: "adjourn"}


class Said(NamedTuple):
    """One event of a council, as it is read."""

    code: str
    seq: int
    type: str
    data: dict[str, Any]


def read_councils() -> Iterator[Said]:
    """Every event of every council, one council after the other."""
    rows = CaseEvent.objects.filter(case=None).order_by("council_id", "seq").values_list(*COLUMNS)
    return (Said(*row) for row in rows.iterator(chunk_size=CHUNK))


def replay_councils(rows: Iterable[Said], found: Conformance) -> None:
    """Replay histories into `found`, then compare where each record stands."""
    replay, codes = Replay(found), set()
    for row in rows:
        codes.add(row.code)
        found.events += 1
        replay.take(row)
    found.histories += len(codes)
    replay.compare()


class Replay:
    """The records of all councils as far as their histories have told."""

    def __init__(self, found: Conformance) -> None:
        self.found = found
        self.laws: dict[str, Law] = {
            name: law(name, moves_of(m.lifecycle, m.states), start=m.start) for name, m in MACHINES.items()
        }
        self.at: dict[tuple[str, int], str] = {}
        self.told: dict[tuple[str, int], Said] = {}  # the last event that moved a record
        self.items: dict[int, list[int]] = {}
        self.announced: set[int] = set()
        for item, meeting, published_at in AgendaItem.objects.values_list("pk", "meeting_id", "published_at"):
            self.items.setdefault(meeting, []).append(item)
            if published_at is not None:
                self.announced.add(item)
        self.poll_of = dict(Decision.objects.exclude(poll=None).values_list("pk", "poll_id"))

    def state(self, machine: str, key: int) -> str:
        """Where a record stands now; where it starts when nothing was said of it."""
        return self.at.get((machine, key), self.laws[machine].start)

    def take(self, row: Said) -> None:
        """One event: what it moves, then what goes along."""
        says = SAYS.get(EventType(row.type))
        if says is not None:
            word = says.move or str(row.data.get("move", ""))
            move, key = says.words.get(word, word), row.data.get(says.machine)
            if key is not None and move in self.laws[says.machine].moves:
                self._move(says.machine, key, move, row)
        for machine, key, move in self._along(row):
            self._move(machine, key, move, row)

    def _move(self, machine: str, key: int, move: str, row: Said) -> None:
        was = self.state(machine, key)
        becomes = self.laws[machine].after(move, was)
        if becomes is None:
            reason = f"{move} does not lead on from {was}"
            self.found.deviations.append(Deviation(machine, f"{row.code}/{key}", row.seq, row.type, reason))
            return
        self.found.moves[machine, move] += 1
        self.at[machine, key] = becomes
        self.told[machine, key] = row

    def _along(self, row: Said) -> Iterator[tuple[str, int, str]]:
        data = row.data
        if row.type == E.MEETING_PREPARED and data.get("reconvenes"):
            yield "meeting", data["reconvenes"], "reconvene"
        elif row.type in (E.MEETING_CONVENED, E.MEETING_MOVED):
            yield from self._agenda(row)
        elif row.type == E.POLL_OPENED and data.get("item"):
            yield "item", data["item"], "put_to_vote"
        elif row.type == E.POLL_CERTIFIED and data.get("n", 1) == 1:  # another count of the same poll moves nothing
            yield "poll", data["poll"], "certify"
            if data.get("outcome") == PollOutcome.NO_QUORUM:
                yield from self._taken_back(data)
        elif row.type == E.POLL_VOIDED and data.get("move") == "agree":
            yield from self._taken_back(data)
        elif row.type == E.DECISION_RECORDED and data.get("item"):
            yield "item", data["item"], "decide"
        elif row.type == E.DECISION_MOVED and data.get("move") == "publish":
            if poll := self.poll_of.get(data["decision"]):
                yield "poll", poll, "publish"
        elif row.type == E.NOTICE_POSTED and data.get("poll") and data.get("kind") == NoticeKind.RESULT:
            yield "poll", data["poll"], "publish"

    def _agenda(self, row: Said) -> Iterator[tuple[str, int, str]]:
        """What happens to the items of a meeting that is convened, cancelled, or has too few people."""
        items = self.items.get(row.data["meeting"], [])
        if row.type == E.MEETING_CONVENED:
            yield from (("item", key, "announce") for key in items if key in self.announced)
        elif row.data.get("move") == "cancel":
            waiting = (ItemState.ACCEPTED, ItemState.ANNOUNCED)
            yield from (("item", key, "withdraw") for key in items if self.state("item", key) in waiting)
        elif row.data.get("move") == "miss_quorum":
            for key in items:
                if move := LEAVING.get(self.state("item", key)):  # type: ignore[call-overload]
                    yield "item", key, move

    def _taken_back(self, data: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
        item = data.get("item")
        if item and self.state("item", item) == ItemState.POLLING:
            yield "item", item, "take_back"

    def compare(self) -> None:
        """Each record stands where its replay ends. What was decided on paper has no history of its own."""
        paper = set(Decision.objects.filter(item=None).values_list("pk", flat=True))
        of_paper = set(FollowUp.objects.filter(decision__item=None).values_list("pk", flat=True))
        drafts = set(Poll.objects.filter(state=PollState.DRAFT).values_list("pk", flat=True))
        left_out = {"decision": paper, "follow_up": of_paper, "poll": drafts}
        for name, machine in MACHINES.items():
            rows = machine.lifecycle._default_manager.values_list(machine.key, "state")  # noqa: SLF001
            for key, stands in rows.iterator(chunk_size=CHUNK):
                if key not in left_out.get(name, ()):
                    self._compare(name, key, stands)

    def _compare(self, machine: str, key: int, stands: str) -> None:
        ends = self.state(machine, key)
        if ends == stands:
            self.found.births[machine] += 1
            self.found.ended[machine] += ends in self.laws[machine].ends
            return
        last = self.told.get((machine, key), Said("", 0, "", {}))
        reason = f"the history ends in {ends}, the record stands in {stands}"
        self.found.deviations.append(Deviation(machine, f"{last.code}/{key}", last.seq, last.type, reason))
