"""What the history says of one clock: the event that started it, who paused or extended it and why, what rang when."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from cases.models import CaseEvent
from cases.terms import ClockKind, EventType, Role, State
from workflows.models import CalendarRevision, Clock, ClockInterval, Request
from workflows.models.clock import OWED_TO
from workflows.proof_words import bracketed, moment_words
from workflows.sla import PAUSING, STAGE_CLOCK
from workflows.timeline import reason_of, who

MARKS = (
    EventType.CLOCK_WARNED, EventType.CLOCK_OVERDUE, EventType.REQUEST_OVERDUE, EventType.PART_OVERDUE,
    EventType.CLOCK_ESCALATED, EventType.CLOCK_STOPPED_LATE,
)  # fmt: skip
STARTS: Mapping[str, tuple[EventType, ...]] = {
    ClockKind.REQUEST: (EventType.REQUEST_ASKED,),
    ClockKind.PART: (EventType.DISPATCHED,),
    ClockKind.ORDER: (EventType.ORDER_ISSUED, EventType.ORDER_RETURNED),
    ClockKind.FOLLOW_UP: (EventType.FOLLOW_UP_STARTED,),
    ClockKind.OBJECTION: (EventType.OBJECTION_RAISED,),
    ClockKind.SPOT_CHECK: (EventType.SPOT_CHECK_DRAWN,),
    ClockKind.PROMISE: (EventType.VERIFIED,),
}
Revisions = Mapping[tuple[str, int], CalendarRevision]


@dataclass(frozen=True)
class Mark:
    """Something that happened to a clock: it rang, its limit was moved, or it went on after a return."""

    type: str
    at: datetime
    moment: str
    words: str


def label_of(event: CaseEvent) -> str:
    """The event as offices call it."""
    return str(EventType(event.type).label) if event.type in EventType.values else event.type


def start_of(clock: Clock, events: Iterable[CaseEvent]) -> str:
    """What started a clock, and who did it; empty when the history does not say."""
    for event in events:
        if event.at == clock.started_at and _starts(event, clock):
            return bracketed(label_of(event), who(event))
    return ""


def _starts(event: CaseEvent, clock: Clock) -> bool:
    if clock.kind in STARTS:
        owed = OWED_TO.get(ClockKind(clock.kind))
        named = event.data.get(owed) if owed else None
        return event.type in STARTS[clock.kind] and (named is None or named == getattr(clock, f"{owed}_id"))
    stage = STAGE_CLOCK.get(State(event.state))
    return event.type not in MARKS and (stage == clock.kind or (clock.kind == ClockKind.OVERALL and stage is not None))


def cause_of(interval: ClockInterval, events: Sequence[CaseEvent], requests: Mapping[int, Request]) -> tuple[str, str]:
    """Who made a pause or an extension, and why; where two had to agree, both."""
    event = next(event for event in events if event.pk == interval.event_id)
    if interval.until is None and event.state not in PAUSING:
        return _out_of_hand(interval, event, events)
    asked = requests.get(event.data.get("request", 0))
    people = who(event)
    if asked is not None:
        people = _("%(asked)s申请，%(agreed)s同意") % {"asked": asked.asked_by, "agreed": who(event)}
    reason = reason_of(event)
    return people, _("%(what)s：%(how)s") % {"what": label_of(event), "how": reason} if reason else label_of(event)


def _out_of_hand(interval: ClockInterval, event: CaseEvent, events: Sequence[CaseEvent]) -> tuple[str, str]:
    """Between two moves the case was with somebody else, or had ended: both moves are named."""
    before = [e for e in events if e.at == interval.began_at and e.seq < event.seq and e.type not in MARKS]
    left = before[-1] if before else event
    said = {"left": label_of(left), "back": label_of(event)}
    why = _("自%(left)s至%(back)s，件不在这一环节") % said
    people = [who(left), who(event)] if left is not event else [who(event)]
    return _("、").join(dict.fromkeys(people)), why


def marks_of(clock: Clock, events: Iterable[CaseEvent], revisions: Revisions, zone: ZoneInfo) -> list[Mark]:
    """What rang and what moved the limit, in order."""
    return [
        Mark(event.type, event.at.astimezone(zone), moment_words(event.at, zone), words)
        for event in events
        for words in _said(clock, event, revisions, zone)
    ]


def _said(clock: Clock, event: CaseEvent, revisions: Revisions, zone: ZoneInfo) -> Iterator[str]:
    if event.type in MARKS and event.data.get("clock_id") == clock.pk:
        yield _rang(clock, event, zone)
    elif not _within(clock, event.at):
        return
    elif moved := (event.data.get("limits") or {}).get(clock.owed_name):
        was, new = (moment_words(datetime.fromisoformat(moved[key]), zone) for key in ("was", "is"))
        yield _("%(words)s：到期由 %(was)s 改为 %(is)s") % {"words": _because(event, revisions), "was": was, "is": new}
    elif event.type == EventType.RETURNED_TO_DISPATCH and clock.kind == ClockKind.HANDLE:
        yield _("退回（%(who)s）：时限不重新起算，再次签收后接着走，其间照计") % {"who": who(event)}


def _within(clock: Clock, at: datetime) -> bool:
    return clock.started_at <= at and (clock.stopped_at is None or at <= clock.stopped_at)


def _rang(clock: Clock, event: CaseEvent, zone: ZoneInfo) -> str:
    words = label_of(event)
    if event.type == EventType.CLOCK_ESCALATED:
        role = Role(event.data["to"]).label if event.data.get("to") in Role.values else event.data.get("to", "")
        words = _("第 %(n)s 级提醒：%(role)s") % {"n": event.data.get("level"), "role": role}
    due = datetime.fromisoformat(event.data["due_at"])
    if due != clock.due_at:
        words += _("（当时的到期时刻为 %(due)s）") % {"due": moment_words(due, zone)}
    return words


def _because(event: CaseEvent, revisions: Revisions) -> str:
    """Why a limit was moved: a revision of the calendar, another version of limits, a corrected category."""
    revision = revisions.get((event.data.get("calendar", ""), event.data.get("revision", 0)))
    if revision is not None:
        said = {"calendar": revision.calendar.name, "n": revision.number, "source": revision.source}
        return _("%(calendar)s第 %(n)s 版日历发布，依据：%(source)s") % said
    words = _("时限第 %(n)s 版") % {"n": event.data["version"]} if "version" in event.data else label_of(event)
    return _("，").join(part for part in (words, who(event), reason_of(event)) if part)
