"""What the worker runs: events become deliveries, deliveries go out."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from notifications import delivery
from notifications import relay as relaying
from notifications.digests import send_digests

AT_ONCE = 1000  # messages; a run ends by itself well within the time limit of a task


@shared_task(name="notifications.tasks.relay")  # type: ignore[untyped-decorator]  # celery has no types
def relay(**_: Any) -> int:
    """Relay what nobody was told of; a second relay at the same moment is harmless."""
    return relaying.relay(now=timezone.now())


@shared_task(name="notifications.tasks.deliver")  # type: ignore[untyped-decorator]  # celery has no types
def deliver(**_: Any) -> dict[str, int]:
    """Send what is due, and in the morning the digests; a second sender takes other messages."""
    now = timezone.now()
    return delivery.deliver(now=now, limit=AT_ONCE) | send_digests(now=now)
