"""P9: a new holiday among running clocks: writing what differs, against one UPDATE of every clock there is."""

from datetime import datetime

from django.db import connection, transaction

from cases import events
from cases.models import CaseEvent
from cases.terms import ClockKind, EventType
from workflows import limits, sla
from workflows.benchmark.many import grow, policy_of, tidy, workday
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.world import World
from workflows.commands.calendar import publish_calendar
from workflows.models import Calendar, Clock, SlaPolicy

ROUNDS = 2
DAYS_AHEAD = 14  # of work: the overall limit of whoever began in the last two days reaches it
PART = 3  # the goal: for each row that differs at most what three rows cost the anchor
# What a program does that does not know what differs: new moments for all, and the indexes on them.
ALL_ROWS = """UPDATE workflows_clock SET due_at = due_at + interval '1 day', warn_at = warn_at + interval '1 day',
 alarm_at = alarm_at + interval '1 day', calendar_revision = calendar_revision + 1 WHERE stopped_at IS NULL"""
Reckoned = dict[tuple[int, datetime], sla.Moments]


def measure_recompute(world: World, *, rounds: int = ROUNDS) -> list[Figure]:
    """Publish a holiday, then the calendar without it, and so on; what the anchor writes is rolled back."""
    grow(world, world.size)
    calendar = policy_of(ClockKind.OVERALL).calendar
    holiday = workday(world.now, DAYS_AHEAD)
    ledger = _Ledger(calendar)

    def subject(n: int) -> None:
        if n % 2:
            calendar.days.filter(date=holiday).delete()
        else:
            calendar.days.create(date=holiday, is_working=False, name="放假")
        publish_calendar(calendar, source=f"P9 {n}", now=world.now)

    def anchor(_: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ALL_ROWS)
            transaction.set_rollback(True)

    def between() -> None:
        ledger.enter()
        tidy()

    turns = take_turns(subject, anchor, rounds=rounds, size=1, before=between)
    ledger.enter()
    share = ledger.differing / ledger.total
    equal = ledger.is_right() and not events.verify_all().broken
    took, all_took, ratio = 1 / turns.subject, 1 / turns.anchor, 1 / turns.ratio
    name = f"P9 holiday among {ledger.total:,} clocks, s ÷ updating all"
    rows = ledger.written[-1] + 2 * ledger.told[-1]  # each event with the head of its case
    return [
        Figure(name, took, all_took, ratio, None, PART * share, equal, turns.noisy, True),
        Figure("P9 · share of clocks that differ", share),
        Figure("P9 · clocks written ÷ clocks that differ", ledger.written[-1], ledger.differing, None, None, 1, equal),
        Figure("P9 · events written", ledger.told[-1]),
        Figure("P9 · rows written in all ÷ all clocks", rows / ledger.total, goal=PART * share, smaller_is_better=True),
    ]


class _Ledger:
    """What each revision wrote, and what it had to write by reckoning each clock anew."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar, self.revision = calendar, calendar.revision
        self.live = Clock.objects.filter(stopped_at=None, calendar=calendar, adjusted=False)
        self.total, self.events = self.live.count(), self._events()
        self.now = self._reckoned()
        self.differing, self.written, self.told = 0, list[int](), list[int]()
        self.wrong = False

    def enter(self) -> None:
        """Look at what the last revision did, if there is one since."""
        if self.calendar.revision == self.revision:
            return
        before, self.now, self.revision = self.now, self._reckoned(), self.calendar.revision
        rows = self.live.values_list("policy", "started_at", "due_at", "warn_at")
        self.differing = 0
        for policy, started_at, due_at, warn_at in rows.iterator():
            right = self.now[policy, started_at]
            self.wrong = self.wrong or (due_at, warn_at) != (right.due_at, right.warn_at)
            self.differing += right != before[policy, started_at]
        self.written.append(self.live.filter(calendar_revision=self.revision).count())
        self.wrong = self.wrong or self.written[-1] != self.differing
        said = self._events()
        self.told.append(said - self.events)
        self.events = said

    def is_right(self) -> bool:
        """Every clock stands where it belongs, and each revision wrote what differed and nothing else."""
        return not self.wrong and self.differing > 0

    def _events(self) -> int:
        return CaseEvent.objects.filter(type=EventType.CLOCK_RECOMPUTED).count()

    def _reckoned(self) -> Reckoned:
        policies = {policy.pk: limits.limit_of(policy) for policy in SlaPolicy.objects.all()}
        published = limits.work_calendar(self.calendar)
        began = self.live.order_by().values_list("policy", "started_at").distinct()
        return {(policy, at): sla.moments(policies[policy], published, at) for policy, at in began}
