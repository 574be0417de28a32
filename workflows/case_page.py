"""Everything that the page of a case shows, read with a fixed number of queries however long its history is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, prefetch_related_objects
from django.utils.translation import gettext as _

from cases.events import Break, verify_case
from cases.lib.masking import mask_address, mask_email, mask_name, mask_phone, mask_text
from cases.models import (
    Answer,
    Attachment,
    Case,
    CaseEvent,
    Decision,
    FollowUp,
    Reporter,
    SpotCheck,
    Survey,
    Topic,
    User,
)
from cases.terms import AnswerWay, ClockKind, EventType, Role, State
from workflows import limits, sla
from workflows.available import Available, available_moves, likely
from workflows.calendars import WorkCalendar
from workflows.case_origin import Origin, origin_of
from workflows.clocks import intervals_of
from workflows.council.access import councils_visible_to
from workflows.lifecycle import CaseLifecycle
from workflows.lights import DONE, OVERDUE, PAUSED, Light, clock_light, done, provisional_year, span
from workflows.models import Clock, ClockInterval, Part, Request
from workflows.sla import STAGE_CLOCK
from workflows.timeline import Entry, last_at, reason_of, timeline, who

LEAD_LENGTH = 120
CLOCK = ("clock__policy", "clock__calendar")
STEPS: tuple[tuple[str, tuple[EventType, ...]], ...] = (
    ("report", (EventType.REPORTED,)),
    ("accept", (EventType.ACCEPTED,)),
    ("dispatch", (EventType.DISPATCHED,)),
    ("handle", (EventType.SUBMITTED, EventType.DECISION_TAKEN)),
    ("verify", (EventType.VERIFIED, EventType.ANSWER_ADOPTED)),
    ("survey", (EventType.SURVEY_RECORDED, EventType.CLOSED_UNANSWERED, EventType.REOPEN_DECLINED)),
    ("close", ()),
)
AT_STEP = {
    State.REPORTED: 1, State.INFO_REQUESTED: 1, State.ACCEPTED: 2, State.DISPATCHED: 3, State.IN_PROGRESS: 3,
    State.DELIBERATING: 3, State.ON_HOLD: 3, State.SUBMITTED: 4, State.ANSWERED: 5, State.REOPEN_REQUESTED: 5,
    State.CLOSED: 7,
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One station of the road: done, current (a closed case: both) or still ahead."""

    label: str
    status: str
    at: datetime | None


@dataclass(frozen=True)
class Pause:
    """A stretch that did not count, or a new limit that was granted: by whom and why."""

    words: str
    who: str
    why: str
    began_at: datetime
    ended_at: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class ClockView:
    """One limit with all that it takes to check it by hand."""

    label: str
    light: Light
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    amount: str
    percent: int
    pauses: list[Pause]
    is_stage: bool


@dataclass(frozen=True)
class MaskedReporter:
    """The resident as colleagues see them."""

    name: str
    phone: str
    email: str
    address: str
    answered: str  # how they wish to hear
    opted_out: bool


@dataclass(frozen=True)
class CasePage:
    """The page, in the order in which it answers."""

    case: CaseLifecycle
    title: str
    lead: str
    description: str
    is_long: bool
    place: str
    result_text: str
    question: str
    steps: list[Step]
    light: Light
    stage: ClockView | None
    running: list[ClockView]
    stopped: list[ClockView]
    holder: str
    moves: list[Available]
    likely: Available | None
    reporter: MaskedReporter | None
    photos: list[Attachment]
    parts: list[Part]
    requests: list[Request]
    topics: list[Topic]
    decisions: list[Decision]
    sees_council: bool
    by_phone: bool
    surveys: list[Survey]
    spot_checks: list[SpotCheck]
    answers: list[Answer]
    merged: list[Case]
    entries: list[Entry]
    breaks: list[Break]
    origin: Origin


