"""The only writer of clocks and of `Case.due_at`: what starts, pauses, goes on and stops with each event.

Lock order: the case first, then its clocks, everywhere; the other way round deadlocks.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Q

from cases import events
from cases.models import Case, CaseEvent
from cases.terms import END_STATES, ClockKind, EventType, State
from workflows import sla
from workflows.calendars import WorkCalendar
from workflows.models import Calendar, Clock, ClockInterval, PolicyVersion, SlaPolicy

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2045, 12, 31)  # cases are reported and due within these

STAGE_CLOCK = {
    State.REPORTED: ClockKind.ACCEPT,
    State.INFO_REQUESTED: ClockKind.INFO,
    State.ACCEPTED: ClockKind.DISPATCH,
    State.DISPATCHED: ClockKind.SIGN,
    State.IN_PROGRESS: ClockKind.HANDLE,
    State.DELIBERATING: ClockKind.DELIBERATE,
    State.ON_HOLD: ClockKind.HOLD_REVIEW,
    State.SUBMITTED: ClockKind.VERIFY,
    State.ANSWERED: ClockKind.SURVEY,
    State.REOPEN_REQUESTED: ClockKind.REOPEN_DECISION,
}
PAUSING = frozenset({State.INFO_REQUESTED, State.DELIBERATING, State.ON_HOLD})  # the clock of the stage left waits
ANSWERING = (EventType.VERIFIED, EventType.ANSWER_ADOPTED)
CLOCK_FIELDS = [
    "policy", "generation", "due_at", "warn_at", "alarm_at", "paused_at", "stopped_at", "warned_at", "overdue_at",
    "used_seconds", "adjusted",
]  # fmt: skip


class NoLimit(LookupError):
    """No limit is set for this clock."""


@lru_cache(maxsize=16)
def _built(calendar_id: int, revision: int) -> WorkCalendar:  # noqa: ARG001  # the revision is the key
    calendar = Calendar.objects.get(pk=calendar_id)
    periods = tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in calendar.periods)
    days = dict(calendar.days.values_list("date", "is_working"))
    return WorkCalendar(FIRST_DAY, LAST_DAY, days, periods, ZoneInfo(calendar.zone))


def work_calendar(calendar: Calendar) -> WorkCalendar:
    """The arithmetic of a calendar, built once for each revision."""
    return _built(calendar.pk, calendar.revision)


def limit_of(policy: SlaPolicy) -> sla.Limit:
    """The pure form of a limit."""
    return sla.Limit(policy.amount, policy.unit, policy.warn_percent)


def live_version(at: datetime) -> int | None:
    """The number of the policy version that is live at a moment."""
    return PolicyVersion.objects.filter(live_from__lte=at).order_by("-number").values_list("number", flat=True).first()


@lru_cache(maxsize=8)
def _version_limits(number: int) -> tuple[SlaPolicy, ...]:
    """The limits of a version that a case keeps: once in use it never changes, so it is read once."""
    return tuple(SlaPolicy.objects.filter(version__number=number).select_related("calendar"))


def policies(case: Case, kinds: Iterable[ClockKind], at: datetime) -> dict[str, SlaPolicy]:
    """The most specific limit for each kind: of the case's fixed version, else of the one live at `at`."""
    wanted = set(kinds)
    rows: Iterable[SlaPolicy]
    if case.policy_version is not None:
        rows = [row for row in _version_limits(case.policy_version) if row.clock in wanted]
    else:
        live = PolicyVersion.objects.filter(live_from__lte=at).order_by("-number")
        rows = SlaPolicy.objects.filter(version__in=live.values("pk")[:1], clock__in=wanted).select_related("calendar")
    fitting = [r for r in rows if r.category_id in (None, case.category_id) and r.priority in ("", case.priority)]
    best: dict[str, SlaPolicy] = {}
    for row in sorted(fitting, key=lambda p: (p.category_id is not None, bool(p.priority))):
        best[row.clock] = row
    return best


