"""P8: deadlines a second, against counting minute by minute as a person with a calendar would."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from workflows import limits, sla
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.world import World
from workflows.calendars import MIDNIGHT, WorkCalendar
from workflows.models import SlaPolicy

ROUNDS, CASES, AGAIN, SEED = 6, 10, 200, 8
FIRST, LAST = 2019, 2026  # years whose notices are in
MINUTE = timedelta(minutes=1)
MINUTES_OF_A_YEAR = 365 * 24 * 60
Question = tuple[sla.Limit, datetime, list[sla.Interval]]


def measure_deadlines(_world: World, *, rounds: int = ROUNDS, size: int = CASES) -> list[Figure]:
    """Warning and due moment by the seeded limits from moments of eight years, half of them with pauses."""
    calendar = limits.default_calendar()
    policies = [limits.limit_of(policy) for policy in SlaPolicy.objects.order_by("pk")]
    random = Random(SEED)  # noqa: S311  # the same questions each time
    asked = [[_question(random, policies, calendar) for _ in range(size)] for _ in range(rounds + 1)]
    found: dict[int, list[sla.Moments]] = {}
    stepped: dict[int, list[sla.Moments]] = {}

    def subject(n: int) -> None:
        for _ in range(AGAIN):  # a round of the oracle is long, one of ours too short to be timed
            found[n] = [sla.moments(limit, calendar, start, pauses) for limit, start, pauses in asked[n]]

    def anchor(n: int) -> None:
        stepped[n] = [by_minutes(limit, calendar, start, pauses) for limit, start, pauses in asked[n]]

    turns = take_turns(subject, anchor, rounds=rounds, size=size)
    rate, ratio = turns.subject * AGAIN, turns.ratio * AGAIN
    name = "P8 deadlines a second ÷ minute by minute"
    return [Figure(name, rate, turns.anchor, ratio, 1_000, 10_000, found == stepped, turns.noisy)]


def _question(random: Random, policies: Sequence[sla.Limit], calendar: WorkCalendar) -> Question:
    year = datetime(random.randint(FIRST, LAST), 1, 1, tzinfo=calendar.zone)
    start = moment = year + random.randrange(MINUTES_OF_A_YEAR) * MINUTE
    pauses = []
    for _ in range(random.choice((0, 0, 1, 2))):
        began = moment + random.randrange(1, 3 * 24 * 60) * MINUTE
        moment = began + random.randrange(1, 10 * 24 * 60) * MINUTE
        pauses.append(sla.Interval(began, moment))
    return random.choice(policies), start, pauses


def by_minutes(
    limit: sla.Limit, calendar: WorkCalendar, start: datetime, pauses: Sequence[sla.Interval] = ()
) -> sla.Moments:
    """The moments of a limit, minute by minute: the slow truth. Moments are whole minutes."""
    budget = _budget(limit, calendar, start)
    due = _walk(limit, calendar, start, budget, pauses)
    return sla.Moments(_walk(limit, calendar, start, budget * limit.warn_percent / 100, pauses), due)


def _budget(limit: sla.Limit, calendar: WorkCalendar, start: datetime) -> float:
    """The minutes that a limit grants from `start`."""
    if limit.unit != "working_days":
        return limit.amount * (60 * 24 if limit.unit == "days" else 60)
    moment, minutes, days = start, 0, 0
    while True:
        following = moment + MINUTE
        minutes += _is_counted(limit, calendar, moment)
        if following.date() != moment.date() and calendar.is_working_day(following.date()):
            days += 1
            if days > limit.amount:
                return minutes
        moment = following


def _walk(
    limit: sla.Limit, calendar: WorkCalendar, start: datetime, minutes: float, pauses: Sequence[sla.Interval]
) -> datetime:
    """When so many counted minutes have passed."""
    moment = start
    while True:
        paused = any(p.began_at <= moment and (p.ended_at is None or moment < p.ended_at) for p in pauses)
        if not paused and _is_counted(limit, calendar, moment):
            if minutes <= 1:
                return moment + minutes * MINUTE
            minutes -= 1
        moment += MINUTE


def _is_counted(limit: sla.Limit, calendar: WorkCalendar, moment: datetime) -> bool:
    if limit.unit not in sla.WORKING_UNITS:
        return True
    now = moment.time()
    of_the_day = any(begin <= now and (now < end or end == MIDNIGHT) for begin, end in calendar.periods)
    return of_the_day and calendar.is_working_day(moment.date())
