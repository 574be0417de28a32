"""What the worker runs: the sweep of clocks, requests and parts."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from workflows.commands import sweep as sweeping
from workflows.flows.joint import end_taken_back


@shared_task(name="workflows.tasks.sweep")  # type: ignore[untyped-decorator]  # celery has no types
def sweep(**_: Any) -> dict[str, int]:
    """Ring what is due now; a second sweeper at the same moment is harmless."""
    now = timezone.now()
    end_taken_back(now=now)
    return sweeping.sweep(now=now)
