"""Counting day by day, without the arithmetic that sets the limits, comes to the same moments and sums."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import NOW
from workflows import reckoning, sla
from workflows.calendars import OutsideCalendar, WorkCalendar


def calendar(*, last: date = date(2027, 12, 31)) -> WorkCalendar:
    days = {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 10, 10): True}
    return WorkCalendar(date(2026, 1, 1), last, overrides=days, final_years=frozenset({2026}))


@pytest.mark.parametrize("seed", range(5))
def test_counting_day_by_day_agrees_with_the_arithmetic_that_sets_the_limits(seed: int) -> None:
    dice, cal = random.Random(seed), calendar()  # noqa: S311
    for _ in range(200):
        unit = dice.choice(("working_days", "working_hours", "days", "hours"))
        limit = sla.Limit(dice.randint(1, 20), unit, dice.choice((50, 75, 80)))
        start = moment = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(seconds=dice.uniform(0, 250 * 86_400))
        kept = []
        for _ in range(dice.randint(0, 3)):
            moment += timedelta(seconds=dice.randint(0, 5 * 86_400))
            if dice.random() < 0.3:
                kept.append(sla.Interval(moment, until=moment + timedelta(days=dice.randint(1, 9))))
            else:
                kept.append(sla.Interval(moment, moment + timedelta(seconds=dice.randint(1, 9 * 86_400))))
                moment = kept[-1].ended_at or moment
        end, by = moment + timedelta(days=dice.randint(0, 5)), reckoning.counting(limit, cal)
        due = list(reckoning.steps_to_due(limit, cal, start, kept))[-1].due_at
        used = reckoning.spent(by, start, end, kept)
        assert abs(due - sla.moments(limit, cal, start, kept).due_at) < timedelta(milliseconds=1)
        assert abs(used.amount - sla.used(limit, cal, start, end, kept)) < timedelta(milliseconds=1)
        if used.lines:
            assert used.lines[-1].total == int(used.amount.total_seconds())
            assert sum(line.seconds for line in used.lines) == used.lines[-1].total


def test_counting_does_not_leave_the_calendar() -> None:
    short = calendar(last=date(2026, 3, 6))
    with pytest.raises(OutsideCalendar):
        reckoning.number_days(short, NOW, 9)
    with pytest.raises(OutsideCalendar):
        reckoning.advance(short, NOW, timedelta(hours=99))
