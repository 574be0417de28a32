"""Look again at what is due: clocks, requests, parts; several sweepers at once ring each thing once."""

from collections import Counter
from datetime import datetime
from typing import cast

from django.db import connection, transaction
from django.db.models import Q

from cases import events
from cases.models import Case
from cases.terms import ClockKind, EventType, State
from workflows import clocks
from workflows.commands.surveys import close_unanswered
from workflows.lifecycle import CaseLifecycle
from workflows.models import Clock, Part, Request

BATCH = 100


def sweep(*, now: datetime) -> dict[str, int]:
    """Ring everything that is due at `now`; returns how many of each rang: late only, never early, never twice."""
    rang: Counter[str] = Counter(clocks=0, warned=0, overdue=0, closed_unanswered=0, requests=0, parts=0)
    seen: set[int] = set()
    while batch := _due_cases(now, seen):
        seen.update(batch)
        with transaction.atomic():
            for case in _claimed(batch):
                _ring_case(case, now, rang)
    rang["clocks"] = rang["warned"] + rang["overdue"]
    return dict(rang)


def _due_cases(now: datetime, seen: set[int]) -> list[int]:
    """The next cases with something due; those seen in this run are not looked at again."""
    due = Clock.objects.filter(alarm_at__lte=now).exclude(case__in=seen).order_by("alarm_at")
    found = list(dict.fromkeys(due.values_list("case_id", flat=True)[: BATCH * 2]))[:BATCH]
    if len(found) < BATCH:
        asked = Request.objects.filter(state="asked", overdue_at=None, due_at__lte=now)
        owed = Part.objects.filter(answered_at=None, overdue_at=None, due_at__lte=now, joint__closed_at=None)
        more = {*asked.values_list("case_id", flat=True), *owed.values_list("joint__case_id", flat=True)}
        found += sorted(more - seen - set(found))[: BATCH - len(found)]
    return found


def _claimed(batch: list[int]) -> list[CaseLifecycle]:
    """Lock what no other sweeper or command holds; the rest is theirs, or due again in a minute."""
    rows = CaseLifecycle.objects.filter(pk__in=batch).select_related("area").order_by("pk")
    skip = connection.features.has_select_for_update_skip_locked
    rows = rows.select_for_update(skip_locked=skip, of=("self",)) if skip else rows.select_for_update()
    return cast(list[CaseLifecycle], list(rows))


def _ring_case(case: CaseLifecycle, now: datetime, rang: Counter[str]) -> None:
    for clock in case.clocks.filter(alarm_at__lte=now).order_by("alarm_at", "pk"):
        kind = clocks.ring(clock, case, at=now)
        if kind is None:
            continue
        rang["overdue" if kind == EventType.CLOCK_OVERDUE else "warned"] += 1
        if clock.kind == ClockKind.SURVEY and kind == EventType.CLOCK_OVERDUE and case.state == State.ANSWERED:
            case = close_unanswered(case_id=case.pk, now=now).case  # read again: its head has moved on
            rang["closed_unanswered"] += 1
    _ring_errands(case, now, rang)


def _ring_errands(case: Case, now: datetime, rang: Counter[str]) -> None:
    for request in case.requests.filter(state="asked", overdue_at=None, due_at__lte=now):
        request.overdue_at = now
        request.save(update_fields=["overdue_at"])
        log = {"request": request.pk, "kind": request.kind, "due_at": request.due_at}
        events.record_fact(case, EventType.REQUEST_OVERDUE, actor=None, at=now, data=log)
        rang["requests"] += 1
    for part in Part.objects.filter(
        Q(answered_at=None, overdue_at=None, joint__closed_at=None), joint__case=case, due_at__lte=now
    ):
        part.overdue_at = now
        part.save(update_fields=["overdue_at"])
        log = {"part": part.pk, "team": part.team_id, "due_at": part.due_at}
        events.record_fact(case, EventType.PART_OVERDUE, actor=None, at=now, data=log)
        rang["parts"] += 1
