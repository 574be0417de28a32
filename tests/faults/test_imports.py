"""Workers killed at an import: another one goes on, each row becomes one case, an undo takes each back once."""

import pytest

from cases import events
from cases.models import Case
from cases.terms import State
from tests.factories import NOW, World
from tests.faults.processes import KILLED, Crew
from workflows import import_runs as runs
from workflows.models import ImportedCase, ImportState, LedgerImport

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]
ROWS = 10
COLUMNS = {
    "external_ref": "编号",
    "title": "标题",
    "reported_at": "上报时间",
    "answer": "答复",
    "answered_at": "答复时间",
}
NEXT_WORKER = NOW + runs.STALE * 2


@pytest.fixture
def ledger(world: World) -> LedgerImport:
    """Ten rows that were checked and may be loaded, four at a time."""
    rows = [f"R{n},路灯 {n},2026-01-05 09:{n:02d},已修好,2026-01-07 10:00" for n in range(ROWS)]
    content = "\n".join([",".join(COLUMNS.values()), *rows]).encode()
    made = runs.upload(content=content, file_name="a.csv", area=world.street, actor=world.desk, now=NOW)
    runs.match_columns(made.pk, COLUMNS, keeps=())
    runs.work(made.pk, now=NOW)
    runs.load(made.pk, only_good=False)
    return made


def parts(ledger: LedgerImport) -> tuple[str, int, int]:
    """How it stands, how far it says it has come, and how many cases there are of it."""
    ledger.refresh_from_db()
    return ledger.state, ledger.done, ImportedCase.objects.filter(ledger=ledger).count()


def each_row_is_one_case(ledger: LedgerImport) -> None:
    assert parts(ledger)[::2] == (ImportState.LOADED, ROWS)
    assert sorted(Case.objects.values_list("external_ref", flat=True)) == [f"R{n}" for n in range(ROWS)]
    assert sorted(ImportedCase.objects.values_list("row", flat=True)) == list(range(2, ROWS + 2))
    assert events.verify_all().broken == []


def test_a_worker_killed_in_a_part_or_after_it_leaves_whole_parts_and_the_next_one_ends_it(
    crew: Crew, ledger: LedgerImport
) -> None:
    order = {"ledger": ledger.pk, "now": NOW, "batch": 4}
    assert crew.alone("import_ledger", die_at="before_commit", visit=2, **order).code == KILLED
    assert parts(ledger) == (ImportState.LOADING, 4, 4)
    assert crew.alone("import_ledger", die_at="after_ledger", visit=1, **order).code == KILLED
    assert parts(ledger) == (ImportState.LOADING, 4, 4)
    assert crew.alone("import_ledger", die_at="after_commit", visit=1, **order).code == KILLED
    assert parts(ledger) == (ImportState.LOADING, 8, 8)
    assert crew.alone("go_on_with_imports", now=NOW).said == 0  # somebody may be at it
    assert crew.alone("go_on_with_imports", now=NEXT_WORKER).said == 1
    each_row_is_one_case(ledger)


def test_a_load_and_its_undo_killed_after_each_of_their_statements_in_turn_happen_once(
    world: World, crew: Crew, ledger: LedgerImport
) -> None:
    order = {"ledger": ledger.pk, "now": NOW, "batch": 4, "tries": 500}
    assert crew.killed_everywhere("import_ledger", **order) > 10
    each_row_is_one_case(ledger)
    runs.undo(ledger.pk, actor=world.desk)
    assert crew.killed_everywhere("import_ledger", **order) > 10
    assert parts(ledger)[0] == ImportState.UNDONE
    assert set(Case.objects.values_list("state", flat=True)) == {State.VOIDED}
    versions = Case.objects.values_list("version", flat=True).distinct()
    assert len(versions) == 1  # none was voided twice
    assert events.verify_all().broken == []


def test_two_workers_at_once_and_a_third_that_is_killed_load_each_row_once(crew: Crew, ledger: LedgerImport) -> None:
    order = {"do": "import_ledger", "ledger": ledger.pk, "now": NOW, "batch": 2}
    ends = crew.at_once(order, order, order | {"die_at": "before_commit", "visit": 2})
    assert [end.error for end in ends] == ["", "", ""]
    assert crew.alone("import_ledger", **{key: order[key] for key in ("ledger", "now", "batch")}).error == ""
    each_row_is_one_case(ledger)


def test_control_a_worker_that_marks_a_part_before_it_is_loaded_loses_its_rows(
    crew: Crew, ledger: LedgerImport
) -> None:
    assert crew.alone("marking_import", ledger=ledger.pk, batch=4).code == KILLED
    crew.alone("import_ledger", ledger=ledger.pk, now=NOW, batch=4)
    assert Case.objects.filter(external_ref="R0").count() == 0
    with pytest.raises(AssertionError):
        each_row_is_one_case(ledger)


def test_control_a_worker_that_loads_before_it_remembers_comes_to_the_same_rows_again(
    crew: Crew, ledger: LedgerImport
) -> None:
    assert crew.alone("forgetful_import", ledger=ledger.pk, now=NOW, batch=4).code == KILLED
    assert parts(ledger) == (ImportState.LOADING, 0, 4)
