"""The objects of an OCEL log: cases, councils and their records, teams; codes and numbers, never words of people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from cases.models import AgendaItem, Decision, FollowUp, Meeting, MicroProject, Poll, Team, Topic
from workflows.event_log.scope import Scope

CHUNK = 2000


class Attribute(NamedTuple):
    """An attribute of a type, with the kind of value that OCEL knows."""

    name: str
    kind: str = "string"


@dataclass(frozen=True)
class ObjectType:
    """A kind of object: where its rows come from, the columns that say what it is, and whom it belongs to."""

    name: str
    key: str  # what identifies it, as the events name it
    since: str  # the column with the moment from which it is there
    attributes: tuple[tuple[str, Attribute], ...]  # (column, attribute)
    relations: tuple[tuple[str, str, str], ...]  # (column, type, qualifier)


class Found(NamedTuple):
    """One object as it is written."""

    type: str
    key: object
    since: datetime | None
    attributes: list[tuple[str, Any]]
    relations: list[tuple[str, object, str]]  # (type, key, qualifier)


CASE = ObjectType(
    "case", "number", "reported_at",
    (
        ("number", Attribute("number")), ("source", Attribute("source")), ("area__code", Attribute("area")),
        ("category__code", Attribute("category")), ("priority", Attribute("priority")),
        ("state", Attribute("state")), ("round", Attribute("round", "integer")),
        ("result_code", Attribute("result_code")), ("due_at", Attribute("due_at", "time")),
        ("closed_at", Attribute("closed_at", "time")),
    ),
    (
        ("team_id", "team", "handled by"), ("council_id", "council", "deliberated by"),
        ("main_case__number", "case", "merged into"), ("follows__number", "case", "follows"),
    ),
)  # fmt: skip
TEAM = ObjectType(
    "team", "pk", "", (("code", Attribute("code")), ("name", Attribute("name")), ("area__code", Attribute("area"))), ()
)
COUNCIL = ObjectType(
    "council", "pk", "",
    (
        ("code", Attribute("code")), ("name", Attribute("name")), ("kind", Attribute("kind")),
        ("area__code", Attribute("area")),
    ),
    (),
)  # fmt: skip
TOPIC = ObjectType(
    "topic", "pk", "proposed_at",
    (
        ("year", Attribute("year", "integer")), ("serial", Attribute("serial", "integer")),
        ("matter", Attribute("matter")), ("state", Attribute("state")),
    ),
    (("council_id", "council", "of"), ("merged_into_id", "topic", "merged into")),
)  # fmt: skip
MEETING = ObjectType(
    "meeting", "pk", "created_at",
    (
        ("year", Attribute("year", "integer")), ("serial", Attribute("serial", "integer")),
        ("kind", Attribute("kind")), ("mode", Attribute("mode")), ("state", Attribute("state")),
        ("planned_at", Attribute("planned_at", "time")),
    ),
    (("council_id", "council", "of"), ("reconvenes_id", "meeting", "reconvenes")),
)  # fmt: skip
ITEM = ObjectType(
    "item", "pk", "meeting__created_at",
    (("position", Attribute("position", "integer")), ("kind", Attribute("kind")), ("state", Attribute("state"))),
    (
        ("meeting_id", "meeting", "on the agenda of"), ("topic_id", "topic", "about"),
        ("carried_from_id", "item", "carried from"),
    ),
)  # fmt: skip
POLL = ObjectType(
    "poll", "pk", "created_at",
    (("method", Attribute("method")), ("state", Attribute("state"))),
    (("item_id", "item", "on"), ("topic_id", "topic", "about"), ("council_id", "council", "of")),
)  # fmt: skip
DECISION = ObjectType(
    "decision", "pk", "recorded_at",
    (
        ("number", Attribute("number")), ("kind", Attribute("kind")), ("outcome", Attribute("outcome")),
        ("state", Attribute("state")), ("effective_from", Attribute("effective_from", "time")),
    ),
    (
        ("case__number", "case", "settles"), ("council_id", "council", "of"), ("item_id", "item", "taken on"),
        ("poll_id", "poll", "by"), ("supersedes_id", "decision", "supersedes"),
    ),
)  # fmt: skip
FOLLOW_UP = ObjectType(
    "follow_up", "pk", "decision__recorded_at",
    (("kind", Attribute("kind")), ("state", Attribute("state")), ("progress", Attribute("progress", "integer"))),
    (("decision_id", "decision", "follows from"), ("owner_id", "team", "owed by"), ("poll_id", "poll", "led to")),
)  # fmt: skip
PROJECT = ObjectType(
    "project", "pk", "proposed_at",
    (
        ("year", Attribute("year", "integer")), ("serial", Attribute("serial", "integer")),
        ("state", Attribute("state")), ("fund_source", Attribute("fund_source")),
        ("budget_fen", Attribute("budget_fen", "integer")), ("approved_fen", Attribute("approved_fen", "integer")),
        ("settled_fen", Attribute("settled_fen", "integer")),
    ),
    (("follow_up_id", "follow_up", "carries out"),),
)  # fmt: skip
TYPES = (CASE, COUNCIL, TEAM, TOPIC, MEETING, ITEM, POLL, DECISION, FOLLOW_UP, PROJECT)


def objects_of(scope: Scope) -> Iterator[Found]:
    """Every object of the log, kind by kind."""
    councils = scope.councils()
    of_councils: tuple[tuple[ObjectType, QuerySet[Any]], ...] = (
        (TOPIC, Topic.objects.filter(council__in=councils)),
        (MEETING, Meeting.objects.filter(council__in=councils)),
        (ITEM, AgendaItem.objects.filter(meeting__council__in=councils)),
        (POLL, Poll.objects.filter(council__in=councils)),
        (DECISION, Decision.objects.filter(council__in=councils)),
        (FOLLOW_UP, FollowUp.objects.filter(decision__council__in=councils)),
        (PROJECT, MicroProject.objects.filter(follow_up__decision__council__in=councils)),
    )
    yield from _read(CASE, scope.cases())
    yield from _read(COUNCIL, councils)
    yield from _read(TEAM, Team.objects.all())
    rests_on = _cases_of_topics(scope)
    for kind, rows in of_councils:
        for found in _read(kind, rows):
            if kind is TOPIC:
                found.relations.extend(("case", number, "rests on") for number in rests_on.get(found.key, ()))
            yield found


def _cases_of_topics(scope: Scope) -> dict[object, list[str]]:
    pairs = Topic.objects.filter(council__in=scope.councils(), cases__isnull=False).order_by("pk", "cases__pk")
    found: dict[object, list[str]] = {}
    for topic, number in pairs.values_list("pk", "cases__number"):
        found.setdefault(topic, []).append(number)
    return found


def _read(kind: ObjectType, rows: QuerySet[Any]) -> Iterator[Found]:
    columns = [kind.key, *([kind.since] if kind.since else [])]
    said = [column for column, _ in kind.attributes]
    related = [column for column, _, _ in kind.relations]
    for row in rows.order_by("pk").values(*dict.fromkeys((*columns, *said, *related))).iterator(chunk_size=CHUNK):
        yield Found(
            kind.name,
            row[kind.key],
            row[kind.since] if kind.since else None,
            [(one.name, row[column]) for column, one in kind.attributes if row[column] not in (None, "")],
            list(_relations(kind.relations, row)),
        )


def _relations(declared: Iterable[tuple[str, str, str]], row: dict[str, Any]) -> Iterator[tuple[str, object, str]]:
    return ((kind, row[column], qualifier) for column, kind, qualifier in declared if row[column] is not None)
