"""What the worker runs: the sweep of clocks, and what was cut off."""

from time import monotonic
from typing import Any

from celery import shared_task
from django.utils import timezone

from cases import verifying
from workflows import import_runs
from workflows.commands import sweep as sweeping
from workflows.commands.calendar import settle_all
from workflows.council.notices import end_due_notices
from workflows.council.owners_ballots import end_due_ballots
from workflows.flows.joint import end_taken_back
from workflows.keeping.fold import fold_some

HALF_A_MINUTE = 30


@shared_task(name="workflows.tasks.check_histories")  # type: ignore[untyped-decorator]  # celery has no types
def check_histories(**_: Any) -> int:
    """Go on with the looks at all histories that somebody asked for, for half a minute; the next tick goes on."""
    began, slices = monotonic(), 0
    while monotonic() - began < HALF_A_MINUTE and verifying.go_on(now=timezone.now()):
        slices += 1
    return slices


@shared_task(name="workflows.tasks.sweep")  # type: ignore[untyped-decorator]  # celery has no types
def sweep(**_: Any) -> dict[str, int]:
    """Ring what is due now and end notices whose time is over; a second sweeper at the same moment is harmless."""
    now = timezone.now()
    end_taken_back(now=now)
    settle_all(now=now)
    return sweeping.sweep(now=now) | end_due_notices(now=now) | end_due_ballots(now=now) | {"kept": fold_some()}


@shared_task(name="workflows.tasks.work_on_import")  # type: ignore[untyped-decorator]
def work_on_import(ledger_id: int, **_: Any) -> None:
    """Check, load or take back a ledger for a while; a second worker at the same one does no harm."""
    import_runs.work_for_a_while(ledger_id, now=timezone.now())


@shared_task(name="workflows.tasks.go_on_with_imports")  # type: ignore[untyped-decorator]
def go_on_with_imports(**_: Any) -> int:
    """Imports whose worker was killed, or of which no worker heard."""
    return import_runs.go_on(now=timezone.now())
