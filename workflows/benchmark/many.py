"""Many cases with running clocks, quickly: copies of a case that the commands made, each with a history that verifies.

Raw SQL, in a database that is thrown away. Each copy has one event, chained and hashed as `cases.events` does it, and
clocks whose moments `sla.moments` computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from django.db import connection

from cases.terms import ClockKind, Priority
from workflows import limits, sla
from workflows.benchmark.world import World
from workflows.commands.handling import sign_case
from workflows.models import Clock, SlaPolicy

AT_ONCE = 50_000
LIVES = 20_000  # different beginnings in a population
RECENT_DAYS = 5  # of work: nothing that began within them is due for a warning by now
SEED = 20_260_101
UTC_TEXT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""

TIMINGS = """CREATE TEMPORARY TABLE IF NOT EXISTS bench_timing (life int, is_stage boolean, kind text, policy_id bigint,
 calendar_id bigint, calendar_revision int, started_at timestamptz, due_at timestamptz, warn_at timestamptz,
 alarm_at timestamptz, warned_at timestamptz)"""
COPY_CASES = """
WITH fresh AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('cases_case', 'id')) AS id, n %% %(lives)s AS life
    FROM generate_series(%(first)s::int, %(last)s::int) AS n
), told AS MATERIALIZED (
    SELECT f.id, t.started_at, t.due_at, t.warn_at,
        to_char(t.started_at, 'YYYY-') || lpad(f.id::text, greatest(6, length(f.id::text)), '0') AS number
    FROM fresh f JOIN bench_timing t ON t.life = f.life AND t.is_stage
), hashed AS MATERIALIZED (
    SELECT told.*, encode(sha256(convert_to(
        '["' || told.number || '",1,"case.dispatched","' || {moment} || '",' || %(actor)s || ',"' || model.state
        || '",{{}},""]', 'UTF8')), 'hex') AS hash
    FROM told, cases_case model WHERE model.id = %(model)s
), cases AS (
    INSERT INTO cases_case (id, {columns})
    SELECT hashed.id, {values} FROM hashed, cases_case model WHERE model.id = %(model)s
), event AS (
    INSERT INTO cases_caseevent (case_id, seq, type, at, actor_id, state, data, previous_hash, hash, relayed_at)
    SELECT hashed.id, 1, 'case.dispatched', started_at, %(actor)s, model.state, '{{}}', '', hash, started_at
    FROM hashed, cases_case model WHERE model.id = %(model)s
), clock AS (
    INSERT INTO workflows_clock (case_id, kind, round, generation, policy_id, calendar_id, calendar_revision,
        started_at, due_at, warn_at, alarm_at, warned_at, level, adjusted)
    SELECT f.id, t.kind, 1, 1, t.policy_id, t.calendar_id, t.calendar_revision,
        t.started_at, t.due_at, t.warn_at, t.alarm_at, t.warned_at, 0, false
    FROM fresh f JOIN bench_timing t ON t.life = f.life
)
SELECT min(id), max(id) FROM fresh"""
OWN_COLUMNS = {
    "number": "hashed.number",
    "reported_at": "hashed.started_at",
    "due_at": "hashed.due_at",
    "warn_at": "hashed.warn_at",
    "last_hash": "hashed.hash",
    "version": "1",
    "kept_version": "1",  # nothing to be folded: the loop that is measured would be busy with it
}


@dataclass(frozen=True)
class Timing:
    """A clock that runs: by which limit since when, and whether its warning has rung."""

    policy: SlaPolicy
    started_at: datetime
    warned: bool = False

    def row(self, life: int, *, is_stage: bool) -> tuple[object, ...]:
        """As the table of timings has it."""
        policy, calendar = self.policy, self.policy.calendar
        found = sla.moments(limits.limit_of(policy), limits.work_calendar(calendar), self.started_at)
        return (
            *(life, is_stage, policy.clock, policy.pk, calendar.pk, calendar.revision, self.started_at),
            *(found.due_at, found.warn_at),
            *((found.due_at, found.warn_at) if self.warned else (found.warn_at, None)),
        )


Life = Sequence[Timing]  # the clock of the stage first


def policy_of(kind: ClockKind, priority: Priority | None = None) -> SlaPolicy:
    """A limit of the seed."""
    found = SlaPolicy.objects.select_related("calendar")
    return found.get(version__number=1, category=None, clock=kind, priority=priority or "")


def make_cases(world: World, model: int, lives: Sequence[Life], count: int) -> range:
    """Copy the case `model` `count` times, the n-th with the clocks of the n-th life; returns their keys."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(TIMINGS)
        cursor.execute("TRUNCATE bench_timing")
        with cursor.copy("COPY bench_timing FROM STDIN") as rows:
            for life, clocks in enumerate(lives):
                for timing in clocks:
                    rows.write_row(timing.row(life, is_stage=timing is clocks[0]))
        cursor.execute("ANALYZE bench_timing")
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'cases_case'")
        columns = [name for (name,) in cursor.fetchall() if name != "id"]
        copied = COPY_CASES.format(
            moment=UTC_TEXT.format("told.started_at"),
            columns=", ".join(columns),
            values=", ".join(OWN_COLUMNS.get(name, f"model.{name}") for name in columns),
        )
        first = last = 0
        for begin in range(0, count, AT_ONCE):
            given = {"lives": len(lives), "first": begin, "last": min(begin + AT_ONCE, count) - 1}
            cursor.execute(copied, given | {"model": model, "actor": world.people["desk"].pk})
            lowest, last = cursor.fetchone()
            first = first or lowest
        cursor.execute("SET synchronous_commit = on")
    return range(first, last + 1)


