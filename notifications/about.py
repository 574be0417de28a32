"""What a delivery is about: an event of a case or a council, or the leave of its recipient."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from notifications.channels.base import Message, Recipient
from notifications.destinations import path_of
from notifications.models import Delivery
from notifications.render import number_of, render
from notifications.texts import Texts, current_texts, stood
from notifications.wordings import event_label, label_of
from workflows.models import LeaveNews

LEAVES = "workflows:leaves"


def message_of(
    row: Delivery, recipient: Recipient, *, language: str, now: datetime, texts: Texts | None = None
) -> Message:
    """Its words for the recipient. Raises NotTheirs."""
    known = current_texts() if texts is None else texts
    if row.leave is None:
        return render(row.event, recipient, language=language, now=now, for_whom=row.on_behalf_of, texts=known)
    leave, by = row.leave, row.leave.registered_by if row.news == LeaveNews.REGISTERED else row.leave.ended_by
    with translation.override(language or settings.LANGUAGE_CODE):
        words = {
            "actor": str(by or ""),
            "first": leave.valid_from.isoformat(),
            "last": leave.last_day.isoformat(),
            "substitute": str(leave.substitute),
            "url": settings.BASE_URL + reverse(LEAVES),
            "messages_url": settings.BASE_URL + reverse("notifications:settings"),
        }
        return stood(f"leave.{row.news}", words, texts=known)


def path(row: Delivery) -> str:
    """Where its recipient reads on."""
    return reverse(LEAVES) if row.leave_id else path_of(row.event)


def number(row: Delivery) -> str:
    """The number of a case, the name of a council; nothing for a leave."""
    return "" if row.leave_id else number_of(row.event)


def label(row: Delivery) -> str:
    """What happened, in a word."""
    return label_of(f"leave.{row.news}") if row.leave_id else event_label(row.event.type)


def happened_at(row: Delivery) -> datetime:
    """When."""
    return row.created_at if row.leave_id else row.event.at
