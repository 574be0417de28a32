"""Imports part by part: killed and gone on with, stopped and taken back, never half and never twice."""

from typing import Any

import pytest
from django.db import transaction

from cases.models import Area, Case, CaseEvent
from cases.terms import ClockKind, State
from tests.factories import NOW, World
from workflows import import_runs as runs
from workflows import imports
from workflows.models import ImportState, LedgerImport, SlaPolicy

HEAD = "编号,标题,上报时间,答复,答复时间\n"
MINUTES = runs.STALE


def content(count: int, begin: int = 0) -> bytes:
    rows = (f"R{n},路灯 {n},2026-01-05 09:{n % 60:02d},已修好,2026-01-07 10:00" for n in range(begin, begin + count))
    return (HEAD + "\n".join(rows)).encode()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BATCH", 4)
    monkeypatch.setattr(runs, "UNDONE_AT_ONCE", 3)


def checked(world: World, file: bytes) -> LedgerImport:
    ledger = runs.upload(content=file, file_name="a.csv", area=world.street, actor=world.desk, now=NOW)
    columns = {
        "external_ref": "编号",
        "title": "标题",
        "reported_at": "上报时间",
        "answer": "答复",
        "answered_at": "答复时间",
    }
    runs.match_columns(ledger.pk, columns, keeps=())
    return done(ledger)


def done(ledger: LedgerImport, parts: int | None = None) -> LedgerImport:
    left = iter(range(parts)) if parts is not None else None
    runs.work(ledger.pk, now=NOW, until=lambda: left is not None and next(left, None) is None)
    ledger.refresh_from_db()
    return ledger


def test_a_worker_that_was_killed_leaves_whole_parts_and_another_goes_on(small: None, world: World) -> None:
    ledger = checked(world, content(10))
    runs.load(ledger.pk, only_good=False)
    ledger = done(ledger, parts=1)
    assert (ledger.state, ledger.done, Case.objects.count()) == (ImportState.LOADING, 4, 4)
    assert runs.go_on(now=NOW) == 0  # somebody may be at it
    assert runs.go_on(now=NOW + MINUTES * 2) == 1
    ledger.refresh_from_db()
    assert (ledger.state, Case.objects.count()) == (ImportState.LOADED, 10)
    assert Case.objects.values("external_ref").distinct().count() == 10


def test_a_part_that_breaks_off_leaves_nothing_and_is_tried_again(
    small: None, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = checked(world, content(6))
    runs.load(ledger.pk, only_good=False)
    take = runs.take

    def killed(*given: Any, **named: Any) -> None:
        take(*given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "take", killed)
    with pytest.raises(KeyboardInterrupt):
        runs.work(ledger.pk, now=NOW)
    ledger.refresh_from_db()
    assert (ledger.done, ledger.attempts, Case.objects.count()) == (0, 1, 0)
    monkeypatch.setattr(runs, "take", take)
    assert done(ledger).state == ImportState.LOADED


def test_what_kills_every_worker_is_given_up_and_taken_back(small: None, world: World) -> None:
    ledger = checked(world, content(6))
    runs.load(ledger.pk, only_good=False)
    done(ledger, parts=1)
    LedgerImport.objects.filter(pk=ledger.pk).update(attempts=runs.TRIES)
    ledger = done(ledger)
    assert ledger.state == ImportState.FAILED
    assert "中断" in ledger.why
    assert set(Case.objects.values_list("state", flat=True)) == {State.VOIDED}


def test_a_number_that_was_taken_meanwhile_stops_all_and_nothing_stays(small: None, world: World) -> None:
    ledger = checked(world, content(10))
    path = HEAD + "R9,别的事,2026-01-05 09:00,,\n"
    other = checked(world, path.encode())
    runs.load(other.pk, only_good=False)
    assert done(other).state == ImportState.LOADED
    runs.load(ledger.pk, only_good=False)
    ledger = done(ledger)
    assert (ledger.state, ledger.content) == (ImportState.FAILED, "")
    assert "R9" in ledger.why
    assert Case.objects.exclude(state=State.VOIDED).get().title == "别的事"
    again = checked(world, content(9))
    runs.load(again.pk, only_good=False)
    assert done(again).state == ImportState.LOADED


def test_without_limits_it_says_so_and_nothing_stays(small: None, world: World) -> None:
    ledger = checked(world, content(3))
    SlaPolicy.objects.filter(clock=ClockKind.SURVEY).delete()
    runs.load(ledger.pk, only_good=False)
    assert done(ledger).state == ImportState.FAILED
    assert not Case.objects.exists()


def test_repeated_rows_are_known_over_the_parts(small: None, world: World) -> None:
    text = content(6).decode() + "\n" + content(2).decode().removeprefix(HEAD)
    ledger = checked(world, text.encode())
    assert (ledger.rows, ledger.fresh, ledger.same) == (8, 6, 2)
    runs.load(ledger.pk, only_good=False)
    assert (done(ledger).state, Case.objects.count()) == (ImportState.LOADED, 6)


def test_two_workers_at_one_import_double_nothing(small: None, world: World) -> None:
    ledger = checked(world, content(8))
    runs.load(ledger.pk, only_good=False)
    stale = LedgerImport.objects.select_related("area", "created_by").get(pk=ledger.pk)
    done(ledger, parts=1)
    rows = runs._rows_of(content(8), "a.csv")
    with pytest.raises(runs.NotNow), transaction.atomic():
        runs._load_part(stale, rows, NOW)
    assert (done(ledger).state, Case.objects.count()) == (ImportState.LOADED, 8)


def test_what_nobody_decides_on_loses_its_file(world: World) -> None:
    ledger = checked(world, content(2))
    runs.go_on(now=NOW + runs.KEPT_FOR / 2)
    ledger.refresh_from_db()
    assert ledger.state == ImportState.CHECKED
    runs.go_on(now=NOW + runs.KEPT_FOR * 2)
    ledger.refresh_from_db()
    assert (ledger.state, ledger.content) == (ImportState.DROPPED, "")


def test_all_of_a_large_import_is_undone_in_parts(small: None, world: World) -> None:
    ledger = checked(world, content(7))
    runs.load(ledger.pk, only_good=False)
    done(ledger)
    before = CaseEvent.objects.count()
    runs.undo(ledger.pk, actor=world.desk)
    ledger = done(ledger)
    assert (ledger.state, ledger.why) == (ImportState.UNDONE, "")
    assert CaseEvent.objects.count() == before + 7
    assert Area.objects.count() > 0
    assert imports.BATCH >= 1000
