"""The proof of time: every clock of a case, step by step, so that a person can check it with a pencil and a calendar.

The steps are counted here day by day, apart from the arithmetic that set the limits; where the two differ, the proof
says so. Each clock is counted by its own revision of the calendar, so the same case gives the same proof for ever.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from cases.lib.masking import mask_text
from cases.models import Case, CaseEvent
from cases.terms import ClockKind, RequestKind, State
from workflows import limits, reckoning
from workflows.clocks import intervals_of
from workflows.counting import provisional_years
from workflows.models import CalendarRevision, Clock, Request
from workflows.proof_history import Mark, cause_of, marks_of, start_of
from workflows.proof_verdicts import UNKNOWN, Read, Verdict, verdict_of
from workflows.proof_words import (
    CalendarWords,
    ProofLine,
    amount_words,
    calendar_words,
    limit_words,
    moment_words,
    policy_words,
    rule_words,
    step_words,
)

EXACT = timedelta(milliseconds=1)  # two ways of computing the same moment may differ by less
WITH = ("policy__version", "policy__category", "calendar", "request", "part__team", "order", "follow_up")


@dataclass(frozen=True, kw_only=True)
class ProofStep:
    """One step on the way to the due moment; `left` is the counted time that remained when a pause began."""

    kind: str
    words: str
    due_at: datetime
    due: str
    who: str = ""
    why: str = ""
    began_at: datetime | None = None
    began: str = ""
    ended_at: datetime | None = None
    ended: str = ""
    left_seconds: int | None = None
    left: str = ""
    left_lines: list[ProofLine] = field(default_factory=list)
    lines: list[ProofLine] = field(default_factory=list)


@dataclass(frozen=True)
class WarningProof:
    """How the warning follows: a share of the counted time from start to limit, counted from the start."""

    at: datetime
    moment: str
    words: str
    budget_seconds: int
    budget_lines: list[ProofLine]
    share_seconds: int
    lines: list[ProofLine]

    @property
    def last_lines(self) -> list[ProofLine]:
        """The line in which the share is reached; those before it stand in the budget, too."""
        return self.lines[-1:]


@dataclass(frozen=True)
class Count:
    """What was counted for one clock."""

    rule: str
    verdict: Verdict
    provisional_years: list[int] = field(default_factory=list)
    steps: list[ProofStep] = field(default_factory=list)
    warning: WarningProof | None = None
    used_lines: list[ProofLine] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    @property
    def years(self) -> str:
        """The provisional years in words."""
        return _("、").join(map(str, self.provisional_years))


@dataclass(frozen=True, kw_only=True)
class ClockProof(Count):
    """Everything about one clock."""

    clock_id: int
    clock: str
    label: str
    owed: str
    round: int
    generation: int
    limit: str
    policy: str
    calendar: CalendarWords
    started_at: datetime
    started: str
    due_at: datetime
    due: str
    stopped_at: datetime | None
    stopped: str
    used_seconds: int | None
    used: str
    marks: list[Mark]
    holds: bool


@dataclass(frozen=True)
class CaseProof:
    """All clocks of a case in the order in which they started; `as_of` only while one of them is live."""

    number: str
    title: str
    state: str
    as_of: datetime | None
    holds: bool
    clocks: list[ClockProof]


@dataclass(frozen=True)
class Known:
    """What is read once for a case."""

    events: Sequence[CaseEvent]
    requests: Mapping[int, Request]
    revisions: Mapping[tuple[str, int], CalendarRevision]
    now: datetime


def clock_proof(case: Case, *, now: datetime) -> CaseProof:
    """Prove every clock of a case, with as many queries however long its history."""
    clocks = list(case.clocks.select_related(*WITH).prefetch_related("intervals").order_by("started_at", "pk"))
    events = list(case.events.select_related("actor").order_by("seq"))
    requests = {row.pk: row for row in case.requests.select_related("asked_by")}
    known = Known(events, requests, _revisions(clocks, events), now)
    proofs = [_proof(clock, known) for clock in clocks]
    return CaseProof(
        number=case.number,
        title=mask_text(case.title),
        state=str(State(case.state).label),
        as_of=now if any(clock.stopped_at is None for clock in clocks) else None,
        holds=all(proof.holds for proof in proofs),
        clocks=proofs,
    )


def _revisions(clocks: Iterable[Clock], events: Iterable[CaseEvent]) -> dict[tuple[str, int], CalendarRevision]:
    """The revisions that clocks count by, and those of which the history says that they moved a limit."""
    pairs = {(clock.calendar.code, clock.calendar_revision) for clock in clocks}
    pairs |= {(e.data["calendar"], e.data["revision"]) for e in events if {"calendar", "revision"} <= e.data.keys()}
    wanted = Q(pk__in=[])
    for code, number in pairs:
        wanted |= Q(calendar__code=code, number=number)
    rows = CalendarRevision.objects.filter(wanted).select_related("calendar")
    return {(row.calendar.code, row.number): row for row in rows}


def _proof(clock: Clock, known: Known) -> ClockProof:
    revision = known.revisions.get((clock.calendar.code, clock.calendar_revision))
    said = calendar_words(clock, revision)
    zone = ZoneInfo(said.zone)
    count = _count(clock, said, known) if revision else _uncounted(said)
    started = (moment_words(clock.started_at, zone), start_of(clock, known.events))
    return ClockProof(
        **vars(count),
        clock_id=clock.pk,
        clock=clock.kind,
        label=str(ClockKind(clock.kind).label),
        owed=_owed(clock),
        round=clock.round,
        generation=clock.generation,
        limit=limit_words(clock.policy),
        policy=policy_words(clock, said),
        calendar=said,
        started_at=clock.started_at.astimezone(zone),
        started=" · ".join(word for word in started if word),
        due_at=clock.due_at.astimezone(zone),
        due=moment_words(clock.due_at, zone),
        stopped_at=clock.stopped_at.astimezone(zone) if clock.stopped_at else None,
        stopped=moment_words(clock.stopped_at, zone) if clock.stopped_at else "",
        used_seconds=clock.used_seconds,
        used="" if clock.used_seconds is None else amount_words(clock.used_seconds),
        marks=marks_of(clock, known.events, known.revisions, zone),
        holds=not count.differences,
    )


def _owed(clock: Clock) -> str:
    """What is owed, where there may be several: which request, whose part, which order; and which round."""
    words = []
    if clock.request:
        words.append(str(RequestKind(clock.request.kind).label))
    if clock.part:
        words.append(str(clock.part.team))
    if clock.order:
        words.append(clock.order.number)
    if clock.follow_up:
        words.append(clock.follow_up.what)
    if clock.round > 1:
        words.append(_("第 %(n)s 轮") % {"n": clock.round})
    if clock.generation > 1 and not words:
        words.append(_("第 %(n)s 次") % {"n": clock.generation})
    return " · ".join(words)


def _uncounted(said: CalendarWords) -> Count:
    gone = _("%(calendar)s没有第 %(n)s 版日历，无法推算。") % {"calendar": said.name, "n": said.revision}
    return Count(rule="", verdict=Verdict(UNKNOWN, _("无法推算")), differences=[gone])


def _count(clock: Clock, said: CalendarWords, known: Known) -> Count:
    calendar = limits.calendar_of(clock)
    read = Read(clock, limits.limit_of(clock.policy), calendar, intervals_of(clock))
    as_known = calendar if clock.stopped_at else limits.work_calendar(clock.calendar)  # a fact keeps its words
    steps = _steps(read, known)
    warning = _warning(read)
    used = read.spent(clock.stopped_at) if clock.stopped_at else None
    return Count(
        rule=_rule(read, steps, said),
        verdict=verdict_of(read, known.now),
        provisional_years=provisional_years(as_known, clock.started_at, clock.due_at) if read.by else [],
        steps=steps,
        warning=warning,
        used_lines=read.lines(used) if used else [],
        differences=_differences(read, steps, warning, used),
    )


def _rule(read: Read, steps: Sequence[ProofStep], said: CalendarWords) -> str:
    if steps[0].kind == reckoning.SET:
        return _("到期时刻在起算时定明，不按上列标准数。")
    return rule_words(read.clock.policy, said, read.calendar.periods[-1][1])


def _steps(read: Read, known: Known) -> list[ProofStep]:
    rows = list(read.clock.intervals.all()) if read.intervals else []
    zone = read.calendar.zone
    steps = []
    for step in reckoning.steps_to_due(read.limit, read.calendar, read.clock.started_at, read.intervals):
        row = None if step.interval is None else rows[step.interval]
        who, why = cause_of(row, known.events, known.requests) if row else ("", "")
        waits = step.kind in (reckoning.PAUSE, reckoning.OPEN_PAUSE, reckoning.IDLE_PAUSE)
        left = int(step.left.total_seconds())
        ended_at = row.ended_at if row else None
        steps.append(
            ProofStep(
                kind=step.kind,
                words=step_words(step.kind, read.clock.policy),
                who=who,
                why=why,
                began_at=row.began_at.astimezone(zone) if row else None,
                began=read.moment(row.began_at) if row else "",
                ended_at=ended_at.astimezone(zone) if ended_at else None,
                ended=read.moment(ended_at) if ended_at else "",
                left_seconds=left if waits else None,
                left=amount_words(left) if waits else "",
                left_lines=read.lines(step.left_lines),
                lines=read.lines(step.lines),
                due_at=step.due_at.astimezone(zone),
                due=read.moment(step.due_at),
            )
        )
    return steps


def _warning(read: Read) -> WarningProof:
    clock = read.clock
    budget = read.spent(clock.due_at)
    share = budget.amount * read.limit.warn_percent / 100
    walk = read.spent(clock.due_at, most=share)
    amounts = [amount_words(int(amount.total_seconds())) for amount in (budget.amount, share)]
    words = _("起算至到期共计入 %(budget)s，其 %(percent)s%% 为 %(share)s；自起算之时数满即预警。") % {
        "budget": amounts[0],
        "percent": read.limit.warn_percent,
        "share": amounts[1],
    }
    at = min(walk.end, clock.due_at)
    return WarningProof(
        at=at.astimezone(read.calendar.zone),
        moment=read.moment(at),
        words=words,
        budget_seconds=int(budget.amount.total_seconds()),
        budget_lines=read.lines(budget),
        share_seconds=int(share.total_seconds()),
        lines=read.lines(walk),
    )


def _differences(
    read: Read, steps: Sequence[ProofStep], warning: WarningProof, used: reckoning.Walk | None
) -> list[str]:
    """Where what was counted here is not what the clock says."""
    clock, found = read.clock, []
    due = steps[-1].due_at
    if abs(due - clock.due_at) >= EXACT:
        said = {"counted": read.moment(due), "kept": read.moment(clock.due_at)}
        found.append(_("到期：逐步推算为 %(counted)s，记录为 %(kept)s。") % said)
    elif abs(warning.at - clock.warn_at) >= EXACT and not clock.paused_at:
        said = {"counted": warning.moment, "kept": read.moment(clock.warn_at)}
        found.append(_("预警：逐步推算为 %(counted)s，记录为 %(kept)s。") % said)
    if used is not None and abs(used.amount - timedelta(seconds=clock.used_seconds or 0)) >= timedelta(seconds=1):
        said = {
            "counted": amount_words(int(used.amount.total_seconds())),
            "kept": amount_words(clock.used_seconds or 0),
        }
        found.append(_("用时：逐段相加为 %(counted)s，记录为 %(kept)s。") % said)
    return found
