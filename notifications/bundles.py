"""One message about ten cases: how the limits of one person stand, as one list."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from cases.models import Case, CaseEvent, User
from cases.terms import EventType
from notifications.channels.base import Message
from notifications.destinations import path_of
from notifications.lists import Item, Reminder, counted, listed_items
from notifications.render import facts_of
from notifications.standing_words import BUNDLE
from notifications.texts import current_texts, stood, told_for

LONGEST_LIST = 50


def render_bundle(events: Sequence[CaseEvent], *, language: str, for_whom: User | None = None) -> Message:
    """One message for a colleague about several events, a line for each case."""
    texts = current_texts()
    with translation.override(language or settings.LANGUAGE_CODE):
        items = items_of(events)
        overdue = sum(event.type.endswith(".overdue") for event in events)
        words = {
            "count": str(len({item.number for item in items})),
            "overdue": counted(overdue),
            "list": listed_items(items[:LONGEST_LIST]),
            "more": counted(len(items) - LONGEST_LIST),
            "url": settings.BASE_URL + reverse("home"),
            "messages_url": settings.BASE_URL + reverse("notifications:settings"),
        }
        message = stood(BUNDLE, words, texts=texts)
        return told_for(message, str(for_whom), texts=texts) if for_whom else message


def items_of(events: Sequence[CaseEvent]) -> list[Item]:
    """The cases of these events, the earliest limit first; what is done on another page stands by itself."""
    found: dict[tuple[int | None, str], Item] = {}
    for event in events:
        path = path_of(event)
        item = found.setdefault((event.case_id, path), _item(event.case, event, path))
        item.said.append(_reminder(event))
    for item in found.values():
        item.said.sort(key=_moment)
    return sorted(found.values(), key=_moment)


def _item(case: Case, event: CaseEvent, path: str) -> Item:
    return Item(case.number, facts_of(event, case)["title"], settings.BASE_URL + path)


def _reminder(event: CaseEvent) -> Reminder:
    said = facts_of(event, event.case)["said"]
    due_at = said.get("due_at")
    return Reminder(
        label=str(EventType(event.type).label),
        clock=str(said.get("clock", "")),
        due_at=due_at if isinstance(due_at, datetime) else None,
        words=said.get("words", ""),
    )


def _moment(said: Item | Reminder) -> float:
    return said.due_at.timestamp() if said.due_at else float("inf")
