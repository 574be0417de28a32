"""Everything together as an OCEL 2.0 log in JSON: objects, and events that tell of several objects at once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

from django.db.models import QuerySet

from cases.models import AgendaItem, CaseEvent
from cases.terms import EventType
from workflows.event_log.naming import CODES, TYPES, Naming, codes, moment
from workflows.event_log.objects import TYPES as OBJECT_TYPES
from workflows.event_log.objects import objects_of
from workflows.event_log.scope import Scope
from workflows.event_log.xes import Written

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # OCEL's "since ever": of what has no moment of its own
CHUNK = 2000
COLUMNS = ("pk", "type", "at", "actor_id", "state", "data", "case__number", "council_id")
# What an event names in its data: (word, kind of object, qualifier).
NAMED = (
    ("team", "team", "team"), ("council", "council", "council"), ("main_case", "case", "main case"),
    ("topic", "topic", "topic"), ("meeting", "meeting", "meeting"), ("item", "item", "item"), ("poll", "poll", "poll"),
    ("decision", "decision", "decision"), ("follow_up", "follow_up", "follow-up"), ("project", "project", "project"),
    ("case", "case", "case"),
)  # fmt: skip
NAMED_BY_LIST = (("topics", "topic", "topic"), ("items", "item", "item"))
OF_EVENTS = (("code", "string"), ("resource", "string"), ("state", "string"))


def object_id(kind: str, key: object) -> str:
    """`case:2026-000007`: unique over all kinds."""
    return f"{kind}:{key}"


def write_ocel(out: TextIO, scope: Scope, names: Naming) -> Written:
    """Write the log; only the names of its objects are kept in memory."""
    event_attributes = [
        *({"name": name, "type": kind} for name, kind in OF_EVENTS),
        *({"name": name, "type": TYPES.get(name, "string")} for name in CODES),
    ]
    object_types = [
        {"name": kind.name, "attributes": [{"name": one.name, "type": one.kind} for _, one in kind.attributes]}
        for kind in OBJECT_TYPES
    ]
    event_types = [{"name": name, "attributes": event_attributes} for name in names.activities()]
    known = {object_id(found.type, found.key) for found in objects_of(scope)}
    agendas = _agendas(scope)
    out.write(f'{{"objectTypes":{_dump(object_types)},\n"eventTypes":{_dump(event_types)},\n"objects":[\n')
    objects = _write(out, _objects(scope, known))
    out.write('],\n"events":[\n')
    events = _write(out, _events(scope, names, known, agendas))
    out.write("]}\n")
    return Written(events, objects=objects)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _write(out: TextIO, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        out.write(f"{',' if count else ''}{_dump(row)}\n")
        count += 1
    return count


def _objects(scope: Scope, known: set[str]) -> Iterator[dict[str, Any]]:
    for found in objects_of(scope):
        since = moment(found.since or EPOCH)
        yield {
            "id": object_id(found.type, found.key),
            "type": found.type,
            "attributes": [{"name": name, "time": since, "value": _text(value)} for name, value in found.attributes],
            "relationships": [
                {"objectId": other, "qualifier": qualifier}
                for kind, key, qualifier in found.relations
                if (other := object_id(kind, key)) in known
            ],
        }


def _agendas(scope: Scope) -> dict[int, list[int]]:
    """The items that the notice of each meeting announced: convening it told of them."""
    items = AgendaItem.objects.filter(meeting__council__in=scope.councils(), published_at__isnull=False)
    found: dict[int, list[int]] = {}
    for meeting, item in items.order_by("pk").values_list("meeting_id", "pk"):
        found.setdefault(meeting, []).append(item)
    return found


def _events(scope: Scope, names: Naming, known: set[str], agendas: dict[int, list[int]]) -> Iterator[dict[str, Any]]:
    for rows in (scope.case_events().order_by("case_id", "seq"), scope.council_events().order_by("council_id", "seq")):
        for pk, kind, at, actor_id, state, data, number, council in _read(rows):
            if kind == EventType.MEETING_CONVENED:
                data["items"] = agendas.get(data["meeting"], [])
            said = {"code": kind, "resource": names.resource(actor_id, data), "state": state, **codes(data)}
            yield {
                "id": f"event:{pk}",
                "type": names.activity(kind, data),
                "time": moment(at),
                "attributes": [{"name": name, "value": _text(value)} for name, value in said.items() if value != ""],
                "relationships": [
                    {"objectId": other, "qualifier": qualifier}
                    for other, qualifier in _told_of(data, number, council)
                    if other in known
                ],
            }


def _read(rows: QuerySet[CaseEvent]) -> Iterator[tuple[Any, ...]]:
    return rows.values_list(*COLUMNS).iterator(chunk_size=CHUNK)


def _told_of(data: dict[str, Any], number: str | None, council: int | None) -> Iterator[tuple[str, str]]:
    """The objects of an event: its case or council, and what it names; each once."""
    found: dict[str, str] = {}
    if number:
        found[object_id("case", number)] = "case"
    if council:
        found[object_id("council", council)] = "council"
    for word, kind, qualifier in NAMED:
        if data.get(word):
            found.setdefault(object_id(kind, data[word]), qualifier)
    for word, kind, qualifier in NAMED_BY_LIST:
        for key in data.get(word) or ():
            found.setdefault(object_id(kind, key), qualifier)
    for part in data.get("co_handlers") or ():
        found.setdefault(object_id("team", part["team"]), "helping team")
    yield from found.items()


def _text(value: object) -> str:
    """Values stand as text, whatever their type: so does the standard, and a reader turns them by the declared type."""
    if isinstance(value, bool):
        return str(value).lower()
    return moment(value) if isinstance(value, datetime) else str(value)
