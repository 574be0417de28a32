"""Requests of another city with limits of their own: our verdict on each is the one that the city gave."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cases.models import Case
from cases.terms import ClockKind
from tests.factories import World
from workflows.clock_audit import audit
from workflows.imports import import_file

DATA = Path(__file__).parents[3] / "shared" / "data" / "boston311-100.csv"
HEADER = "case_enquiry_id,open_dt,target_dt,closed_dt,ontime,closure_reason,case_title\n"
pytestmark = pytest.mark.data


def on_time(case: Case, world: World) -> bool:
    clock = case.clocks.get(kind=ClockKind.OVERALL)
    return clock.due_at > world.now if clock.is_met is None else clock.is_met


@pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not here")
def test_every_verdict_equals_the_mark_of_the_city(world: World) -> None:
    done = import_file(DATA, now=world.now, profile="boston311")
    assert (done.rows, done.created, done.errors) == (100, 100, [])
    marks = {case.number: (on_time(case, world), case.extra["ontime"] == "ONTIME") for case in Case.objects.all()}
    assert [number for number, (ours, theirs) in marks.items() if ours != theirs] == []
    assert sum(theirs for _ours, theirs in marks.values()) == 83
    assert audit(now=world.now, quick=True).kinds


def ledger(folder: Path, *lines: str) -> Path:
    path = folder / "boston.csv"
    path.write_text(HEADER + "\n".join(lines), encoding="utf-8")
    return path


def test_a_target_is_a_limit_in_the_time_of_its_city_and_may_lie_ahead(world: World, tmp_path: Path) -> None:
    path = ledger(
        tmp_path,
        "1,2022-01-03 08:00:00,2022-01-04 08:30:00,2022-01-04 08:30:00,ONTIME,Done,Pothole",
        "2,2022-01-03 08:00:00,2022-01-04 08:30:00,2022-01-04 08:30:01,OVERDUE,Done,Light",
        "3,2026-02-27 08:00:00,2026-04-01 08:30:00,,ONTIME, ,Sign",
        "4,2026-02-27 08:00:00,,,ONTIME, ,Tree",
    )
    assert import_file(path, now=world.now, profile="boston311").created == 4
    found = {case.external_ref: case for case in Case.objects.all()}
    assert [on_time(found[ref], world) for ref in "1234"] == [True, False, True, True]
    ahead = found["3"].clocks.get(kind=ClockKind.OVERALL)
    assert ahead.due_at.astimezone(ZoneInfo("America/New_York")).isoformat() == "2026-04-01T08:30:00-04:00"
    assert found["4"].clocks.get(kind=ClockKind.OVERALL).due_at > world.now


def test_what_cannot_be_is_named(world: World, tmp_path: Path) -> None:
    path = ledger(
        tmp_path,
        "1,2022-01-03 08:00:00,2022-01-02 08:30:00,,OVERDUE, ,Pothole",
        "2,2022-01-03 08:00:00,2022-13-02 08:30:00,,OVERDUE, ,Pothole",
        "3,2022-01-03 08:00:00,2022-01-09 08:30:00,2022-01-02 08:00:00,ONTIME,Done,Pothole",
    )
    done = import_file(path, now=world.now, profile="boston311")
    assert [(error.row, error.field) for error in done.errors] == [
        (2, "target_at"),
        (3, "target_at"),
        (4, "answered_at"),
    ]
    assert not Case.objects.exists()
