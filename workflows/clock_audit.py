"""One obligation, one live clock: the figures of a district, and the list of what does not hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, prefetch_related_objects

from cases.lib.snapshot import one_moment
from cases.models import Case
from cases.querysets import CaseQuerySet
from cases.terms import ClockKind, Role, State
from workflows import clocks, limits, sla
from workflows.calendars import WorkCalendar
from workflows.clock_faults import (
    COUNTS,
    Fault,
    Scope,
    asked,
    drawn_checks,
    faults,
    issued,
    live_by_kind,
    open_by_state,
    open_objections,
    owed_follow_ups,
    owed_parts,
)
from workflows.models import Calendar, CalendarRevision, Clock, SlaPolicy
from workflows.sla import PAUSING, STAGE_CLOCK

CHUNK = 2000
AUDITORS = (Role.SUPERVISOR, Role.LEADER, Role.AUDITOR, Role.ADMINISTRATOR)
KINDS = (
    *STAGE_CLOCK.values(),
    ClockKind.OVERALL,
    ClockKind.REQUEST,
    ClockKind.PART,
    ClockKind.ORDER,
    ClockKind.FOLLOW_UP,
    ClockKind.OBJECTION,
    ClockKind.SPOT_CHECK,
    ClockKind.PROMISE,
)


@dataclass(frozen=True)
class Kind:
    """What is owed of one kind, and the clocks that watch it: `owed` is `running` and `paused` together."""

    kind: str
    label: str
    owed: int
    running: int
    paused: int
    warned: int
    overdue: int
    provisional: int
    difference: int

    @property
    def is_there(self) -> bool:
        """Whether anything is owed or watched."""
        return bool(self.owed or self.running or self.paused)


@dataclass(frozen=True)
class Audit:
    """The figures, and what does not hold; `recounted` is None when no moment was counted again."""

    at: datetime
    open_cases: int
    live_clocks: int
    recounted: int | None
    kinds: list[Kind]
    faults: list[Fault]

    @property
    def holds(self) -> bool:
        """Whether each obligation has its one live clock and all of them are right."""
        return not self.faults and not any(kind.difference for kind in self.kinds)


def audit(cases: CaseQuerySet | None = None, *, now: datetime, quick: bool = False) -> Audit:
    """Look at all clocks, or at those of some cases; `quick` counts no moment again."""
    scope = Scope(cases, now)
    with one_moment():
        found = _of(cases, faults(Scope(None, now)))
        standing = open_by_state(scope)
        kinds = _kinds(scope, standing, found)
    recounted = None
    if not quick:
        recounted, wrong = recount(scope)
        found += wrong
    live = sum(kind.running + kind.paused for kind in kinds)
    return Audit(now, sum(standing.values()), live, recounted, kinds, found)


def _of(cases: CaseQuerySet | None, found: list[Fault]) -> list[Fault]:
    """Those of some cases: to look at all and keep these is quicker than to ask each question about a scope."""
    if cases is None or not found:
        return found
    numbers = sorted({fault.number for fault in found})
    kept: set[str] = set()
    for begin in range(0, len(numbers), CHUNK):
        kept.update(cases.filter(number__in=numbers[begin : begin + CHUNK]).values_list("number", flat=True))
    return [fault for fault in found if fault.number in kept]


def _kinds(scope: Scope, standing: dict[tuple[str, bool], int], found: Sequence[Fault]) -> list[Kind]:
    owed = dict.fromkeys(KINDS, 0)
    for (state, has_team), n in standing.items():
        owed[STAGE_CLOCK[State(state)]] += n
        owed[ClockKind.OVERALL] += n
        if state in PAUSING:
            owed[_waits(State(state), has_team=has_team)] += n
    owed[ClockKind.REQUEST] = asked(scope).count()
    owed[ClockKind.PART] = owed_parts(scope).count()
    owed[ClockKind.ORDER] = issued(scope).count()
    owed[ClockKind.FOLLOW_UP] = owed_follow_ups(scope).count()
    owed[ClockKind.OBJECTION] = open_objections(scope).count()
    owed[ClockKind.SPOT_CHECK] = drawn_checks(scope).count()
    live = {kind: dict.fromkeys(COUNTS, 0) for kind in KINDS}
    for name, counts in live_by_kind(scope):
        for count, n in counts.items():
            live[ClockKind(name)][count] += n
    kinds = []
    for kind in KINDS:
        watched = live[kind]["running"] + live[kind]["paused"]
        if kind == ClockKind.PROMISE:  # owed from the answer until the history says that it was kept
            codes = [fault.code for fault in found]
            owed[kind] = watched + codes.count("promise_missing") - codes.count("promise_astray")
        difference = watched - owed[kind]
        kinds.append(Kind(kind.value, str(kind.label), **live[kind], owed=owed[kind], difference=difference))
    return kinds


def _waits(state: State, *, has_team: bool) -> ClockKind:
    if state == State.INFO_REQUESTED:
        return ClockKind.ACCEPT
    return ClockKind.HANDLE if state == State.ON_HOLD or has_team else ClockKind.DISPATCH


def recount(scope: Scope) -> tuple[int, list[Fault]]:
    """Count every moment again from the kept intervals, live or stopped; memory stays flat."""
    counter = _Counter()
    rows = scope.within(Clock.objects.order_by("pk"))
    read, last, found = 0, 0, []
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        read, last = read + len(chunk), chunk[-1].pk
        suspects = [clock.pk for clock, code in counter.wrong(chunk) if code]
        for pk in dict.fromkeys(suspects):
            found += _looked_at_again(pk, counter)
    return read, found


@transaction.atomic
def _looked_at_again(pk: int, counter: "_Counter") -> list[Fault]:
    """A clock that moved between two reads looks wrong: its case is locked and it is read once more."""
    case = Case.objects.select_for_update(of=("self",)).only("pk", "number").get(clocks=pk)
    return [Fault(code, case.number, clock.kind) for clock, code in counter.wrong([Clock.objects.get(pk=pk)])]


class _Counter:
    """Counts clocks again; limits and calendars are read once each."""

    def __init__(self) -> None:
        self.policies: dict[int, SlaPolicy] = {}
        self.calendars: dict[tuple[int, int], WorkCalendar | None] = {}
        settled = Calendar.objects.filter(settled=F("revision")).values_list("pk", "revision")
        self.settled: dict[int, int] = dict(settled)

    def wrong(self, chunk: Sequence[Clock]) -> Iterator[tuple[Clock, str]]:
        """What does not agree, clock by clock."""
        missing = {clock.policy_id for clock in chunk} - self.policies.keys()
        self.policies |= SlaPolicy.objects.in_bulk(missing) if missing else {}
        prefetch_related_objects([clock for clock in chunk if clock.adjusted], "intervals")
        for clock in chunk:
            clock.policy = self.policies[clock.policy_id]
            yield from ((clock, code) for code in self._codes(clock))

    def _codes(self, clock: Clock) -> Iterator[str]:
        calendar = self._calendar(clock.calendar_id, clock.calendar_revision)
        if calendar is None:
            if clock.stopped_at:  # of live ones the queries know
                yield "revision_unknown"
            return
        limit, kept = limits.limit_of(clock.policy), clocks.intervals_of(clock)
        again = sla.moments(limit, calendar, clock.started_at, kept)
        if again.due_at != clock.due_at:
            yield "due_differs"
        elif again.warn_at != clock.warn_at and not clock.paused_at:
            yield "warning_differs"
        if clock.stopped_at:
            used = sla.used(limit, calendar, clock.started_at, clock.stopped_at, kept)
            if int(used.total_seconds()) != clock.used_seconds:
                yield "used_differs"
            return
        if clock.alarm_at and clock.alarm_at != clocks.next_alarm(clock):
            yield "alarm_differs"
        current = self.settled.get(clock.calendar_id, clock.calendar_revision)
        if current != clock.calendar_revision:
            new = self._calendar(clock.calendar_id, current)
            if new is not None and sla.moments(limit, new, clock.started_at, kept).due_at != clock.due_at:
                yield "unsettled"

    def _calendar(self, calendar: int, revision: int) -> WorkCalendar | None:
        key = (calendar, revision)
        if key not in self.calendars:
            try:
                self.calendars[key] = limits.built(*key)
            except CalendarRevision.DoesNotExist:
                self.calendars[key] = None
        return self.calendars[key]