def _by_todays_calendar(limits: dict[str, SlaPolicy], found: Iterable[Clock]) -> None:
    """Limits that were read once take the calendars that came with the clocks: those may have a new revision."""
    fresh = {clock.policy.calendar_id: clock.policy.calendar for clock in found}
    for policy in limits.values():
        policy.calendar = fresh.get(policy.calendar_id, policy.calendar)


def follow(case: Case, event: CaseEvent, came_from: State | None = None) -> None:
    """Bring the clocks of a locked case in line with its state after `event`.

    Sets `due_at` and `warn_at` on the case in memory; the caller saves them. Raises NoLimit when none is set.
    """
    state, at = State(case.state), event.at
    rows = case.clocks.filter(Q(stopped_at=None) | Q(round=case.round))
    found = list(rows.select_related("policy__calendar"))
    live = {c.kind: c for c in found if c.stopped_at is None}
    changed: list[Clock] = []  # stopped, paused or resumed
    wanted = STAGE_CLOCK.get(state)
    for clock in live.values():
        if clock.kind == ClockKind.PROMISE:
            continue  # an obligation outlives its case
        if state in END_STATES or (clock.round != case.round):
            changed.append(_stop(clock, at))
        elif clock.kind == wanted or (clock.kind == ClockKind.OVERALL and state not in PAUSING):
            if clock.paused_at:
                changed.append(_resume(clock, at))
        elif state in PAUSING:
            if not clock.paused_at:
                changed.append(_pause(clock, event))
        elif clock.kind != ClockKind.OVERALL:
            changed.append(_stop(clock, at))
    starting = [wanted] if wanted and wanted not in live else []
    if wanted and not _has_overall(live, case):
        starting.append(ClockKind.OVERALL)
    accepted = event.type == EventType.ACCEPTED  # category and priority are fixed now, the overall limit with them
    limits = policies(case, [*starting, ClockKind.OVERALL] if accepted else starting, at) if starting else {}
    _by_todays_calendar(limits, found)
    if accepted and _refit(live[ClockKind.OVERALL], limits, at):
        changed.append(live[ClockKind.OVERALL])
    for clock in changed:  # before anything starts: a case has one live clock of a kind
        clock.save(update_fields=CLOCK_FIELDS)  # for one or two rows a quarter quicker than bulk_update
    started = _start_or_go_on(case, event, starting, found, limits, came_from)
    if event.type in ANSWERING:
        calendar = work_calendar(live[ClockKind.OVERALL].policy.calendar)
        case.answer_workdays = sla.workdays_between(calendar, case.reported_at, at)
    _show_on_case(case, {c.kind: c for c in [*live.values(), *started]}, wanted)


def _has_overall(live: dict[str, Clock], case: Case) -> bool:
    overall = live.get(ClockKind.OVERALL)
    return overall is not None and overall.round == case.round


def _show_on_case(case: Case, clocks: dict[str, Clock], wanted: ClockKind | None) -> None:
    current = clocks.get(wanted) if wanted else None
    case.due_at = current.due_at if current else None
    case.warn_at = current.warn_at if current else None


def _start_or_go_on(
    case: Case,
    event: CaseEvent,
    kinds: list[ClockKind],
    found: list[Clock],
    limits: dict[str, SlaPolicy],
    came_from: State | None,
) -> list[Clock]:
    going_on: list[Clock] = []
    fresh: list[tuple[ClockKind, int]] = []
    for kind in kinds:
        earlier = [c for c in found if c.kind == kind and c.round == case.round]
        if kind in (ClockKind.HANDLE, ClockKind.OVERALL) and earlier:
            going_on.append(_go_on(max(earlier, key=lambda c: c.generation), event, came_from))
        else:
            fresh.append((kind, len(earlier) + 1))
    for clock in going_on:
        clock.save(update_fields=CLOCK_FIELDS)
    return going_on + _start(case, event, fresh, limits)


