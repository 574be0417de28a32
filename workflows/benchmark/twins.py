"""What stands in the database about imported cases, in words that do not depend on keys: two ways must say the same."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from cases.events import event_hash
from cases.models import Answer, Case, CaseEvent, Reporter, Survey
from workflows.models import Clock, ClockInterval

OWN = {"id", "number", "last_hash", "hash", "previous_hash", "case_id", "clock_id", "event_id", "reporter_id"}


def written_about(refs: Iterable[str]) -> dict[str, list[Any]]:
    """Every column of every table for the cases with these external numbers, case by case.

    Keys are left out, or replaced by what they lead to; each hash is counted anew from the row itself.
    """
    cases = list(Case.objects.filter(external_ref__in=list(refs)).select_related("reporter").order_by("external_ref"))
    return {case.external_ref: _of_case(case) for case in cases}


def _of_case(case: Case) -> list[Any]:
    events = list(CaseEvent.objects.filter(case=case).order_by("seq"))
    clocks = {clock.pk: clock for clock in Clock.objects.filter(case=case).order_by("pk")}
    intervals = ClockInterval.objects.filter(clock__case=case).select_related("clock", "event").order_by("pk")
    return [
        case.number == f"{case.reported_at.astimezone().year}-{case.pk:06d}" or case.number.endswith(f"{case.pk:06d}"),
        _columns(case),
        _columns(case.reporter) if isinstance(case.reporter, Reporter) else None,
        [(_columns(event) | {"data": _known(event.data, clocks)}, _is_chained(case, event)) for event in events],
        [_columns(clock) for clock in clocks.values()],
        [(row.clock.kind, row.event.seq, _columns(row)) for row in intervals],
        [(_columns(row), row.reporter_id == case.reporter_id) for row in Answer.objects.filter(case=case)],
        [_columns(row) for row in Survey.objects.filter(case=case)],
    ]


def _columns(row: Model) -> dict[str, Any]:
    return {c.attname: getattr(row, c.attname) for c in row._meta.concrete_fields if c.attname not in OWN}


def _known(data: dict[str, Any], clocks: dict[int, Clock]) -> dict[str, Any]:
    return data | {"clock_id": clocks[data["clock_id"]].kind} if "clock_id" in data else data


def _is_chained(case: Case, event: CaseEvent) -> bool:
    return event.hash == event_hash(
        number=case.number, seq=event.seq, type_=event.type, at=event.at, actor_id=event.actor_id, state=event.state,
        data=event.data, previous=event.previous_hash,
    )  # fmt: skip
