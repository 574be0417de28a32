"""What a log says of an event: its activity, who did it, and the few words of it that are codes, never free text."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cases.lib.crypto import keyed
from cases.models import User
from cases.terms import EventType
from workflows.conformance.tables import MACHINES, SAYS
from workflows.graph import moves_of

# Codes and numbers: what people wrote, whom it is about and where they live stay out of every log.
CODES = (
    "category", "priority", "policy_version", "source", "result_code", "satisfaction", "solved", "reason_code", "kind",
    "outcome", "clock", "round", "level", "matter", "method", "percent", "returns", "late", "n", "heads",
)  # fmt: skip
TYPES = {
    "policy_version": "integer", "round": "integer", "level": "integer", "percent": "integer", "returns": "integer",
    "n": "integer", "heads": "integer", "solved": "boolean", "late": "boolean",
}  # fmt: skip


@lru_cache(maxsize=4)
def _moves(language: str) -> dict[tuple[str, str], str]:  # noqa: ARG001  # labels are of the language that is active
    labels = {}
    for machine in MACHINES.values():
        for move in moves_of(machine.lifecycle, machine.states):
            labels[machine.name, move.name] = move.label
    return labels


def move_labels(language: str) -> dict[tuple[str, str], str]:
    """The label of each move of each machine of councils, in the active language."""
    return _moves(language)


@dataclass(frozen=True)
class Naming:
    """How events are named in one log. `people` is None: each person is a pseudonym that only this district makes."""

    language: str
    people: dict[int, str] | None = None

    def activity(self, kind: str, data: dict[str, Any]) -> str:
        """The office word of an event; where several moves share it, that of the move beside it."""
        event = EventType(kind)
        says = SAYS.get(event)
        if says is None or says.move:
            return str(event.label)
        word = str(data.get("move", ""))
        label = move_labels(self.language).get((says.machine, says.words.get(word, word)))
        return f"{event.label} · {label}" if label else str(event.label)

    def activities(self) -> list[str]:
        """Every activity that may be in a log."""
        found: dict[str, None] = {}
        for event in EventType:
            found[str(event.label)] = None
            says = SAYS.get(event)
            if says is not None and not says.move:
                for machine, move in move_labels(self.language):
                    if machine == says.machine:
                        found[self.activity(event, {"move": move})] = None
        return list(found)

    def resource(self, actor_id: int | None, data: dict[str, Any]) -> str:
        """Who did it: a pseudonym or a name; the system where nobody did."""
        if actor_id is None:
            return f"system:{data.get('by', 'clock')}"
        if self.people is not None:
            return self.people.get(actor_id, "")
        return f"R-{keyed(f'event-log:{actor_id}').hex()[:10]}"


def naming(language: str, *, with_names: bool) -> Naming:
    """The names of staff come into a log only when somebody asks for them."""
    return Naming(language, dict(User.objects.values_list("pk", "name")) if with_names else None)


def codes(data: dict[str, Any]) -> dict[str, Any]:
    """What of the words of an event may stand in a log."""
    kept = {name: data[name] for name in CODES if data.get(name) not in (None, "")}
    return {name: value for name, value in kept.items() if isinstance(value, str | int | bool)}


def moment(at: datetime) -> str:
    """In UTC, to the microsecond: events of one moment keep their order by it, and every reader takes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
