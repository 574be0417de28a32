"""What the events of a case say that figures ask for: one fold, without a database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from cases.terms import END_STATES, ClockKind, EventType, ResultCode, Satisfaction, State
from workflows.sla import PAUSING, STAGE_CLOCK

E = EventType
RESPONDING = (E.ACCEPTED, E.REJECTED, E.MERGED)  # of what was answered elsewhere nobody knows when it was taken on
ANSWERING = (E.VERIFIED, E.ANSWER_ADOPTED)
NEW_ROUND = (E.REOPENED, E.FAILED_SPOT_CHECK)
LATE = (E.CLOCK_OVERDUE, E.CLOCK_STOPPED_LATE)
MOVING_LIMITS = (E.CLOCK_RECOMPUTED, E.FACTS_CORRECTED)
TIMES = (*LATE, *MOVING_LIMITS, *NEW_ROUND, E.EXTENDED)
SAYING_NOTHING = (
    E.MERGED_INTO, E.REPORTED_AGAIN, E.NOTE_ADDED, E.PHOTO_ADDED, E.REPORTER_REVEALED, E.LINK_ISSUED, E.URGED,
)  # fmt: skip
# Every move, and what says that a limit or a rating changed; the rest of the history is not read.
ASKED_FOR = (
    *(kind for kind in E if kind.value.startswith("case.") and kind not in SAYING_NOTHING),
    *LATE, E.CLOCK_RECOMPUTED, E.SURVEY_EXCLUDED,
)  # fmt: skip


class Said(NamedTuple):
    """One event, as it is read."""

    case: int
    type: str
    at: datetime
    state: str
    data: dict[str, Any]


class Turn(NamedTuple):
    """From when on a case was in hand or not, and overdue or not."""

    at: datetime
    in_hand: bool
    overdue: bool


@dataclass
class Life:
    """What became of a case up to a moment. `team` is the last one that it was given to."""

    case: int
    reported_at: datetime | None = None
    area: int | None = None
    category: str = ""
    campaign: str = ""
    team: int | None = None
    state: str = ""
    responded: bool = False
    responded_late: bool = False
    dispatched: bool = False
    returned: bool = False
    submitted: bool = False
    reworked: bool = False
    answered: bool = False
    asked_again: bool = False
    reopened: bool = False
    result_code: str = ""
    solved: bool | None = None  # in the words of the resident, of this round
    rating: str = ""  # the last that was given
    excluded: bool = False
    surveyed: bool = False  # an answered round has been asked about, or its time ran out
    late_now: bool = False
    late_before: bool = False  # in an earlier round
    ended: bool = False
    past: dict[str, datetime] = field(default_factory=dict)  # the clocks of stages that are past their limit, and since
    turns: list[Turn] = field(default_factory=list)
    changed_at: datetime | None = None  # by the last event that is read

    @property
    def late(self) -> bool:
        """Past the overall limit in this round or an earlier one."""
        return self.late_now or self.late_before

    @property
    def counted(self) -> bool:
        """One of the cases that are counted: not void, and not the same matter as another case."""
        return self.reported_at is not None and self.state not in (State.VOIDED, State.MERGED)

    @property
    def taken_on(self) -> bool:
        """Counted, and not refused as a matter of somebody else."""
        return self.counted and self.state != State.REJECTED

    @property
    def in_hand(self) -> bool:
        """Somebody still owes an outcome."""
        return self.reported_at is not None and self.state not in END_STATES

    @property
    def overdue_since(self) -> datetime | None:
        """The limit of its stage, when it is past."""
        return self.past.get(STAGE_CLOCK[State(self.state)]) if self.in_hand else None

    @property
    def is_solved(self) -> bool:
        """Answered as solved and not contradicted; what the resident says goes before the code."""
        if self.state not in (State.ANSWERED, State.CLOSED):
            return False
        return self.solved if self.solved is not None else self.result_code == ResultCode.SOLVED

    @property
    def is_satisfied(self) -> bool:
        """Satisfied, or on the whole."""
        return self.rating in (Satisfaction.SATISFIED, Satisfaction.FAIR)


def lives(rows: Iterable[Said]) -> Iterator[Life]:
    """One life for each case; the rows come case by case, in the order of the history."""
    for case, said in groupby(rows, key=lambda row: row.case):
        yield lived(case, said)


def lived(case: int, rows: Iterable[Said]) -> Life:
    """Fold the events of one case."""
    life = Life(case)
    for row in rows:
        _times(life, row)
        _moves(life, row)
        _answers(life, row)
        _stands(life, row)
        life.changed_at = max(life.changed_at or row.at, row.at)
    life.ended = life.state in (State.CLOSED, State.REJECTED)
    return life


def _times(life: Life, row: Said) -> None:
    data = row.data
    if row.type in LATE and data.get("clock") == ClockKind.ACCEPT and not (life.responded or life.answered):
        life.responded_late = True
    elif row.type in LATE and data.get("clock") == ClockKind.OVERALL:
        life.late_now = True
    elif row.type in MOVING_LIMITS and (moved := data.get("limits")):
        if _lies_ahead(moved.get(ClockKind.OVERALL), row.at):
            life.late_now = False
        if _lies_ahead(moved.get(ClockKind.ACCEPT), row.at) and not life.responded:
            life.responded_late = False
    elif row.type == E.EXTENDED and _lies_ahead({"is": data.get("until")}, row.at):
        life.late_now = False


def _stands(life: Life, row: Said) -> None:
    """Where it stands after an event, and which limit of a stage is past: as the clocks go on, pause and stop."""
    moves = row.state not in ("", life.state)
    if not (moves or row.type in TIMES):
        return
    if moves:
        life.state = row.state
        if State(row.state) not in PAUSING:  # a clock that pauses is past its limit all the same when it goes on
            going_on = (ClockKind.HANDLE, STAGE_CLOCK.get(State(row.state)))
            life.past = {kind: due for kind, due in life.past.items() if kind in going_on}
    _past(life, row)
    now = Turn(row.at, life.in_hand, life.overdue_since is not None)
    if life.reported_at and (not life.turns or life.turns[-1][1:] != now[1:]):
        life.turns.append(now)


def _past(life: Life, row: Said) -> None:
    data = row.data
    if row.type in LATE and (clock := data.get("clock")):
        if clock == ClockKind.HANDLE or clock == STAGE_CLOCK.get(State(life.state)):
            life.past[clock] = datetime.fromisoformat(data["due_at"]) if "due_at" in data else row.at
    elif row.type in MOVING_LIMITS:
        for kind, moved in (data.get("limits") or {}).items():
            if _lies_ahead(moved, row.at):
                life.past.pop(kind, None)
    elif row.type == E.EXTENDED and _lies_ahead({"is": data.get("until")}, row.at):
        life.past.pop(ClockKind.HANDLE, None)
    elif row.type in NEW_ROUND:
        life.past.clear()


def _lies_ahead(moved: dict[str, Any] | None, at: datetime) -> bool:
    return bool(moved and moved["is"] and datetime.fromisoformat(moved["is"]) > at)


def _moves(life: Life, row: Said) -> None:
    data = row.data
    if row.type == E.REPORTED:
        life.reported_at, life.area = row.at, data.get("area")
        life.category, life.campaign = data.get("category", ""), data.get("campaign", "")
    elif row.type in (E.ACCEPTED, E.FACTS_CORRECTED):
        life.category = data.get("category", life.category)
    elif row.type == E.DISPATCHED:
        life.dispatched, life.team = True, data.get("team")
    elif row.type == E.ANSWER_ADOPTED:
        life.team = data.get("team")
    elif row.type == E.RETURNED_TO_DISPATCH:
        life.returned = True
    elif row.type == E.SENT_BACK:
        life.reworked = True
    if row.type in RESPONDING:
        life.responded = True
    if row.state == State.SUBMITTED and row.type in (E.SUBMITTED, E.DECISION_TAKEN):
        life.submitted, life.result_code = True, data.get("result_code", ResultCode.REFERENCE.value)


def _answers(life: Life, row: Said) -> None:
    data = row.data
    if row.type in ANSWERING:
        life.answered = True
    elif row.type == E.SURVEY_RECORDED:
        life.surveyed, life.solved, life.rating, life.excluded = True, data["solved"], data["satisfaction"], False
    elif row.type == E.CLOSED_UNANSWERED:
        life.surveyed = True
    elif row.type == E.SURVEY_EXCLUDED:
        life.excluded = True
    elif row.type == E.REOPEN_REQUESTED:
        life.asked_again = True
    elif row.type in NEW_ROUND:
        life.reopened = life.reopened or row.type == E.REOPENED
        life.reworked = life.reworked or row.type == E.FAILED_SPOT_CHECK
        life.late_before, life.late_now = life.late, False
        life.solved, life.result_code = None, ""
