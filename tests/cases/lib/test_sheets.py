"""Lists as files: harmless, typed, and flat in memory whatever their length."""

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cases.lib import sheets
from cases.lib.sheets import Cell, Column, Sheet, csv_lines, harmless, write_xlsx
from cases.lib.spreadsheet import read_rows

MANY = 100_000
ONE = Sheet[Cell]("one", "一列", (Column("值", 10, lambda cell: cell),))
TWO = Sheet[tuple[Cell, Cell]](
    "two", "两列", (Column("编号", 10, lambda row: row[0]), Column("说明", 30, lambda row: row[1]))
)


def csv_of(*cells: Cell) -> list[str]:
    text = "".join(csv_lines(ONE, cells))
    assert text.startswith("\ufeff值\r\n")
    return [row["值"] for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))]


def written(path: Path, *cells: Cell) -> list[object]:
    with path.open("wb") as file:
        assert write_xlsx(ONE, cells, file) == len(cells)
    return [row.values["值"] for row in read_rows(path)]


@pytest.mark.parametrize(
    "typed",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM(A1)", "  =1", "\u3000＝1",
        "\u00a0=1", "\ufeff=1", "=cmd|'/C calc'!A0", '=HYPERLINK("http://x")', "-2+3+cmd|'/C calc'!A0",
    ],
)  # fmt: skip
def test_what_somebody_typed_is_never_computed(tmp_path: Path, typed: str) -> None:
    assert csv_of(typed) == [f"'{typed}"]
    written(tmp_path / "a.xlsx", typed)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        page = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in page
    assert page.count(b't="inlineStr"') == 2


@pytest.mark.parametrize("typed", ["", "路灯", "1+1=2", "3-2-501", "'=1", "a@b.cn", "（=1）", "2026-03-02"])
def test_harmless_words_stay_as_they_are(typed: str) -> None:
    assert harmless(typed) == typed


def test_numbers_and_moments_keep_their_types(tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert csv_of(-5, 1.5, at, date(2026, 3, 2)) == ["-5", "1.5", "2026-03-02 09:30", "2026-03-02"]
    assert written(tmp_path / "a.xlsx", -5, 1.5, at, date(2026, 3, 2), date(1899, 1, 1)) == [
        -5, 1.5, datetime(2026, 3, 2, 9, 30), date(2026, 3, 2), "1899-01-01",
    ]  # fmt: skip


def test_texts_too_long_for_a_cell_and_lists_too_long_for_a_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert written(tmp_path / "a.xlsx", "长" * 40_000) == ["长" * 32_767]
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    assert written(tmp_path / "b.xlsx", "1", "2", "3") == ["1", "2"]
    with zipfile.ZipFile(tmp_path / "b.xlsx") as book:
        assert b"<t>3</t>" in book.read("xl/worksheets/sheet2.xml")


def test_an_empty_list_is_its_head(tmp_path: Path) -> None:
    assert csv_of() == []
    assert written(tmp_path / "a.xlsx") == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_hundred_thousand_rows_take_no_more_memory_than_a_few(kind: str) -> None:
    """A few of the rows and all of them: what is held at most is the same. As a control, all of them in a list."""

    def rows(many: int) -> Iterator[tuple[Cell, Cell]]:
        return ((n, f"路灯不亮 {n}") for n in range(many))

    def most_held(many: int) -> int:
        tracemalloc.start()
        try:
            if kind == "csv":
                assert sum(1 for _line in csv_lines(TWO, rows(many))) == many + 1
            else:
                with open("/dev/null", "wb") as nowhere:  # a device
                    assert write_xlsx(TWO, rows(many), nowhere) == many
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, all_of_them = most_held(MANY // 50), most_held(MANY)
    assert all_of_them < few * 1.5 + 200_000
    tracemalloc.start()
    held = list(rows(MANY))
    control = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(held) == MANY
    assert control > all_of_them * 2


def test_a_title_that_excel_does_not_take_names_its_sheet_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with path.open("wb") as file:
        write_xlsx(Sheet("one", "'2026/3：[走找想促]?*:'", ONE.columns), ["甲"], file)
    assert [row.values for row in read_rows(path)] == [{ONE.heads()[0]: "甲"}]
