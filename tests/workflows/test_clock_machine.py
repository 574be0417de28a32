"""A clock through pauses, stops, extensions, other limits and other calendars, against the minute-stepping oracle.

`EXAMPLES=100000 pytest tests/workflows/test_clock_machine.py` tries that many sums, and lives at random.
"""

import os
import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.workflows import oracle
from tests.workflows.oracle import MINUTE, Office, Span
from workflows.calendars import MIDNIGHT, SHANGHAI, WEEKDAYS, WorkCalendar
from workflows.sla import Interval, Limit, Step, moments, step_at, used

EXAMPLES = int(os.environ.get("EXAMPLES", "2000"))
FIRST, LAST = date(2026, 2, 1), date(2027, 2, 28)
MONDAY = datetime(2026, 3, 2, tzinfo=SHANGHAI)
FEBRUARY = datetime(2026, 2, 5, tzinfo=SHANGHAI)
EVERY_DAY = frozenset(range(1, 8))
NIGHT = ((time(0), time(6)), (time(22), MIDNIGHT))
SPRING = {date(2026, 2, 15) + timedelta(days=n): False for n in range(9)} | {
    date(2026, 2, 14): True,
    date(2026, 2, 28): True,
    date(2026, 4, 6): False,
}
BERLIN = ZoneInfo("Europe/Berlin")  # its clocks go forward on 29 March and back on 25 October
PAIRS: dict[str, tuple[WorkCalendar, Office]] = {
    "office": (WorkCalendar(FIRST, LAST), Office()),
    "holidays": (WorkCalendar(FIRST, LAST, SPRING), Office(days=SPRING)),
    "night": (
        WorkCalendar(FIRST, LAST, periods=NIGHT, weekdays=EVERY_DAY),
        Office(((0, 360), (1320, 1440)), EVERY_DAY),
    ),
    "sundays too": (WorkCalendar(FIRST, LAST, weekdays=WEEKDAYS | {7}), Office(week=frozenset({1, 2, 3, 4, 5, 7}))),
    "summer time": (
        WorkCalendar(FIRST, LAST, periods=NIGHT, zone=BERLIN, weekdays=EVERY_DAY),
        Office(((0, 360), (1320, 1440)), EVERY_DAY, zone=BERLIN),
    ),
}
minutes = st.one_of(st.integers(1, 600), st.integers(1, 4 * 1440))
amounts = st.integers(1, 6)
units = st.sampled_from(["working_days", "working_hours", "days", "hours"])
shares = st.sampled_from([50, 75, 80, 100])
pairs = st.sampled_from(["office", "holidays", "night", "sundays too"])


