"""Where an obligation has no live clock, or a live clock no obligation: each question is one query for a district."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case as Choose
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import ExtractYear
from django.utils.translation import gettext_lazy as _

from cases.council_terms import DECISIONS_IN_FORCE, OWED_FOLLOW_UPS, ObjectionState
from cases.models import Case, CaseEvent, FollowUp, Objection, SpotCheck
from cases.querysets import CaseQuerySet
from cases.terms import OPEN_STATES, OUTLIVING, ClockKind, EventType, OrderState, RequestState, SpotCheckState, State
from workflows import limits, sla
from workflows.commands.sweep import INTERVAL_SECONDS
from workflows.models import CalendarRevision, Clock, ClockInterval, Part, Request, SlaPolicy, SupervisionOrder
from workflows.proof_words import bracketed
from workflows.sla import PAUSING, STAGE_CLOCK

FAULTS = {
    "stage_missing": _("在办的件，没有当前环节的时钟在走"),
    "waiting_missing": _("等待中的件，原环节的时钟没有暂停在那里"),
    "stage_extra": _("不属于当前环节的时钟还在走"),
    "overall_missing": _("在办的件没有总时限的时钟"),
    "overall_astray": _("总时限该暂停的在走，或该走的被暂停"),
    "ended_live": _("已办结的件还有时钟在走"),
    "request_missing": _("待审定的申请没有时钟在走"),
    "request_astray": _("申请已审定，时钟还在走"),
    "part_missing": _("应答复的协办没有时钟在走"),
    "part_astray": _("协办已了结，时钟还在走"),
    "order_missing": _("待回复的督办单没有时钟在走"),
    "order_astray": _("督办单已回复或了结，时钟还在走"),
    "follow_up_missing": _("应落实的决议事项没有时钟在走"),
    "follow_up_astray": _("决议事项已落实或不再落实，时钟还在走"),
    "objection_missing": _("待答复的异议没有时钟在走"),
    "objection_astray": _("异议已了结，时钟还在走"),
    "spot_check_missing": _("待抽查的件没有抽查时钟在走"),
    "spot_check_astray": _("抽查已了结，时钟还在走"),
    "promise_missing": _("未兑现的承诺没有时钟在走"),
    "promise_astray": _("承诺已兑现，时钟还在走"),
    "silent": _("时钟在走，还有提醒未发，却没有定下次提醒"),
    "unfired": _("到点没有提醒"),
    "pause_missing": _("时钟已暂停，却没有记下暂停区间"),
    "pause_astray": _("暂停区间未结束，时钟却不在暂停"),
    "case_differs": _("件上显示的时限与时钟不一致"),
    "revision_unknown": _("时钟所依据的日历版次不存在"),
    "due_differs": _("到期时刻与按区间重算的不一致"),
    "warning_differs": _("预警时刻与按区间重算的不一致"),
    "alarm_differs": _("下次提醒的时刻与重算的不一致"),
    "used_differs": _("用时与按区间重算的不一致"),
    "unsettled": _("日历已换版，到期时刻没有跟着改"),
}
STAGES = frozenset(STAGE_CLOCK.values())
ANSWERED = (State.ANSWERED, State.REOPEN_REQUESTED, State.CLOSED)
LIVE = Q(stopped_at=None)
PATHS: dict[type, str] = {Part: "joint__case", FollowUp: "decision__case", Objection: "notice__decision__case"}
COUNTS = ("running", "paused", "warned", "overdue", "provisional")


@dataclass(frozen=True)
class Fault:
    """One thing that does not hold: what, in which case, of which clock."""

    code: str
    number: str
    clock: str

    @property
    def words(self) -> str:
        """The sentence, with the kind of the clock."""
        words = str(FAULTS[self.code])
        return bracketed(words, str(ClockKind(self.clock).label)) if self.clock else words


@dataclass(frozen=True)
class Scope:
    """The cases that are looked at; None: all of them, which spares the database the question."""

    cases: CaseQuerySet | None
    now: datetime

    def of(self) -> CaseQuerySet:
        """Its cases."""
        return Case.objects.all() if self.cases is None else self.cases

    def live(self) -> QuerySet[Clock]:
        """Its live clocks."""
        return self.within(Clock.objects.filter(LIVE))

    def within(self, found: QuerySet[Any], path: str = "case") -> QuerySet[Any]:
        """Rows that belong to one of its cases."""
        return found if self.cases is None else found.filter(**{f"{path}__in": self.cases.values("pk")})


def wanted(prefix: str = "") -> Choose:
    """The kind of clock that runs in the state of a case."""
    whens = [When(**{f"{prefix}state": state.value, "then": Value(kind.value)}) for state, kind in STAGE_CLOCK.items()]
    return Choose(*whens, default=Value(""))


def waiting(prefix: str = "") -> Choose:
    """The kind of clock that waits in the state of a case: of the stage that it was taken from."""
    state, team = f"{prefix}state", f"{prefix}team__isnull"
    return Choose(
        When(**{state: State.INFO_REQUESTED.value, "then": Value(ClockKind.ACCEPT.value)}),
        When(**{state: State.ON_HOLD.value, "then": Value(ClockKind.HANDLE.value)}),
        When(**{state: State.DELIBERATING.value, team: False, "then": Value(ClockKind.HANDLE.value)}),
        When(**{state: State.DELIBERATING.value, "then": Value(ClockKind.DISPATCH.value)}),
        default=Value(""),
    )


def _no_clock(**of: Any) -> Q:
    return ~Q(Exists(Clock.objects.filter(LIVE, **of)))


def _stages(scope: Scope) -> Iterator[tuple[str, QuerySet[Any]]]:
    here = {"case": OuterRef("pk")}
    opened = scope.of().open().annotate(clock_kind=wanted())
    running = _no_clock(**here, kind=OuterRef("clock_kind"), paused_at=None)
    yield "stage_missing", opened.filter(running)
    held = scope.of().filter(state__in=PAUSING).annotate(clock_kind=waiting())
    yield "waiting_missing", held.filter(_no_clock(**here, kind=OuterRef("clock_kind"), paused_at__isnull=False))
    stages = scope.live().filter(kind__in=STAGES, case__state__in=OPEN_STATES)
    right = Q(kind=F("wanted"), paused_at=None) | Q(kind=F("waits"), paused_at__isnull=False)
    yield "stage_extra", stages.annotate(wanted=wanted("case__"), waits=waiting("case__")).exclude(right)
    whole = scope.of().open().annotate(clock_kind=Value(ClockKind.OVERALL.value))
    yield "overall_missing", whole.filter(_no_clock(**here, kind=ClockKind.OVERALL, round=OuterRef("round")))
    overall = scope.live().filter(kind=ClockKind.OVERALL, case__state__in=OPEN_STATES)
    yield "overall_astray", overall.filter(Q(case__state__in=PAUSING) ^ Q(paused_at__isnull=False))
    yield "ended_live", scope.live().exclude(case__state__in=OPEN_STATES).exclude(kind__in=OUTLIVING)


def _obligations(scope: Scope) -> Iterator[tuple[str, QuerySet[Any]]]:
    live = scope.live()
    request, part, order = (Value(kind.value) for kind in (ClockKind.REQUEST, ClockKind.PART, ClockKind.ORDER))
    yield "request_missing", asked(scope).filter(_no_clock(request=OuterRef("pk"))).annotate(clock_kind=request)
    yield "request_astray", live.filter(request__isnull=False).exclude(request__state=RequestState.ASKED)
    yield "part_missing", owed_parts(scope).filter(_no_clock(part=OuterRef("pk"))).annotate(clock_kind=part)
    done = Q(part__joint__closed_at__isnull=False) | Q(part__answered_at__isnull=False)
    yield "part_astray", live.filter(done, part__isnull=False)
    yield "order_missing", issued(scope).filter(_no_clock(order=OuterRef("pk"))).annotate(clock_kind=order)
    yield "order_astray", live.filter(order__isnull=False).exclude(order__state=OrderState.ISSUED)
    follow_up, objection = (Value(kind.value) for kind in (ClockKind.FOLLOW_UP, ClockKind.OBJECTION))
    owed = owed_follow_ups(scope)
    yield "follow_up_missing", owed.filter(_no_clock(follow_up=OuterRef("pk"))).annotate(clock_kind=follow_up)
    yield "follow_up_astray", live.filter(follow_up__isnull=False).exclude(follow_up__in=owed.values("pk"))
    asked_now = open_objections(scope)
    yield "objection_missing", asked_now.filter(_no_clock(objection=OuterRef("pk"))).annotate(clock_kind=objection)
    yield "objection_astray", live.filter(objection__isnull=False).exclude(objection__state=ObjectionState.OPEN)
    drawn = drawn_checks(scope)
    spot_check = Value(ClockKind.SPOT_CHECK.value)
    yield "spot_check_missing", drawn.filter(_no_clock(spot_check=OuterRef("pk"))).annotate(clock_kind=spot_check)
    yield "spot_check_astray", live.filter(spot_check__isnull=False).exclude(spot_check__state=SpotCheckState.DRAWN)
    yield "promise_missing", _promised(scope).annotate(clock_kind=Value(ClockKind.PROMISE.value))
    kept = _kept(case=OuterRef("case"), at__gte=OuterRef("started_at"))
    yield "promise_astray", live.filter(kept, kind=ClockKind.PROMISE)


def asked(scope: Scope) -> QuerySet[Request]:
    """Requests that wait for a second person."""
    return scope.within(Request.objects.filter(state=RequestState.ASKED))


def owed_parts(scope: Scope) -> QuerySet[Part]:
    """Parts that co-handlers owe."""
    open_ones = Part.objects.filter(joint__closed_at=None, answered_at=None, joint__case__state__in=OPEN_STATES)
    return scope.within(open_ones, "joint__case")


def issued(scope: Scope) -> QuerySet[SupervisionOrder]:
    """Orders that wait for a reply."""
    return scope.within(SupervisionOrder.objects.filter(state=OrderState.ISSUED))


def owed_follow_ups(scope: Scope) -> QuerySet[FollowUp]:
    """What is still to be done of decisions that were taken here and are in force."""
    of_items = FollowUp.objects.filter(decision__item__isnull=False, decision__state__in=DECISIONS_IN_FORCE)
    return scope.within(of_items.filter(state__in=OWED_FOLLOW_UPS), "decision__case")


def open_objections(scope: Scope) -> QuerySet[Objection]:
    """Objections to decisions that wait for a reply."""
    open_ones = Objection.objects.filter(state=ObjectionState.OPEN, notice__decision__isnull=False)
    return scope.within(open_ones, "notice__decision__case")


def drawn_checks(scope: Scope) -> QuerySet[SpotCheck]:
    """Cases that were drawn to be looked at again."""
    return scope.within(SpotCheck.objects.filter(state=SpotCheckState.DRAWN))


def _promised(scope: Scope) -> QuerySet[Case]:
    """Answered with a promise that is neither kept nor watched."""
    promised = scope.of().filter(promised_date__isnull=False, state__in=ANSWERED, answered_at__isnull=False)
    kept = _kept(case=OuterRef("pk"), at__gte=OuterRef("answered_at"))
    return promised.exclude(kept).filter(_no_clock(case=OuterRef("pk"), kind=ClockKind.PROMISE))


def _kept(**since: Any) -> Q:
    return Q(Exists(CaseEvent.objects.filter(type=EventType.PROMISE_KEPT, **since)))


def _alarms(scope: Scope) -> Iterator[tuple[str, QuerySet[Any]]]:
    running = scope.live().filter(paused_at=None)
    quiet = running.filter(alarm_at=None)
    more = Q(overdue_at=None)
    for policy in SlaPolicy.objects.filter(pk__in=quiet.values("policy").distinct()):
        more |= Q(policy=policy, level__lt=len(limits.ladder_of(policy)))
    yield "silent", quiet.filter(more)
    yield "unfired", running.filter(alarm_at__lt=scope.now - timedelta(seconds=INTERVAL_SECONDS))
    open_pause = Q(Exists(ClockInterval.objects.filter(clock=OuterRef("pk"), ended_at=None, until=None)))
    yield "pause_missing", scope.live().filter(paused_at__isnull=False).exclude(open_pause)
    unfinished = ClockInterval.objects.filter(ended_at=None, until=None, clock__paused_at=None)
    yield "pause_astray", scope.within(Clock.objects.filter(pk__in=unfinished.values("clock")))


def _shown(scope: Scope) -> Iterator[tuple[str, QuerySet[Any]]]:
    stages = scope.live().filter(kind__in=STAGES, paused_at=None).annotate(wanted=wanted("case__"))
    same = Q(case__due_at=F("due_at"), case__warn_at=F("warn_at"))
    yield "case_differs", stages.filter(kind=F("wanted")).filter(~same | Q(case__due_at=None) | Q(case__warn_at=None))
    yield "case_differs", scope.of().ended().filter(due_at__isnull=False).annotate(clock_kind=Value(""))
    there = CalendarRevision.objects.filter(calendar=OuterRef("calendar"), number=OuterRef("calendar_revision"))
    yield "revision_unknown", scope.live().exclude(Exists(there))


QUESTIONS: tuple[Callable[[Scope], Iterator[tuple[str, QuerySet[Any]]]], ...] = (_stages, _obligations, _alarms, _shown)


def faults(scope: Scope) -> list[Fault]:
    """Everything that does not hold, found by queries alone."""
    found = []
    for question in QUESTIONS:
        for code, rows in question(scope):
            number, kind = _columns(rows)
            found += [Fault(code, *row) for row in rows.order_by(number).values_list(number, kind)]
    return found


def _columns(rows: QuerySet[Any]) -> tuple[str, str]:
    """Where rows of a kind keep the number of their case and the kind of their clock."""
    if issubclass(rows.model, Case):
        return "number", "clock_kind"
    if rows.model is Clock:
        return "case__number", "kind"
    return f"{PATHS.get(rows.model, 'case')}__number", "clock_kind"


def live_by_kind(scope: Scope) -> Iterator[tuple[str, dict[str, int]]]:
    """How many live clocks run, wait, are near, past their limit, and due in a year without a notice; in pieces."""
    running, now = Q(paused_at=None), scope.now
    counts = {
        "running": Count("pk", filter=running),
        "paused": Count("pk", filter=~running),
        "warned": Count("pk", filter=running & Q(due_at__gt=now, warn_at__lte=now)),
        "overdue": Count("pk", filter=running & Q(due_at__lte=now)),
    }
    # As published now: a notice that moved nothing leaves a clock with the revision before it.
    published = CalendarRevision.objects.filter(number=F("calendar__revision"))
    final = dict(published.values_list("calendar_id", "final_years"))
    by = ("kind", "calendar_id", "policy__unit", "year")
    rows = scope.live().order_by().annotate(year=ExtractYear("due_at")).values(*by).annotate(**counts)
    for kind, calendar, unit, year, *numbers in rows.values_list(*by, *counts):
        seen = dict(zip(counts, numbers, strict=True))
        is_final = unit not in sla.WORKING_UNITS or year in final.get(calendar, ())
        yield kind, seen | {"provisional": 0 if is_final else seen["running"] + seen["paused"]}


def open_by_state(scope: Scope) -> dict[tuple[str, bool], int]:
    """How many open cases stand in each state, without and with a team."""
    rows = scope.of().open().order_by().annotate(has_team=Q(team__isnull=False)).values("state", "has_team")
    return {(row["state"], bool(row["has_team"])): row["n"] for row in rows.annotate(n=Count("pk"))}
