"""The writer of clocks and of `Case.due_at`: what starts, pauses, goes on and stops with each event.

Lock order: the case first, then its clocks, everywhere; the other way round deadlocks.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet, prefetch_related_objects

from cases.models import Case, CaseEvent, FollowUp, Objection, SpotCheck, Team
from cases.terms import END_STATES, OBLIGATIONS, OUTLIVING, ClockKind, EventType, State
from workflows import limits, sla
from workflows.calendars import WorkCalendar
from workflows.limits import Applicable, NoLimit
from workflows.models import Clock, ClockInterval, Part, Request, SlaPolicy, SupervisionOrder
from workflows.models.clock import OWED_TO
from workflows.sla import PAUSING, STAGE_CLOCK

ANSWERING = (EventType.VERIFIED, EventType.ANSWER_ADOPTED)
REPLACED = (ClockKind.PROMISE, ClockKind.ORDER)
Owed = Request | Part | SupervisionOrder | FollowUp | Objection | SpotCheck
CLOCK_FIELDS = [
    "policy", "calendar", "calendar_revision", "generation", "due_at", "warn_at", "alarm_at", "paused_at", "stopped_at",
    "warned_at", "overdue_at", "level", "used_seconds", "adjusted",
]  # fmt: skip
RECOMPUTED_FIELDS = ["calendar_revision", "due_at", "warn_at", "alarm_at", "warned_at", "overdue_at", "level"]


def read(rows: QuerySet[Clock]) -> list[Clock]:
    """Many clocks with what their arithmetic asks for: each limit once, and the intervals of those that have any."""
    found = list(rows)
    policies = SlaPolicy.objects.in_bulk({clock.policy_id for clock in found})
    for clock in found:
        clock.policy = policies[clock.policy_id]
    prefetch_related_objects([clock for clock in found if clock.adjusted], "intervals")
    return found


def follow(case: Case, event: CaseEvent, came_from: State | None = None) -> list[Clock]:
    """Bring the clocks of a locked case in line with its state after `event`; returns those that it stopped late,
    before the sweep had come by to say so.

    Sets `due_at` and `warn_at` on the case in memory; the caller saves them. Raises NoLimit when none is set.
    """
    state, at = State(case.state), event.at
    rows = (
        case.clocks.filter(Q(stopped_at=None) | Q(round=case.round)).select_related("policy", "calendar").order_by("pk")
    )
    found = [clock for clock in rows if clock.kind not in OBLIGATIONS]
    live = {c.kind: c for c in found if c.stopped_at is None}
    wanted = STAGE_CLOCK.get(state)
    changed = _turned(case, event, live, wanted)
    starting = [wanted] if wanted and wanted not in live else []
    if wanted and not _has_overall(live, case):
        starting.append(ClockKind.OVERALL)
    accepted = event.type == EventType.ACCEPTED  # category and priority are fixed now, the overall limit with them
    fitting = limits.applicable(case, [*starting, ClockKind.OVERALL] if accepted else starting, at, found)
    if accepted and _refit(live[ClockKind.OVERALL], case, fitting, at):
        changed.append(live[ClockKind.OVERALL])
    for clock in changed:  # before anything starts: a case has one live clock of a kind
        clock.save(update_fields=CLOCK_FIELDS)  # for one or two rows a quarter quicker than bulk_update
    started = _start_or_go_on(case, event, starting, found, fitting, came_from)
    if state in END_STATES:
        for clock in rows:
            if clock.kind in OBLIGATIONS - OUTLIVING:
                stop_obligation(clock, at)
    if event.type in ANSWERING:
        calendar = limits.work_calendar(live[ClockKind.OVERALL].calendar)
        case.answer_workdays = sla.workdays_between(calendar, case.reported_at, at)
    _show_on_case(case, {c.kind: c for c in [*live.values(), *started]}, wanted)
    return [clock for clock in changed if clock.stopped_at and clock.stopped_at > clock.due_at and not clock.overdue_at]


def _turned(case: Case, event: CaseEvent, live: dict[str, Clock], wanted: ClockKind | None) -> list[Clock]:
    """The running clocks of the case that this event stops, pauses or resumes, done but not saved."""
    state, at = State(case.state), event.at
    changed: list[Clock] = []
    for clock in live.values():
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
    return changed


def _has_overall(live: dict[str, Clock], case: Case) -> bool:
    overall = live.get(ClockKind.OVERALL)
    return overall is not None and overall.round == case.round


def _show_on_case(case: Case, clocks: dict[str, Clock], wanted: ClockKind | None) -> None:
    current = clocks.get(wanted) if wanted else None
    case.due_at = current.due_at if current else None
    case.warn_at = current.warn_at if current else None


def show_on_case(case: Case, clock: Clock) -> None:
    """Copy the moments of the clock of the stage to its case, which the caller saves."""
    if clock.kind == STAGE_CLOCK.get(State(case.state)):
        case.due_at, case.warn_at = clock.due_at, clock.warn_at


def _start_or_go_on(
    case: Case,
    event: CaseEvent,
    kinds: list[ClockKind],
    found: list[Clock],
    fitting: Applicable,
    came_from: State | None,
) -> list[Clock]:
    going_on: list[Clock] = []
    fresh: list[tuple[ClockKind, int]] = []
    for kind in kinds:
        earlier = [c for c in found if c.kind == kind and c.round == case.round]
        if kind in (ClockKind.HANDLE, ClockKind.OVERALL) and earlier:
            clock = max(earlier, key=lambda c: c.generation)
            _refit(clock, case, fitting, event.at)  # corrected while it stood still
            going_on.append(_go_on(clock, event, came_from))
        else:
            fresh.append((kind, len(earlier) + 1))
    for clock in going_on:
        clock.save(update_fields=CLOCK_FIELDS)
    return going_on + [_start(case, event, kind, n, fitting) for kind, n in fresh]


def _go_on(clock: Clock, event: CaseEvent, came_from: State | None) -> Clock:
    """A returned, reworked, split off or reopened case does not get its time anew: the same clock goes on.

    Time after a return counts. Time in verification was not the handler's, and time in an end state was nobody's:
    both are kept as a pause.
    """
    if came_from not in (State.ACCEPTED, State.DISPATCHED) and clock.stopped_at:
        ClockInterval.objects.create(clock=clock, event=event, began_at=clock.stopped_at, ended_at=event.at)
        clock.adjusted = True
    clock.stopped_at = clock.used_seconds = None
    return recomputed(clock, event.at)


def _start(  # noqa: PLR0913  # the facts of a new row, word by word
    case: Case,
    event: CaseEvent,
    kind: ClockKind,
    generation: int,
    fitting: Applicable,
    *,
    until: datetime | None = None,
    owed: Owed | None = None,
    team: Team | None = None,
) -> Clock:
    """Start a clock, with its number within the round; `until` (or a review date in the event) is its limit."""
    policy = fitting.policies.get(kind)
    if policy is None:
        raise NoLimit(kind)
    clock = Clock(case=case, kind=kind, round=case.round, generation=generation, policy=policy, started_at=event.at)
    clock.calendar = fitting.calendar(policy, team or case.team)
    if owed is not None:
        setattr(clock, OWED_TO[kind], owed)
    if kind == ClockKind.HOLD_REVIEW and "review_at" in event.data:
        until = datetime.fromisoformat(event.data["review_at"])
    _compute(clock, [sla.Interval(event.at, until=until)] if until else [])
    clock.adjusted = until is not None
    clock.save()
    if until:
        ClockInterval.objects.create(clock=clock, event=event, began_at=event.at, until=until)
    return clock


def start_obligation(
    case: Case,
    event: CaseEvent,
    kind: ClockKind,
    *,
    owed: Owed | None = None,
    until: datetime | None = None,
    team: Team | None = None,
) -> Clock:
    """Something owed beside the stage gets a clock of its own: by its limit, or `until` the moment that was set.

    The case is locked. A live promise or order is stopped: a case has one at a time, a new date replaces it.
    """
    same = case.clocks.filter(kind=kind)
    if kind in REPLACED:
        for clock in same.filter(stopped_at=None).select_related("policy", "calendar"):
            stop_obligation(clock, event.at)
    generation = same.filter(round=case.round).count() + 1
    fitting = limits.applicable(case, [kind], event.at)
    return _start(case, event, kind, generation, fitting, until=until, owed=owed, team=team)


def stop_obligation(clock: Clock, at: datetime) -> None:
    """What was owed is done, or owed no longer; nothing happens to a clock that has stopped. The case is locked."""
    if clock.stopped_at is None:
        _stop(clock, at).save(update_fields=CLOCK_FIELDS)


def promised(cases: Iterable[int]) -> set[int]:
    """Which of these cases have a promise that nobody has said to be kept."""
    live = Clock.objects.filter(case__in=list(cases), kind=ClockKind.PROMISE, stopped_at=None)
    return set(live.values_list("case_id", flat=True))


def stop_promise(case: Case, at: datetime) -> bool:
    """The promise was kept; False when none runs."""
    clock = case.clocks.filter(kind=ClockKind.PROMISE, stopped_at=None).select_related("policy", "calendar").first()
    if clock is None:
        return False
    stop_obligation(clock, at)
    return True


def _end_pause(clock: Clock, at: datetime) -> None:
    clock.intervals.filter(ended_at=None, until=None).update(ended_at=at)


def intervals_of(clock: Clock) -> list[sla.Interval]:
    """The pauses and extensions of a clock in their pure form, in the order in which they began."""
    if not clock.adjusted:
        return []
    return [sla.Interval(i.began_at, i.ended_at, i.until) for i in clock.intervals.all()]


def moments_by(clock: Clock, calendar: WorkCalendar) -> sla.Moments:
    """When a clock warns and is due, counted by a calendar."""
    return sla.moments(limits.limit_of(clock.policy), calendar, clock.started_at, intervals_of(clock))


def _compute(clock: Clock, intervals: list[sla.Interval]) -> Clock:
    """The moments by the calendar as it is published now."""
    clock.calendar_revision = clock.calendar.revision
    result = sla.moments(limits.limit_of(clock.policy), limits.calendar_of(clock), clock.started_at, intervals)
    clock.due_at, clock.warn_at = result.due_at, result.warn_at
    clock.alarm_at = clock.warn_at
    return clock


def recomputed(clock: Clock, at: datetime) -> Clock:
    """New moments from the kept intervals, not saved; marks whose moment now lies ahead are armed again."""
    _compute(clock, intervals_of(clock))
    if clock.warned_at and clock.warn_at > at:
        clock.warned_at = None
    if clock.overdue_at and clock.due_at > at:
        clock.overdue_at, clock.level = None, 0
    clock.alarm_at = next_alarm(clock)
    return clock


def next_alarm(clock: Clock) -> datetime | None:
    """When to look at a clock again: its warning, its limit, the next step of its ladder; None when nothing is left."""
    if clock.stopped_at or clock.paused_at:
        return None
    if not clock.overdue_at:
        return clock.due_at if clock.warned_at else clock.warn_at
    ladder = limits.ladder_of(clock.policy)
    if clock.level >= len(ladder):
        return None
    return sla.step_at(ladder[clock.level], limits.calendar_of(clock), clock.due_at, intervals_of(clock))


def _pause(clock: Clock, event: CaseEvent) -> Clock:
    ClockInterval.objects.create(clock=clock, event=event, began_at=event.at)
    clock.paused_at, clock.alarm_at, clock.adjusted = event.at, None, True
    return clock


def _resume(clock: Clock, at: datetime) -> Clock:
    _end_pause(clock, at)
    clock.paused_at = None
    return recomputed(clock, at)


def _stop(clock: Clock, at: datetime) -> Clock:
    if clock.paused_at:
        _end_pause(clock, at)
    intervals = intervals_of(clock)
    _compute(clock, intervals)  # by the last word of the calendar: what is stopped is not looked at again
    used = sla.used(limits.limit_of(clock.policy), limits.calendar_of(clock), clock.started_at, at, intervals)
    clock.used_seconds = int(used.total_seconds())
    clock.stopped_at, clock.paused_at, clock.alarm_at = at, None, None
    return clock


def extend(case: Case, event: CaseEvent, until: datetime) -> None:
    """A granted extension: a second interval of the handling clock, and of the overall one when that ends sooner."""
    kinds = [ClockKind.HANDLE, ClockKind.OVERALL]
    for clock in case.clocks.filter(stopped_at=None, kind__in=kinds).select_related("policy", "calendar"):
        if clock.due_at >= until:
            continue
        ClockInterval.objects.create(clock=clock, event=event, began_at=event.at, until=until)
        clock.adjusted = True
        recomputed(clock, event.at).save(update_fields=CLOCK_FIELDS)
        if clock.kind == ClockKind.HANDLE:
            case.due_at, case.warn_at = clock.due_at, clock.warn_at


def agree_on(case: Case, event: CaseEvent, kind: ClockKind, *, until: datetime) -> None:
    """A live clock gets the limit that the case brought along; the interval names the event that said so."""
    clock = case.clocks.select_related("policy", "calendar").get(kind=kind, stopped_at=None)
    ClockInterval.objects.create(clock=clock, event=event, began_at=event.at, until=until)
    clock.adjusted = True
    recomputed(clock, event.at).save(update_fields=CLOCK_FIELDS)


def recompute_limits(case: Case, at: datetime) -> dict[str, tuple[datetime, datetime]]:
    """Category, priority or version changed: live clocks take their new limit from the original moment.

    The case is locked; the caller saves its `due_at` and `warn_at`. Returns {kind: (was, is)} of what moved.
    """
    live = list(case.clocks.filter(stopped_at=None).exclude(kind__in=OBLIGATIONS).select_related("policy", "calendar"))
    fitting = limits.applicable(case, [ClockKind(c.kind) for c in live], at, live)
    moved: dict[str, tuple[datetime, datetime]] = {}
    for clock in live:
        was = clock.due_at
        if not _refit(clock, case, fitting, at):
            continue
        clock.save(update_fields=CLOCK_FIELDS)
        if clock.due_at != was:
            moved[clock.kind] = (was, clock.due_at)
        show_on_case(case, clock)
    return moved


def _refit(clock: Clock, case: Case, fitting: Applicable, at: datetime) -> bool:
    """Give a live clock another limit from its original moment; False when it has that limit already."""
    policy = fitting.policies.get(clock.kind)
    if policy is None or policy.pk == clock.policy_id:
        return False
    clock.policy, clock.calendar = policy, fitting.calendar(policy, case.team)
    recomputed(clock, at)
    return True