def _go_on(clock: Clock, event: CaseEvent, came_from: State | None) -> Clock:
    """A returned, reworked, split off or reopened case does not get its time anew: the same clock goes on.

    Time after a return counts. Time in verification was not the handler's, and time in an end state was nobody's:
    both are kept as a pause.
    """
    if came_from not in (State.ACCEPTED, State.DISPATCHED) and clock.stopped_at:
        ClockInterval.objects.create(clock=clock, event=event, began_at=clock.stopped_at, ended_at=event.at)
        clock.adjusted = True
    clock.stopped_at = clock.used_seconds = None
    return _recomputed(clock, event.at)


def _start(
    case: Case,
    event: CaseEvent,
    kinds: list[tuple[ClockKind, int]],
    limits: dict[str, SlaPolicy],
    until: datetime | None = None,
) -> list[Clock]:
    """Start clocks, each with its number within the round; `until` (or a review date in the event) is their limit."""
    started = []
    for kind, generation in kinds:
        if kind not in limits:
            raise NoLimit(f"No limit is set for the clock {kind.value}: add one under limits in the admin.")
        clock = Clock(case=case, kind=kind, round=case.round, generation=generation)
        clock.policy, clock.started_at = limits[kind], event.at
        moment = until
        if kind == ClockKind.HOLD_REVIEW and "review_at" in event.data:
            moment = datetime.fromisoformat(event.data["review_at"])
        _compute(clock, [sla.Interval(event.at, until=moment)] if moment else [])
        clock.adjusted = moment is not None
        clock.save()
        if moment:
            ClockInterval.objects.create(clock=clock, event=event, began_at=event.at, until=moment)
        started.append(clock)
    return started


def start_promise(case: Case, event: CaseEvent, until: datetime) -> None:
    """The obligation of a B-coded answer: a clock of its own that outlives the case."""
    Clock.objects.filter(case=case, kind=ClockKind.PROMISE, stopped_at=None).update(stopped_at=event.at, alarm_at=None)
    generation = Clock.objects.filter(case=case, kind=ClockKind.PROMISE, round=case.round).count() + 1
    _start(case, event, [(ClockKind.PROMISE, generation)], policies(case, [ClockKind.PROMISE], event.at), until)


def stop_promise(case: Case, at: datetime) -> bool:
    """The promise was kept; False when none runs."""
    clock = case.clocks.filter(kind=ClockKind.PROMISE, stopped_at=None).select_related("policy__calendar").first()
    if clock is None:
        return False
    _stop(clock, at).save(update_fields=CLOCK_FIELDS)
    return True


def _end_pause(clock: Clock, at: datetime) -> None:
    clock.intervals.filter(ended_at=None, until=None).update(ended_at=at)


def _intervals(clock: Clock) -> list[sla.Interval]:
    if not clock.adjusted:
        return []
    return [sla.Interval(i.began_at, i.ended_at, i.until) for i in clock.intervals.all()]


def _compute(clock: Clock, intervals: list[sla.Interval]) -> Clock:
    calendar = work_calendar(clock.policy.calendar)
    result = sla.moments(limit_of(clock.policy), calendar, clock.started_at, intervals)
    clock.due_at, clock.warn_at = result.due_at, result.warn_at
    clock.alarm_at = clock.warn_at
    return clock


def _recomputed(clock: Clock, at: datetime) -> Clock:
    """New moments from the kept intervals; marks whose moment now lies ahead are armed again."""
    _compute(clock, _intervals(clock))
    if clock.warned_at and clock.warn_at > at:
        clock.warned_at = None
    if clock.overdue_at and clock.due_at > at:
        clock.overdue_at = None
    clock.alarm_at = _next_alarm(clock)
    return clock


def _next_alarm(clock: Clock) -> datetime | None:
    if clock.stopped_at or clock.paused_at or clock.overdue_at:
        return None
    return clock.due_at if clock.warned_at else clock.warn_at


def _pause(clock: Clock, event: CaseEvent) -> Clock:
    ClockInterval.objects.create(clock=clock, event=event, began_at=event.at)
    clock.paused_at, clock.alarm_at, clock.adjusted = event.at, None, True
    return clock


