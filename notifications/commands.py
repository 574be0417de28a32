"""What a person does with their own messages: read them, choose how to be told."""

from datetime import datetime

from django.db.models import QuerySet

from cases.models import User
from notifications.models import ChannelName, Delivery, Preference


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


def choose_email(*, actor: User, on: bool, language: str) -> Preference:
    """Whether and in which language a person wants e-mail."""
    chosen = {"on": on, "language": language}
    return Preference.objects.update_or_create(user=actor, channel=ChannelName.EMAIL, defaults=chosen)[0]
