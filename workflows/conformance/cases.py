"""Histories of cases replayed against the life cycle: each event is a move declared from the state before it."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from django.db.models import F

from cases.models import Case, CaseEvent
from cases.terms import END_STATES, EventType, State
from workflows.conformance.result import START, Conformance, Deviation, Law, law
from workflows.graph import moves_of
from workflows.lifecycle import CaseLifecycle

MACHINE = "case"
COLUMNS = ("case_id", "case__number", "case__state", "seq", "type", "state")
CHUNK = 5000


class Said(NamedTuple):
    """One event of a case, as it is read."""

    case: int
    number: str
    stands: str  # the state that the case is in today
    seq: int
    type: str
    state: str  # after the event


def case_law() -> tuple[Law, dict[str, str]]:
    """The moves of a case, and which of them each event says."""
    machine = law(MACHINE, moves_of(CaseLifecycle, State), start=State.REPORTED)
    steps = CaseLifecycle().get_all_state_transitions()  # type: ignore[attr-defined]  # given by FSMField
    return machine, {step.custom["event"].value: step.name for step in steps}


def read_cases() -> Iterator[Said]:
    """Every event of every case, case by case in its order; memory stays flat."""
    rows = CaseEvent.objects.filter(council=None).order_by("case_id", "seq").values_list(*COLUMNS)
    return (Said(*row) for row in rows.iterator(chunk_size=CHUNK))


def replay_cases(rows: Iterable[Said], found: Conformance) -> None:
    """Replay histories into `found`."""
    machine, move_of = case_law()
    for _case, said in groupby(rows, key=lambda row: row.case):
        found.histories += 1
        _replay(list(said), machine, move_of, found)


def _replay(rows: list[Said], machine: Law, move_of: dict[str, str], found: Conformance) -> None:
    at, wrong = START, False
    for row in rows:
        found.events += 1
        reason = _judge(row, at, machine, move_of)
        if reason:
            wrong = True
            found.deviations.append(Deviation(MACHINE, row.number, row.seq, row.type, reason))
        elif row.type in move_of:
            found.moves[MACHINE, move_of[row.type]] += 1
        at = row.state
    last = rows[-1]
    if at != last.stands:
        wrong = True
        reason = f"the history ends in {at}, the case stands in {last.stands}"
        found.deviations.append(Deviation(MACHINE, last.number, last.seq, last.type, reason))
    if not wrong:
        found.births[MACHINE] += 1
        found.ended[MACHINE] += at in END_STATES


def _judge(row: Said, at: str, machine: Law, move_of: dict[str, str]) -> str:
    """Why an event does not fit the state before it; empty when it does."""
    if at == START:
        begins = row.type == EventType.REPORTED and row.state == machine.start
        return "" if begins else "the history does not begin with the report"
    move = move_of.get(row.type)
    if move is None:
        return "" if row.state == at else f"moved from {at} to {row.state} by an event that moves nothing"
    if not machine.allows(move, at, row.state):
        return f"{move} does not lead from {at} to {row.state}"
    return ""


def untold() -> Iterator[Deviation]:
    """Cases without any history, and those whose number of events is not what they say."""
    for number in Case.objects.filter(events=None).values_list("number", flat=True):
        yield Deviation(MACHINE, number, 0, "", "it has no history")
    ends = CaseEvent.objects.filter(council=None, case__version__lt=F("seq")).order_by("case_id", "seq")
    for number, seq, kind in ends.values_list("case__number", "seq", "type"):
        yield Deviation(MACHINE, number, seq, kind, "it stands behind the end of the history")