def _resume(clock: Clock, at: datetime) -> Clock:
    _end_pause(clock, at)
    clock.paused_at = None
    return _recomputed(clock, at)


def _stop(clock: Clock, at: datetime) -> Clock:
    if clock.paused_at:
        _end_pause(clock, at)
        _compute(clock, _intervals(clock))
    calendar = work_calendar(clock.policy.calendar)
    clock.used_seconds = int(
        sla.used(limit_of(clock.policy), calendar, clock.started_at, at, _intervals(clock)).total_seconds()
    )
    clock.stopped_at, clock.paused_at, clock.alarm_at = at, None, None
    return clock


def extend(case: Case, event: CaseEvent, until: datetime) -> None:
    """A granted extension: a second interval of the handling clock, and of the overall one when that ends sooner."""
    kinds = [ClockKind.HANDLE, ClockKind.OVERALL]
    for clock in case.clocks.filter(stopped_at=None, kind__in=kinds).select_related("policy__calendar"):
        if clock.due_at >= until:
            continue
        ClockInterval.objects.create(clock=clock, event=event, began_at=event.at, until=until)
        clock.adjusted = True
        _recomputed(clock, event.at).save(update_fields=CLOCK_FIELDS)
        if clock.kind == ClockKind.HANDLE:
            case.due_at, case.warn_at = clock.due_at, clock.warn_at


def recompute_limits(case: Case, at: datetime) -> dict[str, tuple[datetime, datetime]]:
    """Category or priority changed: live clocks take their new limit from the original moment. {kind: (was, is)}."""
    live = list(case.clocks.filter(stopped_at=None).exclude(kind=ClockKind.PROMISE).select_related("policy__calendar"))
    found = policies(case, [ClockKind(c.kind) for c in live], at)
    _by_todays_calendar(found, live)
    moved: dict[str, tuple[datetime, datetime]] = {}
    for clock in live:
        was = clock.due_at
        if not _refit(clock, found, at):
            continue
        clock.save(update_fields=CLOCK_FIELDS)
        if clock.due_at != was:
            moved[clock.kind] = (was, clock.due_at)
        if clock.kind == STAGE_CLOCK.get(State(case.state)):
            case.due_at, case.warn_at = clock.due_at, clock.warn_at
    return moved


def _refit(clock: Clock, limits: dict[str, SlaPolicy], at: datetime) -> bool:
    """Give a live clock another limit from its original moment; False when it has that limit already."""
    if clock.kind not in limits or limits[clock.kind].pk == clock.policy_id:
        return False
    clock.policy = limits[clock.kind]
    _recomputed(clock, at)
    return True


def ring(clock: Clock, case: Case, *, at: datetime) -> EventType | None:
    """Ring one due clock of a locked case: the row that changes decides who rings, so each mark is made once.

    Past the limit only the overdue mark is made, though the warning was slept through.
    """
    overdue = clock.due_at <= at
    marks = {"overdue_at": at, "alarm_at": None} if overdue else {"warned_at": at, "alarm_at": clock.due_at}
    if not Clock.objects.filter(pk=clock.pk, alarm_at=clock.alarm_at, alarm_at__lte=at, stopped_at=None).update(
        **marks
    ):
        return None
    kind = EventType.CLOCK_OVERDUE if overdue else EventType.CLOCK_WARNED
    data = {"clock": clock.kind, "due_at": clock.due_at, "generation": clock.generation}
    events.record_fact(case, kind, actor=None, at=at, data=data)
    return kind


def default_calendar() -> WorkCalendar:
    """The calendar by which ledgers count: the first one."""
    return work_calendar(Calendar.objects.only("pk", "revision").order_by("pk")[0])


def workdays(start: datetime, end: datetime) -> int:
    """Working days by the default calendar; "later than n working days" is `workdays > n`."""
    return sla.workdays_between(default_calendar(), start, end)
