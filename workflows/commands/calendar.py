"""Publish a calendar: keep the revision, and set every running limit by it at once, writing only what differs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from time import monotonic, sleep
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from cases import events
from cases.lib.bulk import update_many
from cases.models import Case
from cases.terms import EventType
from workflows import clocks, limits, sla
from workflows.calendars import WorkCalendar
from workflows.models import Calendar, CalendarRevision, Clock

CHUNK = 2000
SHOWN = ("due_at", "warn_at")  # copied to the case
LONGEST_WAIT = 20.0  # seconds; no request and no task of ours runs longer
Span = tuple[datetime, datetime]
Move = tuple[datetime, datetime, datetime | None]  # a limit: as it was, as it is, and since when it is paused


@dataclass(frozen=True)
class Published:
    """What came of it: the revision, how many running limits it could touch and how many moved.

    Of those that moved: how many are past because of it, and how many are past no longer.
    """

    revision: int
    examined: int = 0
    moved: int = 0
    late: int = 0
    relieved: int = 0

    def with_moves(self, moves: Iterable[Move], *, now: datetime) -> "Published":
        """The same with these counted."""
        found = [(was, new, paused_at or now) for was, new, paused_at in moves]
        return replace(
            self,
            moved=self.moved + len(found),
            late=self.late + sum(new <= at < was for was, new, at in found),
            relieved=self.relieved + sum(was <= at < new for was, new, at in found),
        )


def snapshot(calendar: Calendar, *, source: str, now: datetime) -> CalendarRevision:
    """A calendar as it stands in its rows, not saved."""
    return CalendarRevision(
        calendar=calendar,
        number=calendar.revision + 1,
        published_at=now,
        source=source[:200],
        zone=calendar.zone,
        periods=calendar.periods,
        weekdays=calendar.weekdays,
        days={day.date.isoformat(): [day.is_working, day.name] for day in calendar.days.all()},
        final_years=sorted(calendar.years.filter(provisional=False).values_list("year", flat=True)),
    )


def publish_calendar(calendar: Calendar, *, source: str, now: datetime) -> Published:
    """Make the rows of a calendar what clocks count by. Nothing happens when they differ in nothing.

    The revision is committed first, the limits follow in batches; should that be cut off, the sweep goes on with it.
    """
    with transaction.atomic():
        locked = Calendar.objects.select_for_update().get(pk=calendar.pk)
        fresh = snapshot(locked, source=source, now=now)
        if is_new(fresh):
            fresh.save(force_insert=True)
            locked.revision = fresh.number
            locked.save(update_fields=["revision"])
    calendar.revision = locked.revision
    return settle(locked, now=now)


def is_new(fresh: CalendarRevision) -> bool:
    """Whether a snapshot says anything else than what is published."""
    last = fresh.calendar.revisions.filter(number=fresh.number - 1).first()
    return last is None or _words(last) != _words(fresh)


def foresee(fresh: CalendarRevision, *, now: datetime) -> Published:
    """What publishing a snapshot would do to running limits; nothing is written."""
    calendar, found = fresh.calendar, Published(fresh.number)
    if not calendar.revision:
        return found  # nothing can count by it yet
    counted = limits.arithmetic(fresh)
    span = changed_span(limits.work_calendar(calendar), counted)
    for chunk in differing(touched(calendar, *span), counted) if span else ():
        moves = [(clock.due_at, new.due_at, clock.paused_at) for clock, new in chunk.moved]
        found = replace(found, examined=found.examined + chunk.examined)
        found = found.with_moves([move for move in moves if move[0] != move[1]], now=now)
    return found


def _words(revision: CalendarRevision) -> tuple[object, ...]:
    return (revision.zone, revision.periods, revision.weekdays, revision.days, revision.final_years)


def settle(calendar: Calendar, *, now: datetime) -> Published:
    """Set all running limits of a calendar by its last revision; running it twice changes nothing.

    1. Whoever began before the revision was committed may still write a limit by the one before: let them end.
    2. Look through what the changed days touch, and write what differs, a batch in a transaction.
    3. Mark the revision as settled; until then the sweep comes back to it.
    """
    done = Published(calendar.revision)
    if calendar.settled < calendar.revision:
        is_alone = _let_older_writers_end()
        span = _unsettled_span(calendar)
        if span is not None:
            rows = touched(calendar, *span)
            for chunk in differing(rows, limits.work_calendar(calendar)):
                moves = _recompute(rows, {clock.case_id for clock, _ in chunk.moved}, calendar, now)
                done = replace(done, examined=done.examined + chunk.examined).with_moves(moves, now=now)
        if is_alone:
            Calendar.objects.filter(pk=calendar.pk, settled__lt=calendar.revision).update(settled=calendar.revision)
            calendar.settled = calendar.revision
    return done


def settle_all(*, now: datetime) -> int:
    """Go on with what a publication that was cut off left behind; returns how many limits moved."""
    return sum(settle(calendar, now=now).moved for calendar in Calendar.objects.filter(settled__lt=F("revision")))


def _let_older_writers_end() -> bool:
    """Wait until every transaction that was writing when we came has ended; False when that cannot be known.

    SQLite has one writer at a time. Inside a transaction of the caller the revision is not committed yet.
    """
    if connection.in_atomic_block:
        return False
    if connection.vendor != "postgresql":
        return True
    give_up, older = monotonic() + LONGEST_WAIT, _writers()
    while older := older & _writers():
        if monotonic() > give_up:
            return False
        sleep(0.02)
    return True


def _writers() -> set[tuple[int, str]]:
    """Transactions of others that have written or locked a row in this database, by process and transaction number.

    Each holds its own number locked until it has ended. The oldest one of a snapshot would tell as much, but of all
    databases of the server: somebody's long night run in another one would hold up ours.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT held.pid, held.transactionid::text FROM pg_locks AS held JOIN pg_stat_activity AS who USING (pid)
            WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND held.granted
            AND who.datname = current_database() AND held.pid <> pg_backend_pid()"""
        )
        return set(cursor.fetchall())


def _unsettled_span(calendar: Calendar) -> Span | None:
    """The days that any revision since the settled one changed: one may have changed what the next put back."""
    numbers = range(max(calendar.settled, 1), calendar.revision + 1)
    built = [limits.built(calendar.pk, number) for number in numbers]
    spans = [span for was, new in pairwise(built) if (span := changed_span(was, new))]
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None


def changed_span(was: WorkCalendar, new: WorkCalendar) -> Span | None:
    """From the first to the last day on which two calendars count differently; None when they never do."""
    if (was.periods, was.zone, was.weekdays) != (new.periods, new.zone, new.weekdays):
        days = [new.first, new.last]
    else:
        known = was.overrides.keys() | new.overrides.keys()
        days = [day for day in known if was.is_working_day(day) != new.is_working_day(day)]
    if not days:
        return None
    first, last = (datetime.combine(day, time(0), new.zone) for day in (min(days), max(days)))
    return first, last + timedelta(days=1)


def touched(calendar: Calendar, first: datetime, last: datetime) -> QuerySet[Clock]:
    """Live clocks of a calendar whose time or ladder reaches into a span of days."""
    ahead = Q(due_at__gte=first) | Q(alarm_at__gte=first) | Q(paused_at__isnull=False)
    return Clock.objects.filter(ahead, calendar=calendar, stopped_at=None, started_at__lte=last)


@dataclass(frozen=True)
class Chunk:
    """How many clocks were looked at, and those that move with their new moments."""

    examined: int
    moved: list[tuple[Clock, sla.Moments]]


def differing(found: QuerySet[Clock], calendar: WorkCalendar) -> Iterator[Chunk]:
    """Which clocks move when they are counted by `calendar`; read in chunks, nothing is written."""
    last = 0
    while rows := clocks.read(found.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        last = rows[-1].pk
        moved = []
        for row in rows:
            new = clocks.moments_by(row, calendar)
            if (new.due_at, new.warn_at) != (row.due_at, row.warn_at) or _climbs(row):
                moved.append((row, new))
        yield Chunk(len(rows), moved)


def _moments(clock: Clock) -> tuple[datetime | None, ...]:
    return clock.due_at, clock.warn_at, clock.alarm_at


def _climbs(clock: Clock) -> bool:
    """Whether steps of the ladder are still to be taken: their moments lie after the limit and may move alone."""
    return clock.overdue_at is not None and clock.alarm_at is not None


def _recompute(rows: QuerySet[Clock], case_ids: set[int], calendar: Calendar, now: datetime) -> list[Move]:
    """Recompute those of the clocks that belong to these cases, with an event in each case that moved."""
    moves: list[Move] = []
    if not case_ids:
        return moves
    with transaction.atomic():
        held = Case.objects.select_for_update().only(*events.READ_FIELDS, *SHOWN).filter(pk__in=case_ids)
        cases = {case.pk: case for case in held.order_by("pk")}
        said: dict[int, dict[str, Any]] = {}
        changed: list[Clock] = []
        for clock in clocks.read(rows.filter(case__in=cases).order_by("case", "pk")):
            was, moments = clock.due_at, _moments(clock)
            clock.calendar = calendar
            if _moments(clocks.recomputed(clock, now)) == moments:
                continue
            changed.append(clock)
            if clock.due_at != was:
                said.setdefault(clock.case_id, {})[clock.owed_name] = {"was": was, "is": clock.due_at}
                moves.append((was, clock.due_at, clock.paused_at))
            clocks.show_on_case(cases[clock.case_id], clock)
        update_many(changed, clocks.RECOMPUTED_FIELDS)
        update_many([cases[pk] for pk in {clock.case_id for clock in changed} - said.keys()], SHOWN)
        named = {"calendar": calendar.code, "revision": calendar.revision}
        facts = [
            events.Fact(cases[pk], EventType.CLOCK_RECOMPUTED, named | {"limits": moved}) for pk, moved in said.items()
        ]
        events.record_facts(facts, at=now, fields=SHOWN)
    return moves
