"""One message about ten cases: how the limits of one person stand, as one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from cases.models import Case, CaseEvent, User
from cases.terms import EventType
from notifications.channels.base import Message
from notifications.render import case_path, facts_of, told_for
from notifications.texts import written

LONGEST_LIST = 50


@dataclass
class Item:
    """One case with all that is said of it, the most pressing first."""

    number: str
    title: str
    said: list[dict[str, Any]]
    url: str

    @property
    def due_at(self) -> datetime | None:
        """The first limit that is named."""
        return min((words["due_at"] for words in self.said if words["due_at"]), default=None)


def render_bundle(events: Sequence[CaseEvent], *, language: str, for_whom: User | None = None) -> Message:
    """One message for a colleague about several events, a line for each case."""
    with translation.override(language or settings.LANGUAGE_CODE):
        items = items_of(events)
        words = {
            "count": len(items),
            "overdue": sum(event.type.endswith(".overdue") for event in events),
            "items": items[:LONGEST_LIST],
            "more": max(len(items) - LONGEST_LIST, 0),
            "url": settings.BASE_URL + reverse("home"),
            "messages_url": settings.BASE_URL + reverse("notifications:settings"),
        }
        return told_for(written("bundle", words), for_whom)


def items_of(events: Sequence[CaseEvent]) -> list[Item]:
    """The cases of these events, the earliest limit first."""
    found: dict[int | None, Item] = {}
    for event in events:
        item = found.setdefault(event.case_id, _item(event.case, event))
        item.said.append(_said(event))
    for item in found.values():
        item.said.sort(key=_moment)
    return sorted(found.values(), key=lambda item: _moment({"due_at": item.due_at}))


def _item(case: Case, event: CaseEvent) -> Item:
    return Item(case.number, facts_of(event, case)["title"], [], settings.BASE_URL + case_path(case))


def _said(event: CaseEvent) -> dict[str, Any]:
    said = facts_of(event, event.case)["said"]
    due_at = said.get("due_at")
    return {
        "label": EventType(event.type).label,
        "clock": said.get("clock", ""),
        "due_at": due_at if isinstance(due_at, datetime) else None,
        "words": said.get("words", ""),
    }


def _moment(words: dict[str, Any]) -> float:
    return words["due_at"].timestamp() if words["due_at"] else float("inf")
