"""P6: clocks fired by the sweep, against PostgreSQL doing the same writes by itself."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from cases import events
from cases.models import CaseEvent
from cases.terms import ClockKind
from workflows import limits, sla
from workflows.benchmark.many import UTC_TEXT, Life, Timing, make_cases, policy_of, put_away, tidy, workday
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.moves import plain_client
from workflows.benchmark.world import World
from workflows.commands.sweep import BATCH, sweep
from workflows.models import Clock

ROUNDS, SHARE = 4, 50  # a round fires the fiftieth part of the clocks of the world
DUE_UTC = """to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
# One batch: the due clocks by their index, their cases locked, event with its hash, head of the case, clock.
FIRE = """
WITH due AS MATERIALIZED (
    SELECT id, case_id, kind, round, generation, due_at, warned_at FROM workflows_clock
    WHERE alarm_at <= %(now)s AND case_id BETWEEN %(first)s AND %(last)s ORDER BY alarm_at, id LIMIT %(batch)s
), held AS MATERIALIZED (
    SELECT id, number, version, last_hash, state FROM cases_case
    WHERE id IN (SELECT case_id FROM due) ORDER BY id FOR UPDATE SKIP LOCKED
), said AS MATERIALIZED (
    SELECT due.*, held.number, held.version + 1 AS seq, held.last_hash, held.state,
        CASE WHEN warned_at IS NULL THEN 'clock.warned' ELSE 'clock.overdue' END AS type,
        '{{"clock":"' || kind || '","clock_id":' || due.id || ',"due_at":"' || {due} || '","generation":' || generation
        || ',"round":' || round || '}}' AS data
    FROM due JOIN held ON held.id = due.case_id
), chained AS MATERIALIZED (
    SELECT said.*, encode(sha256(convert_to('["' || number || '",' || seq || ',"' || type || '","' || {now}
        || '",null,"' || state || '",' || data || ',"' || last_hash || '"]', 'UTF8')), 'hex') AS hash
    FROM said
), event AS (
    INSERT INTO cases_caseevent (case_id, seq, type, at, actor_id, state, data, previous_hash, hash, relayed_at)
    SELECT case_id, seq, type, %(now)s, NULL, state, data::jsonb, last_hash, hash, NULL FROM chained
), head AS (
    UPDATE cases_case SET version = seq, last_hash = hash FROM chained WHERE cases_case.id = case_id
)
UPDATE workflows_clock SET
    warned_at = coalesce(workflows_clock.warned_at, %(now)s),
    overdue_at = CASE WHEN chained.warned_at IS NULL THEN NULL ELSE %(now)s::timestamptz END,
    alarm_at = CASE WHEN chained.warned_at IS NULL THEN chained.due_at ELSE %(step)s::timestamptz END
FROM chained WHERE workflows_clock.id = chained.id"""


def measure_firing(world: World, *, rounds: int = ROUNDS) -> list[Figure]:
    """Half of the clocks that fall due are warned, the other half overdue; each side has cases and moments of its own.

    The anchor is one statement a batch of the same size: it finds, locks, hashes and writes the same rows. Only the
    next step of the ladder is given to it, for that is arithmetic of the calendar.
    """
    size = max(world.size // SHARE, 2)
    slots = [_Slot(world, n) for n in range(2 * (rounds + 1))]
    mine, theirs = slots[0::2], slots[1::2]  # a sweep takes all that is due: what the anchor fires falls due later
    model = world.dispatched()
    ours, plain = ([make_cases(world, model, slot.lives, size) for slot in side] for side in (mine, theirs))
    tidy()
    fire = FIRE.format(due=DUE_UTC, now=UTC_TEXT.format("%(now)s::timestamptz"))
    with plain_client() as client:

        def subject(n: int) -> None:
            sweep(now=mine[n].now)

        def anchor(n: int) -> None:
            slot, keys = theirs[n], plain[n]
            given = {"now": slot.now, "step": slot.step, "first": keys[0], "last": keys[-1], "batch": BATCH}
            while client.execute(fire, given).rowcount:
                pass

        turns = take_turns(subject, anchor, rounds=rounds, size=size)
    said, wanted = _said(ours), _said(plain)
    each_once = all(len({key for key, *_ in said_once}) == len(said_once) == size for said_once in said)
    equal = each_once and said == wanted and _clocks(ours) == _clocks(plain) and not events.verify_all().broken
    for keys in (*ours, *plain):
        put_away(keys)
    name = f"P6 clocks fired a second, {size:,} due"
    return [Figure(name, turns.subject, turns.anchor, turns.ratio, 0.05, 0.15, equal, turns.noisy)]


class _Slot:
    """A minute of an afternoon ahead at which clocks fall due, for their warning or for their limit."""

    def __init__(self, world: World, n: int) -> None:
        sign, overall = policy_of(ClockKind.SIGN), policy_of(ClockKind.OVERALL)
        calendar = limits.work_calendar(sign.calendar)
        begun = datetime.combine(workday(world.now, 1), time(8, 40), calendar.zone) + timedelta(minutes=n)
        warned = Timing(sign, begun, warned=True)
        self.now = sla.moments(limits.limit_of(sign), calendar, begun).due_at
        fresh = Timing(sign, begun + timedelta(hours=1))
        self.step = sla.step_at(limits.ladder_of(sign)[0], calendar, self.now)
        self.lives: Sequence[Life] = [(timing, Timing(overall, timing.started_at)) for timing in (warned, fresh)]


def _said(sides: list[range]) -> list[list[tuple[Any, ...]]]:
    """The events of each round, without what differs by nature: keys, hashes and the minute of the round."""
    names = ("seq", "type", "actor", "state", "data")
    return [
        [
            (pk - keys[0], seq, kind, actor, state, sorted(data), data["clock"], data["round"], data["generation"])
            for pk, seq, kind, actor, state, data in CaseEvent.objects.filter(
                case__pk__gte=keys[0], case__pk__lte=keys[-1], seq__gt=1
            )
            .order_by("case", "seq")
            .values_list("case", *names)
        ]
        for keys in sides
    ]


def _clocks(sides: list[range]) -> list[list[tuple[Any, ...]]]:
    """How the clocks of each round stand, likewise."""
    return [
        [
            (
                clock.case_id - keys[0],
                clock.level,
                clock.warned_at is None,
                clock.overdue_at is None,
                clock.alarm_at == clock.due_at,
            )
            for clock in Clock.objects.filter(
                case__pk__gte=keys[0], case__pk__lte=keys[-1], kind=ClockKind.SIGN
            ).order_by("case")
        ]
        for keys in sides
    ]