class LifeOfAClock(RuleBasedStateMachine):
    """What the code keeps is a list of intervals; what the oracle keeps, the minutes that do not count."""

    @initialize(pair=pairs, unit=units, amount=amounts, share=shares, start=st.integers(0, 14 * 1440))
    def begin(self, pair: str, unit: str, amount: int, share: int, start: int) -> None:
        self.calendar, self.office = PAIRS[pair]
        self.limit = Limit(amount, unit, share)
        self.start = self.now = MONDAY + start * MINUTE
        self.intervals: list[Interval] = []
        self.pauses: list[Span] = []
        self.extensions: list[Span] = []
        self.stands_since: datetime | None = None  # paused or stopped
        self.is_stopped = False

    @rule(wait=minutes)
    def wait(self, wait: int) -> None:
        self.now += wait * MINUTE

    @precondition(lambda self: self.stands_since is None)
    @rule()
    def pause(self) -> None:
        self.stands_since = self.now

    @precondition(lambda self: self.stands_since is None)
    @rule()
    def stop(self) -> None:
        self.stands_since, self.is_stopped = self.now, True

    @precondition(lambda self: self.stands_since is not None)
    @rule(wait=minutes, counts=st.booleans())
    def go_on(self, wait: int, counts: bool) -> None:
        assert self.stands_since is not None
        self.now += wait * MINUTE
        if not (self.is_stopped and counts):  # after a return the time counts: nothing is kept
            self.intervals.append(Interval(self.stands_since, self.now))
            self.pauses.append((self.stands_since, self.now))
        self.stands_since, self.is_stopped = None, False

    @precondition(lambda self: self.stands_since is None)
    @rule(more=minutes)
    def extend(self, more: int) -> None:
        until = max(self.kept().due(self.office), self.now) + more * MINUTE
        self.intervals.append(Interval(self.now, until=until))
        self.extensions.append((self.now, until))

    @rule(unit=units, amount=amounts, share=shares)
    def take_another_limit(self, unit: str, amount: int, share: int) -> None:
        self.limit = Limit(amount, unit, share)

    @rule(day=st.integers(0, 45), works=st.booleans())
    def publish_another_day(self, day: int, works: bool) -> None:
        self._publish({**self.office.days, (MONDAY + timedelta(days=day)).date(): works}, self.calendar, self.office)

    @rule(pair=pairs)
    def publish_other_hours(self, pair: str) -> None:
        self._publish(self.office.days, *PAIRS[pair])

    def _publish(self, days: dict[date, bool], calendar: WorkCalendar, office: Office) -> None:
        self.calendar = WorkCalendar(FIRST, LAST, days, calendar.periods, weekdays=calendar.weekdays)
        self.office = Office(office.hours, office.week, days)

    def kept(self) -> oracle.Limit:
        limit = self.limit
        return oracle.Limit(limit.amount, limit.unit, self.start, self.pauses, self.extensions, limit.warn_percent)

    @invariant()
    def the_oracle_agrees(self) -> None:
        if not hasattr(self, "limit"):
            return
        kept, intervals = self.kept(), list(self.intervals)
        if self.stands_since is not None and not self.is_stopped:
            intervals.append(Interval(self.stands_since))
        got = moments(self.limit, self.calendar, self.start, intervals)
        assert (got.due_at, got.warn_at) == (kept.due(self.office), kept.warn(self.office))
        rung = step_at(Step("leader", 5, "working_hours"), self.calendar, got.due_at, intervals)
        assert rung == kept.reminder(self.office, 5, "working_hours")
        end = self.stands_since or self.now
        assert used(self.limit, self.calendar, self.start, end, intervals) == kept.used(self.office, end)
        if end is not self.now and not self.is_stopped:
            assert used(self.limit, self.calendar, self.start, self.now, intervals) == kept.used(self.office, end)


TestLifeOfAClock = LifeOfAClock.TestCase
TestLifeOfAClock.settings = settings(
    max_examples=max(EXAMPLES // 20, 20),
    stateful_step_count=15,
    deadline=None,
    derandomize="EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("pair", sorted(PAIRS))
def test_adding_and_measuring_agree_with_stepping_minute_by_minute(pair: str) -> None:
    calendar, office = PAIRS[pair]
    dice = random.Random(20260302)  # noqa: S311
    for _ in range(EXAMPLES // len(PAIRS)):
        start = FEBRUARY + dice.randrange(60 * 1440) * MINUTE
        worked = dice.randrange(1, 25 * 60)
        due = oracle.moment_of(oracle.step(office.worked, oracle.square(start), worked))
        assert calendar.add(start, worked * MINUTE).timestamp() == due.timestamp()
        later = start + dice.randrange(10 * 1440) * MINUTE
        between = office.worked[oracle.square(start) : oracle.square(later)].count(1)
        assert calendar.between(start, later) == between * MINUTE
        days = dice.randrange(1, 9)
        assert calendar.add_days(start, days) == office.close_of_day(start, days)


def test_the_oracle_counts_what_one_counts_by_hand() -> None:
    friday = datetime(2026, 3, 6, 16, 0, tzinfo=SHANGHAI)
    monday, wednesday = friday + timedelta(days=3), friday + timedelta(days=5)
    office = Office()
    assert oracle.Limit(2, "working_hours", friday).due(office) == monday.replace(hour=9)
    assert oracle.Limit(1, "working_days", friday).due(office) == monday.replace(hour=17, minute=30)
    assert oracle.Limit(1, "days", friday).due(office) == friday + timedelta(days=1)
    assert oracle.Limit(2, "working_hours", friday).warn(office) == friday.replace(hour=17, minute=30)
    waited = oracle.Limit(2, "working_hours", friday, [(friday + 30 * MINUTE, monday.replace(hour=10))])
    assert waited.due(office) == monday.replace(hour=11, minute=30)
    assert waited.used(office, monday.replace(hour=11)) == 90 * MINUTE
    assert waited.reminder(office, 1, "working_days") == (monday + timedelta(days=1)).replace(hour=17, minute=30)
    agreed = oracle.Limit(2, "working_hours", friday, extensions=[(friday, wednesday)])
    assert (agreed.due(office), agreed.due(Office(days={wednesday.date(): False}))) == (wednesday, wednesday)
