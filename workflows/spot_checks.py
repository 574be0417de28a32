"""Spot checks (抽查): which verified rounds are drawn, and that a drawn one does not outlive its round."""

from datetime import datetime

from cases import events
from cases.lib.crypto import keyed
from cases.models import Case, CaseEvent, SpotCheck, User
from cases.terms import ClockKind, EventType, SpotCheckState
from workflows import clocks

LOTS = 10_000


def is_drawn(number: str, round_: int, percent: int) -> bool:
    """The lot of one round: by the secret key, so that nobody can foresee it and anybody with the key can check it."""
    return int.from_bytes(keyed(f"spot-check:{number}:{round_}")[:8]) % LOTS < percent * LOTS // 100


def draw(case: Case, event: CaseEvent) -> SpotCheck | None:
    """Draw the lot of a round that was just verified; a drawn one gets its clock. The case is locked and saved."""
    percent = case.category.recheck_percent if case.category else 0
    if not percent or not is_drawn(case.number, case.round, percent):
        return None
    check = SpotCheck.objects.create(case=case, round=case.round, percent=percent, drawn_at=event.at)
    said = events.record_fact(
        case, EventType.SPOT_CHECK_DRAWN, actor=None, at=event.at, data={"spot_check": check.pk, "percent": percent}
    )
    clocks.start_obligation(case, said, ClockKind.SPOT_CHECK, owed=check)
    return check


def drawn(case: Case) -> SpotCheck | None:
    """The check that waits to be made."""
    rows = SpotCheck.objects.filter(case=case, state=SpotCheckState.DRAWN)
    return rows.select_related("clock__policy", "clock__calendar").first()


def conclude(check: SpotCheck, state: SpotCheckState, *, actor: User | None, now: datetime, finding: str = "") -> None:
    """Set how it ended; its clock stops. The case is locked."""
    check.state, check.finding, check.checked_by, check.checked_at = state, finding, actor, now
    check.save(update_fields=["state", "finding", "checked_by", "checked_at"])
    clocks.stop_obligation(check.clock, now)


def drop(case: Case, *, now: datetime) -> None:
    """The round of a drawn check is over: it is looked at no more. The case is locked and saved."""
    if check := drawn(case):
        conclude(check, SpotCheckState.DROPPED, actor=None, now=now)
        data = {"spot_check": check.pk}
        events.record_fact(case, EventType.SPOT_CHECK_DROPPED, actor=None, at=now, data=data)
