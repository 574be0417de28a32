"""The benchmark: how figures are judged, how turns are taken, and the exact number of statements of each move."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection, reset_queries
from django.db.models import Q
from django.utils import timezone

from cases import keyset
from cases.events import verify_all
from cases.models import Case, CaseEvent, SurveyInvitation
from workflows import sla
from workflows.benchmark.chain import measure_chain
from workflows.benchmark.dashboard import SUMS_OF_ALL, measure_dashboard
from workflows.benchmark.deadlines import by_minutes, measure_deadlines
from workflows.benchmark.depth import measure_depth
from workflows.benchmark.firing import FIRE, measure_firing
from workflows.benchmark.idle import measure_idle
from workflows.benchmark.lateness import _ring as ring_late
from workflows.benchmark.lateness import measure_lateness
from workflows.benchmark.many import grow
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.queries import measure_queries, statements
from workflows.benchmark.recompute import measure_recompute
from workflows.benchmark.world import make_world
from workflows.calendars import SHANGHAI
from workflows.commands import calendar
from workflows.limits import built, default_calendar, limit_of
from workflows.models import Clock
from workflows.sla import Interval, Limit, Moments

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench_world(db: None) -> Any:
    built.cache_clear()
    return make_world(timezone.now())


@pytest.fixture
def committed_world(transactional_db: None) -> Any:
    return make_world(timezone.now(), 600)


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


def test_what_is_done_before_a_side_is_not_in_its_time() -> None:
    order: list[str] = []
    turns = take_turns(
        lambda _: order.append("s"),
        lambda _: _count(100_000),
        rounds=1,
        size=1,
        warm_up=0,
        before=lambda: order.append("before") or _count(2_000_000),
    )
    assert order == ["before", "before", "s"]
    assert turns.subject > 1000


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
    assert SurveyInvitation.objects.count() == 1  # the resident was asked, and that was counted, too


def test_transaction_control_is_not_counted(bench_world: Any) -> None:
    def move() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT here")
            cursor.execute("RELEASE SAVEPOINT here")
        Case.objects.count()

    seen = statements(move)
    assert len(seen) == 1
    assert seen[0].startswith("SELECT COUNT")


def test_statements_are_counted_although_the_log_of_queries_is_full(db: None, settings: LazySettings) -> None:
    settings.DEBUG = True
    connection.queries_log.extend({"sql": "SELECT 1", "time": "0"} for _ in range(connection.queries_limit))
    try:
        assert len(statements(Case.objects.count)) == 1
    finally:
        reset_queries()


def test_the_chain_that_is_measured_holds(bench_world: Any) -> None:
    chain, verified = measure_chain(bench_world, rounds=1, size=5)
    assert chain.equal
    assert chain.ratio is not None
    assert verified.value > 0


@pytest.mark.parametrize(
    ("limit", "start", "pauses", "warn", "due"),
    [
        # Friday; the Saturday after is made up for the National Day holiday that follows.
        (Limit(1, "working_days"), "2026-10-09T15:30", (), "2026-10-10T15:15", "2026-10-10T17:30"),
        (Limit(4, "working_hours"), "2026-09-30T16:30", (), "2026-10-08T10:30", "2026-10-08T11:30"),
        (Limit(1, "hours"), "2026-10-01T23:30", (), "2026-10-02T00:15", "2026-10-02T00:30"),
        (
            Limit(2, "working_hours"),
            "2026-03-03T09:00",
            (("2026-03-03T10:00", "2026-03-04T09:00"),),
            "2026-03-04T09:30",
            "2026-03-04T10:00",
        ),
    ],
    ids=["make-up Saturday", "over a holiday", "day and night", "with a pause"],
)
@pytest.mark.django_db
def test_counting_minute_by_minute_gives_what_a_person_counts(
    bench_world: Any, limit: Limit, start: str, pauses: tuple[tuple[str, str], ...], warn: str, due: str
) -> None:
    calendar = default_calendar()
    found = by_minutes(limit, calendar, _at(start), [Interval(_at(a), _at(b)) for a, b in pauses])
    assert found == Moments(_at(warn), _at(due))


def _at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI)


def test_deadlines_are_measured_against_the_same_answers(bench_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.benchmark.deadlines.AGAIN", 1)
    (figure,) = measure_deadlines(bench_world, rounds=1, size=3)
    assert figure.equal
    assert figure.ratio is not None
    assert figure.ratio > 1
    right = sla.moments
    monkeypatch.setattr(sla, "moments", lambda *given: replace(right(*given), due_at=bench_world.now))
    (figure,) = measure_deadlines(bench_world, rounds=1, size=3)
    assert not figure.equal


@pytest.mark.pg
def test_copied_cases_have_a_history_that_holds_and_clocks_as_they_are_reckoned(committed_world: Any) -> None:
    grow(committed_world, 41)
    copies = Clock.objects.filter(stopped_at=None, case__events__type="case.dispatched", case__version=1)
    assert copies.count() == 42
    for clock in copies.select_related("policy"):
        moments = sla.moments(limit_of(clock.policy), default_calendar(), clock.started_at)
        assert (clock.due_at, clock.warn_at, clock.alarm_at) == (moments.due_at, moments.warn_at, moments.warn_at)
        assert clock.alarm_at > committed_world.now
    verified = verify_all()
    assert verified.cases == 22
    assert not verified.broken
    grow(committed_world, 41)
    assert Case.objects.count() == 22


@pytest.mark.pg
def test_an_idle_sweep_is_measured_at_three_sizes(committed_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.benchmark.idle.LOOKS", 2)
    whole, first, second = measure_idle(committed_world)
    assert "600 clocks ÷ at 6" in whole.name
    assert whole.equal
    assert whole.ratio is not None
    assert first.name.endswith("6 → 60")
    assert second.name.endswith("60 → 600")
    Clock.objects.filter(stopped_at=None).update(alarm_at=committed_world.now)
    assert not measure_idle(committed_world)[0].equal


@pytest.mark.pg
def test_the_sweep_and_its_anchor_write_the_same(committed_world: Any) -> None:
    (figure,) = measure_firing(committed_world, rounds=1)
    assert figure.equal
    assert figure.name.endswith("12 due")
    rang = CaseEvent.objects.filter(type__in=["clock.warned", "clock.overdue"])
    assert rang.count() == 49  # two rounds of both sides, and the case of which the others are copies


@pytest.mark.pg
@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("THEN 'clock.warned'", "THEN 'clock.overdue'"),  # another mark
        ("THEN NULL ELSE", "THEN %(now)s ELSE"),  # the right words about a wrong clock
        ("held.version + 1", "held.version + 2"),  # a history that does not hold
    ],
)
def test_an_anchor_that_writes_something_else_is_seen(
    committed_world: Any, monkeypatch: pytest.MonkeyPatch, words: str, instead: str
) -> None:
    assert words in FIRE
    monkeypatch.setattr("workflows.benchmark.firing.FIRE", FIRE.replace(words, instead))
    (figure,) = measure_firing(committed_world, rounds=1)
    assert not figure.equal


@pytest.mark.pg
def test_a_holiday_writes_the_clocks_that_differ_and_no_others(
    committed_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, share, written, told, rows = measure_recompute(committed_world, rounds=1)
    assert whole.equal
    assert 0 < share.value < 0.5
    assert written.value == written.anchor == told.value == round(share.value * 600)
    assert rows.value <= 3 * share.value + 1e-9
    right = calendar.publish_calendar

    def writes_too_much(*given: Any, **words: Any) -> None:
        right(*given, **words)
        Clock.objects.update(calendar_revision=given[0].revision)

    monkeypatch.setattr("workflows.benchmark.recompute.publish_calendar", writes_too_much)
    assert not measure_recompute(committed_world, rounds=1)[0].equal


@pytest.mark.pg
def test_the_dashboard_is_measured_against_the_same_numbers(
    committed_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STREETS", "COMMUNITIES", "ESTATES", "TEAMS", "CATEGORIES"):
        monkeypatch.setattr(f"workflows.benchmark.dashboard.{name}", 2)
    whole, p95, first, second, folded = measure_dashboard(committed_world, looks=2, rounds=1)
    assert "600 cases" in whole.name
    assert whole.equal
    assert whole.ratio is not None
    assert p95.value > 0
    assert first.name.endswith("6 → 60")
    assert second.name.endswith("60 → 600")
    assert folded.value > 0
    assert Case.objects.filter(source="bench").count() == 600


@pytest.mark.pg
def test_sums_that_are_wrong_are_seen(committed_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STREETS", "COMMUNITIES", "ESTATES", "TEAMS", "CATEGORIES"):
        monkeypatch.setattr(f"workflows.benchmark.dashboard.{name}", 1)
    monkeypatch.setattr(
        "workflows.benchmark.dashboard.SUMS_OF_ALL", SUMS_OF_ALL.replace("GROUP BY", "WHERE far > 1 GROUP BY")
    )
    assert not measure_dashboard(committed_world, looks=1, rounds=1)[0].equal


@pytest.mark.pg
def test_lateness_is_that_of_the_loop_itself(committed_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.benchmark.lateness.LEAD", 0.5)
    idle, burst = measure_lateness(committed_world, alone=3, spread=0.2)
    assert idle.equal
    assert burst.equal
    assert 0 < idle.value < 60
    assert "30 at once" in burst.name
    assert Clock.objects.filter(warned_at__isnull=False).count() == 1 + 3 + 30


@pytest.mark.pg
def test_a_loop_that_has_ended_is_told_and_not_waited_for(committed_world: Any) -> None:
    with pytest.raises(RuntimeError, match="rung 0 of 1"):
        ring_late(committed_world, [0.0], lambda: False)


def test_another_database_than_postgresql_is_refused_in_a_sentence() -> None:
    if connection.vendor == "postgresql":
        pytest.skip("this is PostgreSQL")
    with pytest.raises(CommandError, match="PostgreSQL only") as refused:
        call_command("bench")
    assert refused.value.returncode == 2


def test_an_unknown_figure_is_refused() -> None:
    with pytest.raises(CommandError, match="P99"):
        call_command("bench", "--only", "P4,P99")


@pytest.mark.pg
@pytest.mark.django_db(databases=[])
def test_it_runs_in_a_database_of_its_own_and_drops_it() -> None:
    """With the settings of the product, for the broker of the tests is in memory."""
    only = "P4,P5,P14" if os.environ.get("REDIS_URL") else "P4,P5"
    command = [sys.executable, "manage.py", "bench", "--only", only, "--size", "1000", "--json"]
    given = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603
    assert done.returncode == 0, done.stderr[-800:]
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    statements = next(row for name, row in rows.items() if name.startswith("P4"))
    assert statements["value"] <= statements["floor"] == 10
    assert any("1,000 clocks ÷ at 10" in name for name in rows)
    if "P14" in only:
        messages = next(row for name, row in rows.items() if name.startswith("P14"))
        assert messages["equal"]
    server = urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
    with psycopg.connect(server) as asked:
        assert asked.execute("SELECT 1 FROM pg_database WHERE datname = 'zhuoluo_bench'").fetchone() is None


@pytest.mark.pg
def test_the_end_of_the_overdue_list_is_the_same_by_keyset_and_by_offset(
    committed_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.benchmark.depth.ROUNDS", 1)
    monkeypatch.setattr("workflows.benchmark.depth.LOOKS", 1)
    monkeypatch.setattr("workflows.benchmark.depth.OPENINGS", 1)
    whole, by_offset, *growth = measure_depth(replace(committed_world, size=4000))
    assert whole.equal
    assert (whole.floor, whole.goal, whole.smaller_is_better) == (5, 2, True)
    assert re.search(r"list of (1\d\d|200) among 4,000 cases", whole.name)  # one in twenty: late by now, or not yet
    assert by_offset.ratio is not None
    assert [figure.name.rpartition(" ")[2] for figure in growth[:2]] == ["400", "4,000"]
    right = keyset.Order.beyond
    monkeypatch.setattr(keyset.Order, "beyond", lambda *given, **words: right(*given, **words) | Q(pk__gt=0))
    assert not measure_depth(replace(committed_world, size=4000))[0].equal