def put_away(keys: range) -> None:
    """Stop the clocks of copies that have done their service, so that no other figure counts them."""
    with connection.cursor() as cursor:
        stop = "UPDATE workflows_clock SET stopped_at = due_at, used_seconds = 0, alarm_at = NULL"
        cursor.execute(stop + " WHERE case_id BETWEEN %s AND %s", [keys[0], keys[-1]])


def tidy() -> None:
    """What the server does by itself sooner or later, now: so that it does not do it while something is measured."""
    with connection.cursor() as cursor:
        for table in ("cases_case", "cases_caseevent", "workflows_clock"):
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def in_handling(world: World) -> int:
    """The key of a case that its team is handling, made by the commands."""
    case_id = world.dispatched()
    member = world.people["member"]
    sign_case(case_id=case_id, actor=member, now=world.now, handler=member)
    return case_id


def grow(world: World, to: int) -> None:
    """Bring the number of running clocks up to `to`: cases in handling, with the clocks `handle` and `overall`."""
    missing = to - Clock.objects.filter(stopped_at=None, paused_at=None).count()
    if missing <= 0:
        return
    handle, overall = policy_of(ClockKind.HANDLE), policy_of(ClockKind.OVERALL)
    count = (missing + 1) // 2
    lives = [(Timing(handle, at), Timing(overall, at)) for at in _lately(world, min(count, LIVES))]
    make_cases(world, in_handling(world), lives, count)
    tidy()


def _lately(world: World, count: int) -> list[datetime]:
    """Moments of the last working days, the same each time."""
    zone, random = limits.default_calendar().zone, Random(SEED)  # noqa: S311  # no secret
    mornings = [datetime.combine(workday(world.now, -n), time(8, 30), zone) for n in range(1, RECENT_DAYS + 1)]
    day = 9 * 3600 * 10**6
    return [random.choice(mornings) + timedelta(microseconds=random.randrange(day)) for _ in range(count)]


def workday(now: datetime, n: int) -> date:
    """The n-th working day after today, or before it when n is negative."""
    calendar = limits.default_calendar()
    day, step = now.astimezone(calendar.zone).date(), timedelta(days=1 if n > 0 else -1)
    while n:
        day += step
        if calendar.is_working_day(day):
            n -= 1 if n > 0 else -1
    return day
