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
    ["2019/4/25 9:32:00", "2019-04-25 09:32", "2019年4月25日 9:32", "2019.4.25 9:32", datetime(2019, 4, 25, 9, 32)],
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
