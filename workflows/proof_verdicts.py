"""In time, late or still running, and by how much: the verdict on one clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from workflows import reckoning, sla
from workflows.calendars import WorkCalendar
from workflows.lights import span
from workflows.models import Clock
from workflows.proof_words import ProofLine, amount_words, line_words, moment_words

MET, MISSED, PAUSED, UNKNOWN = "met", "missed", "paused", "unknown"
RUNNING, NEAR, OVERDUE = "running", "near", "overdue"


@dataclass(frozen=True)
class Verdict:
    """In time, late and by how much, or still running."""

    kind: str
    words: str
    late_seconds: int = 0


@dataclass(frozen=True)
class Read:
    """A clock with what it is counted by."""

    clock: Clock
    limit: sla.Limit
    calendar: WorkCalendar
    intervals: Sequence[sla.Interval]

    @property
    def by(self) -> WorkCalendar | None:
        """The calendar, where the limit counts working time only."""
        return reckoning.counting(self.limit, self.calendar)

    def lines(self, walk: reckoning.Walk | tuple[reckoning.Line, ...]) -> list[ProofLine]:
        """Counted lines in words."""
        lines = walk.lines if isinstance(walk, reckoning.Walk) else walk
        return line_words(lines, self.calendar.zone, self.by)

    def moment(self, at: datetime) -> str:
        """A moment in the zone of the calendar."""
        return moment_words(at, self.calendar.zone)

    def spent(self, end: datetime, *, since: datetime | None = None, most: timedelta | None = None) -> reckoning.Walk:
        """What counts up to a moment without the pauses; one that lasts has given nothing back yet."""
        over = [interval for interval in self.intervals if interval.until or interval.ended_at]
        return reckoning.spent(self.by, since or self.clock.started_at, end, over, most)


def verdict_of(read: Read, now: datetime) -> Verdict:
    """A fact once the clock has stopped, until then how things stand at `now`."""
    clock, end = read.clock, read.clock.stopped_at or read.clock.paused_at or now
    if clock.is_met:
        return Verdict(MET, _("按时"))
    return _ahead(read, end, now) if end < clock.due_at else _past(read, end)


def _ahead(read: Read, end: datetime, now: datetime) -> Verdict:
    clock = read.clock
    left = reckoning.between(read.by, end, clock.due_at).amount
    said = {"left": _both(read, left, end, clock.due_at)}
    if clock.paused_at:
        return Verdict(PAUSED, _("已暂停，还剩 %(left)s") % said)
    if now >= clock.warn_at:
        return Verdict(NEAR, _("进行中，临近时限，还剩 %(left)s") % said)
    return Verdict(RUNNING, _("进行中，还剩 %(left)s") % said)


def _past(read: Read, end: datetime) -> Verdict:
    clock = read.clock
    over = read.spent(end, since=clock.due_at).amount
    said, late = {"over": _both(read, over, clock.due_at, end)}, int(over.total_seconds())
    if clock.stopped_at:
        return Verdict(MISSED, _("超期 %(over)s") % said, late)
    if clock.paused_at:
        return Verdict(PAUSED, _("已暂停，此前已超期 %(over)s") % said, late)
    return Verdict(OVERDUE, _("进行中，已超期 %(over)s") % said, late)


def _both(read: Read, amount: timedelta, start: datetime, end: datetime) -> str:
    """Working days as every list says them, and the counted time; after a pause in between the counted time alone."""
    counted = amount_words(int(amount.total_seconds()))
    paused = any(i.ended_at is not None and start <= i.began_at < end for i in read.intervals)
    if read.by is None or paused or not sla.workdays_between(read.calendar, start, end):
        return counted
    return _("%(days)s（计 %(counted)s）") % {"days": span(start, end, read.calendar), "counted": counted}
