"""Ledgers as they really are."""

import zipfile
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cases.lib.spreadsheet import UnreadableSheet, clean_text, parse_datetime, read_rows

ZONE = ZoneInfo("Asia/Shanghai")
REAL = Path(__file__).parents[4] / "shared" / "data" / "citizen-messages-2011-2020.xlsx"


@pytest.mark.parametrize(
    "value",
    [
        "2019/4/25 9:32:00",
        "2019-04-25 09:32",
        "2019年4月25日 9:32",
        "2019年4月25日9时32分",
        "2019.4.25 9:32",
        datetime(2019, 4, 25, 9, 32),
    ],
)
def test_times_are_read_in_the_formats_that_ledgers_hold(value: object) -> None:
    assert parse_datetime(value, ZONE) == datetime(2019, 4, 25, 9, 32, tzinfo=ZONE)


def test_a_day_is_its_first_moment() -> None:
    assert parse_datetime(date(2019, 4, 25), ZONE) == parse_datetime("2019年4月25日", ZONE)


@pytest.mark.parametrize("value", ["", "昨天", "2019/13/1", "25/4/2019"])
def test_what_is_no_time_is_refused_with_the_formats_that_are(value: str) -> None:
    with pytest.raises(ValueError, match="2019-04-25 09:32"):
        parse_datetime(value, ZONE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_of_the_field(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "ledger.csv"
    path.write_bytes('编号, 标题 \n1,"路灯\n不亮"\n\n2,停车\n'.encode(encoding))
    rows = list(read_rows(path))
    assert [(r.number, r.values) for r in rows] == [
        (2, {"编号": "1", "标题": "路灯\n不亮"}),
        (4, {"编号": "2", "标题": "停车"}),
    ]


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (201 * 1024 * 1024))
    with pytest.raises(UnreadableSheet, match="unpacks to 201 MB"):
        list(read_rows(path))


@pytest.mark.parametrize(("name", "content"), [("a.xlsx", b"no zip"), ("b.csv", b""), ("c.csv", b"\xff\xfe\x00\x81")])
def test_an_unreadable_file_says_so(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableSheet, match=name):
        list(read_rows(path))


def test_clutter_around_text_goes_and_its_paragraphs_stay() -> None:
    assert clean_text("\n\t\t 您好 \u3000：\n\n\n\n 路灯\t坏了。\n\t") == "您好 ：\n\n路灯 坏了。"


@pytest.mark.skipif(not REAL.exists(), reason="the shared data are not beside the project")
def test_the_real_messages_are_all_read() -> None:
    rows = list(read_rows(REAL))
    assert len(rows) == 2816
    assert all(parse_datetime(r.values["留言时间"], ZONE) <= parse_datetime(r.values["答复时间"], ZONE) for r in rows)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(path: Path, rows: dict[int, list[str | float]]) -> Path:
    """The smallest .xlsx: rows by the number that the spreadsheet shows."""
    lines = ""
    for number, cells in rows.items():
        texts = (f"<c><v>{c}</v></c>" if isinstance(c, float) else _text(c) for c in cells)
        lines += f'<row r="{number}">{"".join(texts)}</row>'
    link = f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'{link}officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{link}worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def _text(content: str) -> str:
    return f'<c t="inlineStr"><is><t>{content}</t></is></c>'


def test_rows_have_the_numbers_that_excel_shows(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {3: [" 编号 ", "标题"], 6: ["1", "路灯"]})
    assert [(r.number, r.values) for r in read_rows(path)] == [(6, {"编号": "1", "标题": "路灯"})]


def test_a_phone_in_a_number_cell_stays_a_phone(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {1: ["电话", "面积"], 2: [13800138000.0, 1.5]})
    (row,) = read_rows(path)
    assert (str(row.values["电话"]), row.values["面积"]) == ("13800138000", 1.5)


def test_a_name_that_two_columns_have_is_refused_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("备注,标题,备注 \n先,路灯,后\n", encoding="utf-8")
    with pytest.raises(UnreadableSheet, match="more than one column named 备注"):
        list(read_rows(path))


def test_cells_that_a_short_row_lacks_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("编号,标题\n1\n", encoding="utf-8")
    assert [r.values for r in read_rows(path)] == [{"编号": "1", "标题": ""}]


def test_a_quotation_mark_without_its_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('编号,标题\n1,"路灯\n' + "2,停车\n" * 40_000, encoding="utf-8")
    with pytest.raises(UnreadableSheet, match="quotation mark"):
        list(read_rows(path))


def test_no_content_is_no_text() -> None:
    assert clean_text(None) == ""
