"""A clock's proof, its lines as a person reads them, and pauses and extensions at given moments of 2026."""

from datetime import datetime
from typing import Any

from cases.models import Case
from cases.terms import ClockKind, RequestKind
from tests.factories import SHANGHAI, World
from workflows.commands import adjust
from workflows.proofs import ClockProof, clock_proof


def at(words: str) -> datetime:
    return datetime.fromisoformat(f"2026-{words}").replace(tzinfo=SHANGHAI)


def prove(case: Case, kind: ClockKind, now: datetime | None = None) -> ClockProof:
    """The last clock of a kind; all of the case's proofs hold."""
    proof = clock_proof(case, now=now or at("03-02T09:00"))
    assert [clock.differences for clock in proof.clocks if not clock.holds] == []
    assert proof.holds
    return [clock for clock in proof.clocks if clock.clock == kind][-1]


def read(lines: list[Any]) -> list[tuple[str, ...]]:
    rows = [(line.number, line.days.replace("2026-", ""), line.counted, line.length, line.total) for line in lines]
    return [tuple(cell for cell in row if cell) for row in rows]


def held(world: World, case: Case, begin: str, end: str) -> None:
    request = world.agreed(case, RequestKind.HOLD, review_at=at("04-20T09:00").isoformat(), reason_code="season")
    adjust.hold_case(request=request, actor=world.supervisor, now=at(begin))
    adjust.resume_case(case_id=case.pk, actor=world.member, now=at(end))


def extended(world: World, case: Case, now: str, until: str) -> None:
    request = world.agreed(case, RequestKind.EXTENSION, until=at(until).isoformat())
    adjust.extend_case(request=request, actor=world.supervisor, now=at(now))
