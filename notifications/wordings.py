"""Every message that can be sent, by name: of each event to colleagues and to the resident, and what stands for itself.

Of each: what it is called, which variables its text may use, and a sample of what they hold.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.template import engines
from django.utils.translation import gettext as _

from cases.terms import COUNCIL_EVENTS, EventType, Role
from notifications.audience import AUDIENCE
from notifications.council_words import move_word
from notifications.standing_words import STANDING, foot_of
from notifications.text_variables import LISTS, OF_COUNCIL, OF_RESIDENT, OF_STAFF, SAID_OF, Variable

# Events of which each move has words of its own; those of the event itself stand for any other move, told to groups.
MOVES: dict[EventType, tuple[str, ...]] = {
    EventType.TOPIC_SCREENED: ("accept",),
    EventType.MEETING_MOVED: ("cancel", "miss_quorum"),
    EventType.MANDATE_CHANGED: ("give", "revoke"),
    EventType.POLL_VOIDED: ("ask", "agree", "decline"),
    EventType.DECISION_MOVED: ("take_effect", "suspend", "uphold", "remand", "annul"),
    EventType.MINUTES_MOVED: ("circulate", "approve"),
    EventType.FOLLOW_UP_MOVED: ("finish", "send_back", "cancel"),
    EventType.PROJECT_MOVED: ("propose",),
    EventType.CLOCK_ESCALATED: ("team_leader",),  # who has other means than those above
}
BY = {EventType.CLOCK_ESCALATED: "to"}  # what says which words, where it is no move
SAID = re.compile(r"\bsaid\.([a-z_]+)")


def places() -> Iterator[tuple[str, bool]]:
    """Every message that somebody gets: its name, and whether it goes to the resident."""
    for event_type, told in AUDIENCE.items():
        if told.colleagues:
            yield from ((f"{event_type}.{move}", False) for move in MOVES.get(event_type, ()))
            yield event_type, False
        if told.resident:
            yield event_type, True
    for name, standing in STANDING.items():
        yield name, standing.resident


def wording_of(event_type: str, data: Mapping[str, Any]) -> str:
    """The name of the words of an event: those of its move, where it has some."""
    if event_type not in MOVES:
        return event_type
    kind = EventType(event_type)
    move = data.get(BY.get(kind, "move"), "")
    return f"{event_type}.{move}" if move in MOVES[kind] else event_type


def event_type_of(name: str) -> str:
    """The event that words are about."""
    return name if name in EventType.values else name.rpartition(".")[0]


def event_label(event_type: str) -> str:
    """The word of an event; one that a newer release wrote is called by its code."""
    return str(EventType(event_type).label) if event_type in EventType.values else event_type


def label_of(name: str) -> str:
    """What a message is called."""
    if name in STANDING:
        return str(STANDING[name].label)
    event_type = event_type_of(name)
    label = event_label(event_type)
    if event_type not in MOVES:
        return label
    move = name.removeprefix(event_type).lstrip(".")
    word = Role(move).label if move in Role.values else move_word(event_type, move)
    return f"{label} · {word or _('其他')}"


def template_name(event_type: str, *, resident: bool) -> str:
    """The file of the words that come with the program."""
    return f"{event_type}.resident" if resident else event_type


def variables_of(name: str, *, resident: bool) -> dict[str, Variable]:
    """By name: those of every message of this kind, and what this event says. Only an answer asks to be rated."""
    if name in STANDING:
        return STANDING[name].variables
    common = OF_RESIDENT if resident else OF_COUNCIL if event_type_of(name) in COUNCIL_EVENTS else OF_STAFF
    found = {key: kind for key, kind in common.items() if key != "survey_url" or name == EventType.VERIFIED}
    said = sorted(set(SAID.findall(_source(name, resident=resident))) & set(SAID_OF))
    return found | {f"said.{key}": SAID_OF[key] for key in said}


def _source(event_type: str, *, resident: bool) -> str:
    engine = engines["django"].engine  # type: ignore[attr-defined]  # the engine itself knows its sources
    name = template_name(event_type, resident=resident)
    return str(engine.get_template(f"notifications/{name}.txt").source)


def sample_words(name: str, *, resident: bool) -> dict[str, Any]:
    """What a made-up message says, as it is handed to its text and to what stands under it."""
    words: dict[str, Any] = {"said": dict(LISTS)}
    if name not in STANDING:
        foot = STANDING[foot_of(event_type_of(name), resident=resident)]
        words |= {key: variable.shown() for key, variable in foot.variables.items() if key not in foot.if_any}
    for key, variable in variables_of(name, resident=resident).items():
        into, _dot, last = key.rpartition(".")
        (words["said"] if into else words)[last] = variable.shown()
    return words
