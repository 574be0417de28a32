"""P1: one transition by the command, against the same writes as prepared statements of one plain client."""

import json
from typing import Any
from urllib.parse import quote

import psycopg
from django.db import connection

from cases.models import Case
from cases.terms import ClockKind, State
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.world import World
from workflows.commands.handling import sign_case

ROUNDS, SIZE = 8, 50

LOCK = "SELECT id, state, version, last_hash, number, area_id, team_id FROM cases_case WHERE id = %s FOR UPDATE"
MOVE = """UPDATE cases_case SET state = %s, holder_role = 'team_member', holder_user_id = %s, handler_id = %s,
 version = version + 1, last_hash = %s, due_at = %s, warn_at = %s WHERE id = %s"""
EVENT = """INSERT INTO cases_caseevent (case_id, seq, type, at, actor_id, state, data, previous_hash, hash, relayed_at)
 VALUES (%s, %s, 'case.signed', %s, %s, %s, %s, %s, %s, NULL) RETURNING id"""
STOP = """UPDATE workflows_clock SET stopped_at = %s, paused_at = NULL, alarm_at = NULL, used_seconds = 0
 WHERE case_id = %s AND kind = 'sign' AND stopped_at IS NULL"""
START = "INSERT INTO workflows_clock ({columns}) SELECT {values} FROM workflows_clock WHERE id = %s RETURNING id"
FIXED = {"kind": "'handle'", "stopped_at": "NULL", "used_seconds": "NULL"}


def measure_moves(world: World) -> list[Figure]:
    """Sign cases, in turn by the command and by plain statements."""
    total = (ROUNDS + 1) * SIZE
    by_command, by_client = ([world.dispatched() for _ in range(total)] for _ in range(2))
    member = world.people["member"]
    with plain_client() as client:
        plain = PlainSigner(client, world, by_client)

        def subject(n: int) -> None:
            for case_id in by_command[n * SIZE : (n + 1) * SIZE]:
                sign_case(case_id=case_id, actor=member, now=world.now, handler=member)

        def anchor(n: int) -> None:
            for case_id in by_client[n * SIZE : (n + 1) * SIZE]:
                plain.sign(case_id)

        turns = take_turns(subject, anchor, rounds=ROUNDS, size=SIZE)
    equal = _written(by_command) == _written(by_client)
    name = "P1 transitions a second, one client"
    return [Figure(name, turns.subject, turns.anchor, turns.ratio, 0.15, 0.5, equal, turns.noisy)]


def plain_client() -> "psycopg.Connection[Any]":
    """A client of the same database without Django."""
    known = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    given = {name: known[key] for name, key in names.items() if known[key]}
    return psycopg.connect(**given, autocommit=True)


def database_url() -> str:
    """The same database for a process of its own."""
    known = connection.settings_dict
    who = quote(known["USER"]) + (f":{quote(known['PASSWORD'])}" if known["PASSWORD"] else "")
    where = quote(known["HOST"], safe="") + (f":{known['PORT']}" if known["PORT"] else "")
    return f"postgres://{who}@{where}/{quote(known['NAME'])}"


class PlainSigner:
    """The writes of a signature with every value prepared beforehand."""

    def __init__(self, client: "psycopg.Connection[Any]", world: World, case_ids: list[int]) -> None:
        self.client, self.member, self.now = client, world.people["member"].pk, world.now
        clocks = Case.objects.filter(pk__in=case_ids, clocks__kind=ClockKind.OVERALL)
        self.model_clock = dict(clocks.values_list("pk", "clocks__pk"))
        columns = [c.name for c in client.execute("SELECT * FROM workflows_clock LIMIT 0").description or ()]
        columns.remove("id")
        values = ", ".join(FIXED.get(name, name) for name in columns)
        self.start = START.format(columns=", ".join(columns), values=values)

    def sign(self, case_id: int) -> None:
        """One signature: lock, clock stopped, clock started, event, case; one transaction."""
        run = self.client.execute
        with self.client.transaction():
            row = run(LOCK, (case_id,), prepare=True).fetchone()
            if row is None or row[1] != State.DISPATCHED:
                raise AssertionError(f"case {case_id} cannot be signed")
            run(STOP, (self.now, case_id), prepare=True)
            run(self.start, (self.model_clock[case_id],), prepare=True)
            data, digest = json.dumps({"handler": self.member}), "f" * 64
            run(
                EVENT,
                (case_id, row[2] + 1, self.now, self.member, State.IN_PROGRESS.value, data, row[3], digest),
                prepare=True,
            )
            values = (State.IN_PROGRESS.value, self.member, self.member, digest, self.now, self.now, case_id)
            run(MOVE, values, prepare=True)


def _written(case_ids: list[int]) -> list[tuple[Any, ...]]:
    """What stands in the database afterwards, without what differs by nature (keys, hashes, moments)."""
    cases = Case.objects.filter(pk__in=case_ids).order_by("pk").prefetch_related("events", "clocks")
    return [
        (
            case.state,
            case.version,
            case.handler_id,
            case.holder_role,
            [e.type for e in sorted(case.events.all(), key=lambda e: e.seq)],
            sorted((c.kind, c.stopped_at is None) for c in case.clocks.all()),
        )
        for case in cases
    ]
