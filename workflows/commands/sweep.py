"""Look again at what is due; several sweepers at once ring each thing once."""

from collections import Counter
from datetime import datetime
from typing import cast

from django.db import connection, transaction
from django.db.models import Q

from cases import events
from cases.terms import ClockKind, State
from workflows.commands.surveys import close_unanswered
from workflows.lifecycle import CaseLifecycle
from workflows.models import Clock
from workflows.ringing import ring

BATCH = 500
INTERVAL_SECONDS = 60  # nothing that is due waits longer than this for the timetable, should the loop be away


def sweep(*, now: datetime) -> dict[str, int]:
    """Ring everything that is due at `now`; returns how many of each rang: late only, never early, never twice."""
    rang: Counter[str] = Counter(clocks=0, warned=0, overdue=0, escalated=0, closed_unanswered=0)
    seen: tuple[datetime, int] | None = None
    while batch := _due_clocks(now, seen):
        seen = batch[-1][:2]
        with transaction.atomic():
            cases = _claimed({case_id for _, _, case_id in batch})
            marks, ended = ring(cases, now=now)
            rang += marks
            rang["closed_unanswered"] += _close_surveys(ended, cases, now)
    rang["clocks"] = rang["warned"] + rang["overdue"] + rang["escalated"]
    return {name: rang[name] for name in ("clocks", "warned", "overdue", "escalated", "closed_unanswered")}


def _due_clocks(now: datetime, seen: tuple[datetime, int] | None) -> list[tuple[datetime, int, int]]:
    """The next clocks whose moment has come: (alarm_at, key, case). Those looked at in this run are passed by."""
    due = Clock.objects.filter(alarm_at__lte=now)
    if seen is not None:
        due = due.filter(Q(alarm_at__gt=seen[0]) | Q(alarm_at=seen[0], pk__gt=seen[1]), alarm_at__gte=seen[0])
    rows = due.order_by("alarm_at", "pk").values_list("alarm_at", "pk", "case_id")[:BATCH]
    return [(alarm_at, pk, case_id) for alarm_at, pk, case_id in rows if alarm_at is not None]


def _claimed(case_ids: set[int]) -> list[CaseLifecycle]:
    """Lock what no other sweeper or command holds; the rest is theirs, or due again in a moment."""
    rows = CaseLifecycle.objects.filter(pk__in=case_ids).only(*events.READ_FIELDS).order_by("pk")
    skip = connection.features.has_select_for_update_skip_locked
    rows = rows.select_for_update(skip_locked=skip, of=("self",)) if skip else rows.select_for_update()
    return cast(list[CaseLifecycle], list(rows))


def _close_surveys(ended: list[Clock], cases: list[CaseLifecycle], now: datetime) -> int:
    """A survey clock that ran out ends the case."""
    answered = {case.pk for case in cases if case.state == State.ANSWERED}
    gone = [clock.case_id for clock in ended if clock.kind == ClockKind.SURVEY and clock.case_id in answered]
    for case_id in gone:
        close_unanswered(case_id=case_id, now=now)
    return len(gone)
