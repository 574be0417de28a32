"""What a person does with their own messages: read them, choose how to be told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from cases.models import User
from notifications.models import Delivery, Preference, Rhythm


def mark_read(*, delivery_id: int, actor: User, now: datetime) -> bool:
    """One message was read, and what stands under it; False when it is not theirs or was read before."""
    mine = Delivery.objects.inbox_of(actor).unread().filter(pk=delivery_id)
    return bool(_read(mine, actor, now))


def mark_all_read(*, newest_id: int, actor: User, now: datetime) -> int:
    """Everything up to the newest message that was on the page; what came meanwhile stays unread."""
    return _read(Delivery.objects.inbox_of(actor).unread().filter(pk__lte=newest_id), actor, now)


def _read(heads: QuerySet[Delivery], actor: User, now: datetime) -> int:
    bundles = list(heads.exclude(bundle=None).values_list("bundle", flat=True))
    if bundles:
        Delivery.objects.filter(recipient_user=actor, bundle__in=bundles, is_head=False).update(read_at=now)
    return heads.update(read_at=now)


@transaction.atomic
def choose_settings(*, actor: User, rhythm: dict[str, Any], channels: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """When a person wants to be told, and what of each channel."""
    Rhythm.objects.update_or_create(user=actor, defaults=rhythm)
    for channel, chosen in channels:
        Preference.objects.update_or_create(user=actor, channel=channel, defaults=chosen)
