"""The benchmark: how figures are judged, how turns are taken, and the exact number of statements of each move."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from cases.models import Case
from workflows.benchmark.chain import measure_chain
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.queries import measure_queries, statements
from workflows.benchmark.world import make_world
from workflows.clocks import _built

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench_world(db: None) -> Any:
    _built.cache_clear()
    return make_world(timezone.now())


@pytest.mark.parametrize(
    ("figure", "fails"),
    [
        (Figure("ratio above the floor", 10, 100, 0.2, 0.15), False),
        (Figure("ratio below the floor", 10, 100, 0.1, 0.15), True),
        (Figure("below the floor on a noisy machine", 10, 100, 0.1, 0.15, noisy=True), False),
        (Figure("fast and wrong", 90, 100, 0.9, 0.15, equal=False, noisy=True), True),
        (Figure("few statements", 8, floor=10, smaller_is_better=True), False),
        (Figure("too many statements", 11, floor=10, smaller_is_better=True), True),
        (Figure("no floor", 1, goal=300), False),
    ],
    ids=lambda v: v.name if isinstance(v, Figure) else None,
)
def test_a_figure_is_judged_by_its_floor(figure: Figure, fails: bool) -> None:
    assert figure.fails is fails


def test_a_figure_has_the_columns_of_the_result() -> None:
    row = Figure("P1", 1.0).as_json()
    assert list(row) == ["name", "value", "anchor", "ratio", "floor", "goal", "equal", "noisy"]


def test_subject_and_anchor_take_turns_and_neither_always_goes_first() -> None:
    order: list[str] = []
    turns = take_turns(lambda n: order.append(f"s{n}"), lambda n: order.append(f"a{n}"), rounds=3, size=10)
    assert order == ["a0", "s0", "s1", "a1", "a2", "s2", "s3", "a3"]
    assert turns.ratio > 0


def test_the_ratio_says_how_fast_the_subject_is_against_its_anchor() -> None:
    work = {"subject": 60_000, "anchor": 6_000}
    turns = take_turns(lambda _: _count(work["subject"]), lambda _: _count(work["anchor"]), rounds=5, size=1)
    assert 0.02 < turns.ratio < 0.5
    assert turns.anchor > turns.subject


def _count(n: int) -> None:
    for _ in range(n):
        pass


def test_no_move_takes_more_than_ten_statements(bench_world: Any) -> None:
    figures = measure_queries(bench_world)
    assert {f.name: f.value for f in figures if f.value > 10} == {}
    assert len(figures) == 7
    assert all(f.value >= 4 for f in figures)  # fewer would mean that they were not seen


def test_transaction_control_is_not_counted(bench_world: Any) -> None:
    def move() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT here")
            cursor.execute("RELEASE SAVEPOINT here")
        Case.objects.count()

    seen = statements(move)
    assert len(seen) == 1
    assert seen[0].startswith("SELECT COUNT")


def test_the_chain_that_is_measured_holds(bench_world: Any) -> None:
    chain, verified = measure_chain(bench_world, rounds=1, size=5)
    assert chain.equal
    assert chain.ratio is not None
    assert verified.value > 0


def test_another_database_than_postgresql_is_refused_in_a_sentence() -> None:
    if connection.vendor == "postgresql":
        pytest.skip("this is PostgreSQL")
    with pytest.raises(CommandError, match="PostgreSQL only") as refused:
        call_command("bench")
    assert refused.value.returncode == 2


def test_an_unknown_figure_is_refused() -> None:
    with pytest.raises(CommandError, match="P99"):
        call_command("bench", "--only", "P4,P99")


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603


@pytest.mark.pg
@pytest.mark.django_db(databases=[])
def test_it_runs_in_a_database_of_its_own_and_drops_it() -> None:
    command = [sys.executable, "manage.py", "bench", "--only", "P4", "--json"]
    done = run(command)
    assert done.returncode == 0, done.stderr[-800:]
    rows = json.loads(done.stdout)
    assert rows[0]["name"].startswith("P4")
    assert rows[0]["value"] <= rows[0]["floor"] == 10
    assert "already exists" not in run(command).stderr
