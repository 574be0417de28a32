"""What must never stand in a row, a line of the log or on a page, even when a far end repeats it to us."""

from collections.abc import Iterator

from django.conf import settings

from notifications.channels.base import Recipient
from notifications.channels.tokens import live
from notifications.models import Subscriber


def secrets_of(recipient: Recipient) -> list[str]:
    """The keys of a robot or system with those of the platforms, and their tokens."""
    return [secret for secret in (*_own(recipient), *_of_platforms(), *live("wecom", "wechat")) if secret]


def _own(recipient: Recipient) -> Iterator[str]:
    if isinstance(recipient, Subscriber):
        yield from (recipient.address, recipient.secret, recipient.old_secret)


def _of_platforms() -> Iterator[str]:
    yield from (settings.SMS_SECRET, settings.WECOM_SECRET, settings.WECHAT_SECRET, settings.EMAIL_HOST_PASSWORD)
