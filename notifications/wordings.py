"""Every message that can be sent, by name: of each event to colleagues and to the resident, and what stands for itself.

Of each: what it is called, which variables its text may use, and a sample of what they hold.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.template import engines

from cases.terms import COUNCIL_EVENTS, EventType
from notifications.audience import AUDIENCE
from notifications.standing_words import STANDING, foot_of
from notifications.text_variables import LISTS, OF_COUNCIL, OF_RESIDENT, OF_STAFF, SAID_OF, Variable

SAID = re.compile(r"\bsaid\.([a-z_]+)")


def places() -> Iterator[tuple[str, bool]]:
    """Every message that somebody gets: its name, and whether it goes to the resident."""
    for event_type, told in AUDIENCE.items():
        if told.colleagues:
            yield event_type, False
        if told.resident:
            yield event_type, True
    for name, standing in STANDING.items():
        yield name, standing.resident


def label_of(name: str) -> str:
    """What a message is called."""
    if name in STANDING:
        return str(STANDING[name].label)
    return str(EventType(name).label) if name in EventType.values else name


def template_name(event_type: str, *, resident: bool) -> str:
    """The file of the words that come with the program."""
    return f"{event_type}.resident" if resident else event_type


def variables_of(name: str, *, resident: bool) -> dict[str, Variable]:
    """By name: those of every message of this kind, and what this event says. Only an answer asks to be rated."""
    if name in STANDING:
        return STANDING[name].variables
    common = OF_RESIDENT if resident else OF_COUNCIL if name in COUNCIL_EVENTS else OF_STAFF
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
        foot = STANDING[foot_of(name, resident=resident)]
        words |= {key: variable.shown() for key, variable in foot.variables.items() if key not in foot.if_any}
    for key, variable in variables_of(name, resident=resident).items():
        into, _dot, last = key.rpartition(".")
        (words["said"] if into else words)[last] = variable.shown()
    return words