def case_page(viewer: User, case: CaseLifecycle, *, now: datetime) -> CasePage:
    """Read the page; `case` comes from `available.case_for`, which decides what the viewer may see."""
    events = list(case.events.select_related("actor").order_by("seq"))
    calendar = limits.default_calendar()
    clocks = read_clocks(case)
    views = [clock_view(clock, case, now) for clock in clocks]
    running = [v for v in views if v.stopped_at is None]
    stage = next((v for v in running if v.is_stage), None)
    owed = [v for clock, v in zip(clocks, views, strict=True) if clock.kind == ClockKind.PROMISE and v in running]
    promise = owed[0] if owed and not case.is_open else None  # an ended case still owes the resident that
    stage = stage or promise
    moves = available_moves(case, viewer, now=now)
    parts = Part.objects.filter(joint__case=case).select_related("team", "answered_by", "joint", *CLOCK)
    topics = list(case.topics.select_related("council").order_by("-pk")) if case.council_id else []
    return CasePage(
        case=case,
        title=mask_text(case.title),
        lead=_lead(mask_text(case.title), mask_text(case.description)),
        description=mask_text(case.description),
        is_long=len(case.description) > LEAD_LENGTH,
        place=mask_text(case.place),
        result_text=mask_text(case.result_text),
        question=_question(case, events),
        steps=steps_of(case, events),
        light=stage.light if stage else done(case.closed_at),
        stage=stage,
        running=sorted(running, key=lambda v: not v.is_stage),
        stopped=[v for v in views if v.stopped_at is not None],
        holder=str(case.team) if promise else holder_of(case),
        moves=moves,
        likely=likely(moves, case),
        reporter=masked(case.reporter) if case.reporter else None,
        photos=list(case.attachments.order_by("pk")),
        parts=list(parts.order_by("pk")),
        requests=list(case.requests.select_related("asked_by", "decided_by", *CLOCK).order_by("-pk")),
        topics=topics,
        decisions=_decisions(case) if topics or case.council_id else [],
        sees_council=bool(topics) and councils_visible_to(viewer).filter(pk=topics[0].council_id).exists(),
        by_phone=case.reporter is not None and case.reporter.answer_way == AnswerWay.PHONE,
        surveys=list(case.surveys.select_related("recorded_by").order_by("-round")),
        spot_checks=list(case.spot_checks.select_related("checked_by").order_by("-round")),
        answers=list(case.answers.order_by("-answered_at", "-pk")),
        merged=list(case.merged_cases.filter(state=State.MERGED).only("number", "title").order_by("pk")),
        entries=timeline(events, calendar),
        breaks=verify_case(case, events).broken,
        origin=origin_of(case, viewer, now=now),
    )


def _question(case: Case, events: Sequence[CaseEvent]) -> str:
    """What the desk asks, while it waits for the answer."""
    if case.state != State.INFO_REQUESTED:
        return ""
    asked = [event.data.get("question", "") for event in events if event.type == EventType.INFO_REQUESTED]
    return mask_text(asked[-1]) if asked else ""


def _lead(title: str, description: str) -> str:
    """What is said under the title: the description when it is short and says more, else its beginning."""
    if description == title:
        return ""
    return description if len(description) <= LEAD_LENGTH else f"{description[: LEAD_LENGTH - 1]}…"


def read_clocks(case: Case) -> list[Clock]:
    """All clocks of a case with their limits and intervals; kept on the case for whoever asks next."""
    intervals = ClockInterval.objects.select_related("event__actor").order_by("began_at", "pk")
    rows = Clock.objects.select_related("policy", "calendar", "request", "part__team", "order", "follow_up__owner")
    rows = rows.prefetch_related(Prefetch("intervals", intervals))
    prefetch_related_objects([case], Prefetch("clocks", rows.order_by("pk")))
    return list(case.clocks.all())


def clock_view(clock: Clock, case: Case, now: datetime) -> ClockView:
    """A clock in words and numbers."""
    calendar = limits.calendar_of(clock)
    return ClockView(
        label=clock_label(clock),
        light=_light(clock, calendar, now),
        started_at=clock.started_at,
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        amount=_("%(n)s 个%(unit)s") % {"n": clock.policy.amount, "unit": clock.policy.get_unit_display()},
        percent=_percent(clock, calendar, now),
        pauses=[_pause(interval) for interval in clock.intervals.all()],
        is_stage=clock.stopped_at is None and clock.kind == STAGE_CLOCK.get(State(case.state)),
    )


def clock_label(clock: Clock) -> str:
    """What a clock measures; of a request, a part, an order or a follow-up also which."""
    of_request = clock.request.get_kind_display() if clock.request else None
    owed = of_request or (clock.part.team if clock.part else None) or clock.order or clock.follow_up
    return f"{clock.get_kind_display()} · {owed}" if owed else clock.get_kind_display()


