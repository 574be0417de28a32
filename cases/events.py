"""The only writer of history: events of a case or a council, each chained to the one before it by a hash."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder

from cases.lib.bulk import insert_many, update_many
from cases.models import Case, CaseEvent, Council, User
from cases.terms import EventType

HEAD_FIELDS = ("version", "last_hash")
READ_FIELDS = ("number", "state", *HEAD_FIELDS)  # what must be read of a case to go on with its history


def event_hash(  # noqa: PLR0913  # the hashed columns, one by one
    *, number: str, seq: int, type_: str, at: datetime, actor_id: int | None, state: str, data: Any, previous: str
) -> str:
    """SHA-256 over the event and the hash of the one before it."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(
        [number, seq, type_, moment, actor_id, state, data, previous],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()


def record(
    case: Case, event_type: EventType, *, actor: User | None, at: datetime, data: dict[str, Any] | None = None
) -> CaseEvent:
    """Append one event. The case row must be locked; the caller saves the case with HEAD_FIELDS afterwards."""
    event = chained(case, event_type, actor=actor, at=at, data=data or {})
    event.save(force_insert=True)
    return event


def chained(case: Case, event_type: EventType, *, actor: User | None, at: datetime, data: dict[str, Any]) -> CaseEvent:
    """The next event of a case, not saved; the head of the case goes on to it. Both are the caller's to save."""
    event = CaseEvent(case=case, type=event_type.value, at=at, actor=actor, state=case.state, data=data)
    return _link(event, case, case.number)


def _link(event: CaseEvent, subject: Case | Council, number: str) -> CaseEvent:
    """Put an event behind the newest of its subject, whose head goes on to it."""
    event.data = json.loads(json.dumps(event.data, cls=DjangoJSONEncoder))  # what the database will give back
    event.seq, event.previous_hash = subject.version + 1, subject.last_hash
    event.hash = event_hash(
        number=number,
        seq=event.seq,
        type_=event.type,
        at=event.at,
        actor_id=event.actor_id,
        state=event.state,
        data=event.data,
        previous=event.previous_hash,
    )
    subject.version, subject.last_hash = event.seq, event.hash
    return event


def record_in_council(
    council: Council, event_type: EventType, *, actor: User | None, at: datetime, data: dict[str, Any]
) -> CaseEvent:
    """Append one event to the history of a council, whose row is locked, and save its head.

    `data` names what it is about by keys: meeting, item, topic, poll, decision, notice, follow_up, project.
    """
    event = CaseEvent(council=council, type=event_type.value, at=at, actor=actor, data=data)
    _link(event, council, council.code)
    event.save(force_insert=True)
    council.save(update_fields=HEAD_FIELDS)
    return event


def record_fact(
    case: Case,
    event_type: EventType,
    *,
    actor: User | None,
    at: datetime,
    data: dict[str, Any] | None = None,
    fields: Iterable[str] = (),
) -> CaseEvent:
    """Append an event that moves nothing, and save the locked case."""
    event = record(case, event_type, actor=actor, at=at, data=data)
    case.save(update_fields=[*HEAD_FIELDS, *fields])
    return event


class Fact(NamedTuple):
    """What is to be said of a case, moving nothing."""

    case: Case
    type: EventType
    data: dict[str, Any]


def record_facts(facts: Sequence[Fact], *, at: datetime, actor: User | None = None, fields: Iterable[str] = ()) -> None:
    """Append events to many locked cases, several to one in their order; two statements, however many they are."""
    rows = [chained(fact.case, fact.type, actor=actor, at=at, data=fact.data) for fact in facts]
    insert_many(rows)
    update_many(list({fact.case.pk: fact.case for fact in facts}.values()), [*HEAD_FIELDS, *fields])


@dataclass(frozen=True)
class Break:
    """Where a history does not hold: which case, at which event, and why."""

    number: str
    seq: int
    reason: str


@dataclass(frozen=True)
class Verified:
    """The result for a run: how much was read, and every break found."""

    cases: int
    events: int
    broken: list[Break]


def verify(cases: Iterable[tuple[int, str, int, str, str]], rows: Iterator[tuple[Any, ...]]) -> Verified:
    """Check chains. `cases` are (id, number, version, last_hash, state), `rows` events; both ordered by case id.

    Rows are (case_id, seq, type, at, actor_id, state, data, previous_hash, hash), ordered by case and seq.
    Found: an edited event (its hash), a deleted or added one (its number), a swap (previous hash), a cut tail
    (the head kept with the case), a state changed behind the history's back, events of no case.
    """
    broken: list[Break] = []
    total = read = 0
    row = next(rows, None)
    for case_id, number, version, last_hash, state in cases:
        total += 1
        seq, previous, replayed, fault = 0, "", "", None
        while row is not None and row[0] == case_id:
            seq += 1
            read += 1
            fault = fault or _fault(number, row, seq, previous)
            previous, replayed = row[8], row[5]
            row = next(rows, None)
        if fault is None and (seq != version or previous != last_hash):
            fault = Break(number, seq + 1, f"the history ends at {seq}, the case says {version}")
        if fault is None and replayed != state:
            fault = Break(number, seq, f"the history says {replayed}, the case says {state}")
        if fault:
            broken.append(fault)
    if row is not None:
        broken.append(Break("", row[1], f"an event of case id {row[0]}, which does not exist"))
    return Verified(total, read, broken)


def _fault(number: str, row: tuple[Any, ...], seq: int, previous: str) -> Break | None:
    _, got, type_, at, actor_id, state, data, before, digest = row
    if got != seq:
        return Break(number, seq, f"event {seq} is missing")
    if before != previous:
        return Break(number, seq, "it does not follow from the event before it")
    wanted = event_hash(
        number=number,
        seq=seq,
        type_=type_,
        at=at,
        actor_id=actor_id,
        state=state,
        data=data,
        previous=before,
    )
    return None if wanted == digest else Break(number, seq, "its words were changed after it was written")


WORDS_COLUMNS = ("seq", "type", "at", "actor_id", "state", "data", "previous_hash", "hash")
EVENT_COLUMNS = ("case_id", *WORDS_COLUMNS)
CASE_COLUMNS = ("pk", "number", "version", "last_hash", "state")


def verify_all() -> Verified:
    """Check every case and every council; memory stays flat."""
    cases = Case.objects.order_by("pk").values_list(*CASE_COLUMNS).iterator(2000)
    rows = CaseEvent.objects.filter(council=None).order_by("case_id", "seq").values_list(*EVENT_COLUMNS).iterator(2000)
    found, others = verify(cases, rows), verify_councils()
    return Verified(found.cases, found.events + others.events, found.broken + others.broken)


def verify_councils() -> Verified:
    """Check every council: its history is chained like that of a case, under its code, and has no state."""
    heads = Council.objects.order_by("pk").values_list("pk", "code", "version", "last_hash").iterator(2000)
    rows = CaseEvent.objects.filter(case=None).order_by("council_id", "seq")
    columns = rows.values_list("council_id", *WORDS_COLUMNS).iterator(2000)
    return verify(((*head, "") for head in heads), columns)


def verify_case(case: Case, events: Iterable[CaseEvent] | None = None) -> Verified:
    """Check one case; `events` when its page has read them already, in their order."""
    head = (case.pk, case.number, case.version, case.last_hash, case.state)
    if events is not None:
        return verify([head], (tuple(getattr(event, name) for name in EVENT_COLUMNS) for event in events))
    rows = CaseEvent.objects.filter(case=case).order_by("seq").values_list(*EVENT_COLUMNS)
    return verify([head], iter(rows))
