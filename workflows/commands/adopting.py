"""Many matters of a ledger at once: the rows that `history.adopt_case` and `intake.report_case` would write.

Limits and calendars are read once; moves, hashes and moments are computed here and written by one statement a table.
`tests/workflows/test_adopting.py` compares both ways, column by column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from cases import events
from cases.commands import Person
from cases.lib.copying import Blank, copy_many, take_keys
from cases.lib.crypto import blind_index, normal_phone
from cases.lib.numbering import case_number
from cases.models import Answer, CaseEvent, Reporter, Survey, Team
from cases.terms import AnswerWay, ClockKind, EventType, SurveyChannel
from workflows import limits, sla
from workflows import permissions as may
from workflows.calendars import WorkCalendar
from workflows.commands.intake import Report, new_case, reported_as
from workflows.lifecycle import CaseLifecycle
from workflows.limits import NoLimit
from workflows.models import Clock, ClockInterval, PolicyVersion, SlaPolicy

BY = {"by": may.IMPORT.name}
CLOCKS, ANSWERS, SURVEYS = Blank(Clock), Blank(Answer), Blank(Survey)
CLOCKS_EACH = 3  # accept, overall and, when answered, survey


@dataclass(frozen=True)
class Entry:
    """A row of a ledger, read: the report, its moment, and the answer when there is one."""

    report: Report
    reported_at: datetime
    answer: str = ""
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    team: Team | None = None


@transaction.atomic
def adopt_many(entries: Sequence[Entry]) -> list[CaseLifecycle]:
    """The cases of these entries, with their histories and clocks, in their order. Raises NoLimit.

    The caller has seen to it that each could be taken alone: no missing words, no number twice, no time upside down.
    """
    book, written = _Limits(), _Written()
    keys, clocks = take_keys(CaseLifecycle, len(entries)), iter(take_keys(Clock, CLOCKS_EACH * len(entries)))
    people = _reporters([entry.report.reporter for entry in entries], written.reporters)
    for key, entry, reporter in zip(keys, entries, people, strict=True):
        life = _Life(entry, book, written, [next(clocks) for _ in range(CLOCKS_EACH)])
        life.begin(key, reporter)
        written.cases.append(life.case)
    for event, event_key in zip(written.events, take_keys(CaseEvent, len(written.events)), strict=True):
        event.pk = event_key
    for event, interval in written.agreed:
        interval.event_id = event.pk
    written.save()
    return written.cases


@dataclass
class _Written:
    """The rows of every table, in the order in which they can be written."""

    reporters: list[Reporter] = field(default_factory=list)
    cases: list[CaseLifecycle] = field(default_factory=list)
    events: list[CaseEvent] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    agreed: list[tuple[CaseEvent, ClockInterval]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    surveys: list[Survey] = field(default_factory=list)

    def save(self) -> None:
        """One statement a table."""
        tables: tuple[Iterable[Model], ...] = (
            self.reporters, self.cases, self.events, self.clocks, (interval for _event, interval in self.agreed),
            self.answers, self.surveys,
        )  # fmt: skip
        for rows in tables:
            copy_many(list(rows))


class _Limits:
    """All versions of limits and the calendars as they are published now, each read once."""

    def __init__(self) -> None:
        self.versions = list(PolicyVersion.objects.order_by("-number"))
        self.lines: dict[int, list[SlaPolicy]] = {version.pk: [] for version in self.versions}
        for line in SlaPolicy.objects.select_related("calendar"):
            self.lines[line.version_id].append(line)
        self.fitting: dict[tuple[int, int | None, str], dict[str, SlaPolicy]] = {}

    def policy(self, kind: ClockKind, case: CaseLifecycle, at: datetime) -> SlaPolicy:
        """The limit of a kind for a case at a moment. Raises NoLimit."""
        version = next((version.pk for version in self.versions if version.live_from <= at), None)
        if version is None:
            raise NoLimit(kind)
        asked = (version, case.category_id, case.priority)
        found = self.fitting.get(asked)
        if found is None:
            found = self.fitting[asked] = limits.fitting(self.lines[version], case.category_id, case.priority)
        if kind not in found:
            raise NoLimit(kind)
        return found[kind]


class _Life:
    """One case from its report to as far as the row goes, and what it leaves in each table."""

    case: CaseLifecycle

    def __init__(self, entry: Entry, book: _Limits, written: _Written, clock_keys: list[int]) -> None:
        self.entry, self.book, self.written, self.clock_keys = entry, book, written, clock_keys

    def begin(self, key: int, reporter: Reporter | None) -> None:
        """Open the case and, when the row has an answer, answer and close it."""
        report, at = self.entry.report, self.entry.reported_at
        self.case = case = new_case(report, may.IMPORT, at, reporter)
        case.pk, case.number = key, case_number(timezone.localdate(at).year, key)
        opened = self._say(EventType.REPORTED, at, reported_as(report, case))
        accept, overall = self._start(ClockKind.ACCEPT, at), self._start(ClockKind.OVERALL, at, report.target_at)
        if report.target_at:
            interval = ClockInterval(clock=overall, began_at=at, until=report.target_at)
            self.written.agreed.append((opened, interval))
        if self.entry.answered_at is None:
            case.due_at, case.warn_at = accept.due_at, accept.warn_at
        else:
            self._answer(self.entry.answered_at, accept, overall)

    def _answer(self, at: datetime, accept: Clock, overall: Clock) -> None:
        case, written, entry = self.case, self.written, self.entry
        case.adopt_answer(text=entry.answer, at=at, team=entry.team)
        case.find_holder()
        self._say(EventType.ANSWER_ADOPTED, at, {"text": entry.answer} | _of(entry.team))
        self._stop(accept, at)
        survey = self._start(ClockKind.SURVEY, at)
        case.answer_workdays = sla.workdays_between(_calendar(overall), case.reported_at, at)
        self._say_if_late(accept)
        told: dict[str, Any] = {"case_id": case.pk, "round": case.round}
        written.answers.append(
            ANSWERS.fill(**told, reporter_id=case.reporter_id, kind="verified", text=entry.answer, answered_at=at)
        )
        ended = entry.closed_at or at
        case.close_unanswered(at=ended)
        case.find_holder()
        self._say(EventType.CLOSED_UNANSWERED, ended, {})
        self._stop(overall, ended, entry.report.target_at)
        self._stop(survey, ended)
        self._say_if_late(overall)
        self._say_if_late(survey)
        written.surveys.append(SURVEYS.fill(**told, channel=SurveyChannel.NONE, reasons=[], recorded_at=ended))

    def _say(self, kind: EventType, at: datetime, data: dict[str, object], *, by: dict[str, str] = BY) -> CaseEvent:
        event = events.chained(self.case, kind, actor=None, at=at, data=data | by)
        self.written.events.append(event)
        return event

    def _say_if_late(self, clock: Clock) -> None:
        if clock.stopped_at is not None and clock.stopped_at > clock.due_at:
            said = {name: getattr(clock, name) for name in ("round", "generation", "due_at")}
            data = {"clock": clock.kind, "clock_id": clock.pk, **said}
            self._say(EventType.CLOCK_STOPPED_LATE, clock.stopped_at, data, by={})

    def _start(self, kind: ClockKind, at: datetime, until: datetime | None = None) -> Clock:
        policy = self.book.policy(kind, self.case, at)
        calendar, started_at = policy.calendar, at.astimezone(UTC)  # as the database gives it back
        clock = CLOCKS.fill(
            id=self.clock_keys.pop(0), case_id=self.case.pk, kind=kind.value, round=self.case.round,
            policy_id=policy.pk, calendar_id=calendar.pk, calendar_revision=calendar.revision, started_at=started_at,
            adjusted=until is not None,
        )  # fmt: skip
        clock.policy = policy
        moments = sla.moments(limits.limit_of(policy), _calendar(clock), started_at, _agreed(clock, until))
        clock.due_at, clock.warn_at, clock.alarm_at = moments.due_at, moments.warn_at, moments.warn_at
        self.written.clocks.append(clock)
        return clock

    def _stop(self, clock: Clock, at: datetime, until: datetime | None = None) -> None:
        limit = limits.limit_of(clock.policy)
        used = sla.used(limit, _calendar(clock), clock.started_at, at, _agreed(clock, until))
        clock.used_seconds, clock.stopped_at, clock.alarm_at = int(used.total_seconds()), at, None


def _of(team: Team | None) -> dict[str, object]:
    return {"team": team.pk} if team else {}


def _calendar(clock: Clock) -> WorkCalendar:
    return limits.calendar_of(clock)


def _agreed(clock: Clock, until: datetime | None) -> list[sla.Interval]:
    return [sla.Interval(clock.started_at, until=until.astimezone(UTC))] if until else []


def _reporters(people: Sequence[Person | None], fresh: list[Reporter]) -> list[Reporter | None]:
    """The reporter of each, as `facts.register_person` finds or makes them; the new ones go to `fresh`."""
    given = [person if person and person.is_somebody else None for person in people]
    indexes = [blind_index(p.phone) if p and normal_phone(p.phone) else "" for p in given]
    known: dict[tuple[str, str, str, str], Reporter] = {}
    for row in Reporter.objects.filter(phone_index__in={index for index in indexes if index}).order_by("pk"):
        known[row.phone_index, row.name, row.address, row.email] = row
    keys = iter(take_keys(Reporter, sum(person is not None for person in given)))
    found: list[Reporter | None] = []
    for person, index in zip(given, indexes, strict=True):
        reporter = known.get((index, person.name, person.address, person.email)) if person and index else None
        if person and reporter is None:
            reporter = Reporter(
                pk=next(keys), name=person.name, phone=person.phone, phone_index=index, email=person.email,
                address=person.address, opted_out=person.opted_out, answer_way=person.answer_way or AnswerWay.MESSAGE,
            )  # fmt: skip
            fresh.append(reporter)
            if index:
                known[index, person.name, person.address, person.email] = reporter
        found.append(reporter)
    return found