def _light(clock: Clock, calendar: WorkCalendar, now: datetime) -> Light:
    if clock.stopped_at:
        return Light(DONE, _("按时")) if clock.is_met else Light(OVERDUE, _("曾超期"))
    working = clock.policy.unit in sla.WORKING_UNITS
    if clock.paused_at and clock.paused_at < clock.due_at:
        left = span(clock.paused_at, clock.due_at, calendar, working=working)
        return Light(PAUSED, _("已暂停，还剩 %(left)s") % {"left": left}, provisional_year(clock))
    if clock.paused_at:
        return Light(PAUSED, _("已暂停，此前已超期"))
    return clock_light(clock, now)


def _percent(clock: Clock, calendar: WorkCalendar, now: datetime) -> int:
    limit = limits.limit_of(clock.policy)
    kept = intervals_of(clock)
    until = clock.stopped_at or clock.paused_at or now
    used = sla.used(limit, calendar, clock.started_at, max(until, clock.started_at), kept)
    over = [i for i in kept if i.ended_at]  # the due moment knows nothing of a pause that lasts
    total = sla.used(limit, calendar, clock.started_at, max(clock.due_at, clock.started_at), over)
    return min(round(100 * (used / total)), 100) if total else 100


def _pause(interval: ClockInterval) -> Pause:
    event = interval.event
    if interval.until:
        words = _("改至") if event.type in (EventType.EXTENDED, EventType.HELD) else _("定至")
    else:
        words = _("暂停")
    label = EventType(event.type).label if event.type in EventType.values else event.type
    why = " · ".join(str(part) for part in (label, reason_of(event)) if part)
    return Pause(words, who(event), why, interval.began_at, interval.ended_at, interval.until)


def steps_of(case: Case, events: Sequence[CaseEvent]) -> list[Step]:
    """Seven stations; a case that ended beside the road shows how far it came and how it ended."""
    labels = {
        "report": _("上报"),
        "accept": _("受理"),
        "dispatch": _("派遣"),
        "handle": _("签收") if case.state == State.DISPATCHED else _("处置"),
        "verify": _("核查"),
        "survey": _("回访"),
        "close": _("结案"),
    }
    if case.state in (State.DELIBERATING, State.ON_HOLD):
        labels["handle"] = str(State(case.state).label)
    reached = AT_STEP.get(State(case.state))
    if reached is None:  # rejected, merged, voided: what was done, then the end
        went = [(name, last_at(events, *types)) for name, types in STEPS[:-1]]
        road = [Step(labels[name], "done", at) for name, at in went if at]
        return [*road, Step(str(State(case.state).label), "current", case.closed_at)]
    steps = []
    adopted = last_at(events, EventType.ANSWER_ADOPTED) is not None
    for n, (name, types) in enumerate(STEPS):
        at = (last_at(events, *types) if types else case.closed_at) if n < reached else None
        if adopted and n < reached and at is None:
            continue  # answered elsewhere: what nobody did here is not shown as done
        is_last = n == len(STEPS) - 1 and n < reached  # it is over, and that is where it stands
        status = "done current" if is_last else "done" if n < reached else "current" if n == reached else ""
        steps.append(Step(labels[name], status, at))
    return steps


def holder_of(case: Case) -> str:
    """Who has it, in words: the team with its handler, a named person, or a desk; empty when it has ended."""
    if not case.holder_role:
        return ""
    role = str(Role(case.holder_role).label)
    if case.holder_role == Role.TEAM_MEMBER and case.team:
        return f"{case.team} · {case.handler}" if case.handler else str(case.team)
    if case.holder_role == Role.SECRETARY and case.council:
        return f"{case.council} · {role}"
    return str(case.holder_user) if case.holder_user else role


def masked(reporter: Reporter) -> MaskedReporter:
    """The resident with name, phone, e-mail and address masked."""
    return MaskedReporter(
        mask_name(reporter.name),
        mask_phone(reporter.phone),
        mask_email(reporter.email),
        mask_address(reporter.address),
        str(AnswerWay(reporter.answer_way).label),
        reporter.opted_out,
    )


def _decisions(case: Case) -> list[Decision]:
    follow_ups = Prefetch("follow_ups", FollowUp.objects.select_related("owner").order_by("due_date", "pk"))
    rows = Decision.objects.filter(Q(case=case) | Q(item__topic__cases=case)).distinct()
    found = rows.select_related("council").prefetch_related(follow_ups)
    return list(found.order_by("-decided_on", "-pk"))
