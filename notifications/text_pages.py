"""What the pages of texts show: which messages there are, a text with its preview, what differs between versions."""

import difflib
from dataclasses import dataclass

from django.conf import settings

from notifications.models import TextVersion
from notifications.safe_text import Text
from notifications.standing_words import STANDING
from notifications.text_commands import Place
from notifications.texts import builtin_text
from notifications.wordings import label_of, places

STAFF, RESIDENT, PARTS = TABS = ("staff", "resident", "parts")


@dataclass(frozen=True)
class Row:
    """One message of the list: to whom, and for each language the version in use (0: the program's)."""

    event_type: str
    label: str
    resident: bool
    languages: list[tuple[str, str, int]]


@dataclass(frozen=True)
class Change:
    """One line of a comparison: kept, taken out (-) or put in (+)."""

    sign: str
    line: str


def place_of(event_type: str, kind: str, language: str) -> Place | None:
    """The place that an address names; None when there is no such message or language."""
    resident = kind == RESIDENT
    if kind not in (STAFF, RESIDENT) or language not in dict(settings.LANGUAGES):
        return None
    return Place(event_type, resident, language) if (event_type, resident) in set(places()) else None


def rows(tab: str) -> list[Row]:
    """Every message of a tab with what is in use; one query."""
    current = TextVersion.objects.filter(is_current=True).values_list("event_type", "resident", "language", "number")
    numbers = {(event_type, resident, language): n for event_type, resident, language, n in current}
    return [
        Row(
            event_type,
            label_of(event_type),
            resident,
            [(code, str(name), numbers.get((event_type, resident, code), 0)) for code, name in settings.LANGUAGES],
        )
        for event_type, resident in places()
        if tab == (PARTS if event_type in STANDING else RESIDENT if resident else STAFF)
    ]


def text_in_use(place: Place) -> Text:
    """What is said now, ready to be edited."""
    version = place.versions.filter(is_current=True).first()
    if version:
        return Text(version.subject, version.body)
    return builtin_text(place.event_type, resident=place.resident, language=place.language)


def changes(old: Text, new: Text) -> list[Change]:
    """The lines of the one against those of the other."""
    found = difflib.ndiff(_lines(old), _lines(new))
    return [Change(line[0], line[2:]) for line in found if line[0] != "?"]


def _lines(text: Text) -> list[str]:
    return [text.subject, "", *text.body.splitlines()]
