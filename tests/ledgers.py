"""Ledgers as files, for tests."""

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tests.factories import NOW
from workflows.imports import Imported, import_file

HEADERS = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间", "点赞"]
ANSWERED = [
    "1001",
    "A00012345",
    "路灯不亮",
    "2019/4/25 9:32:09",
    "\n\t小区东门。\n",
    "已修好。",
    "2019/4/30 16:00:00",
    "3",
]
OPEN = ["1002", "A00099999", "停车难", "2020-01-06 10:00", "地下车库停不下。", "", "", ""]

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
WORKBOOK = {
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/worksheet" '
    f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{OFFICE}/styles" Target="styles.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets><sheet name="1" sheetId="1" r:id="r1"/></sheets>'
    "</workbook>",
    "xl/styles.xml": f'<styleSheet {MAIN}><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
    "</styleSheet>",
}


def ledger(tmp_path: Path, *rows: Sequence[Any], headers: Sequence[str] = HEADERS, name: str = "a.csv") -> Path:
    """A ledger file, CSV or Excel by its name."""
    path = tmp_path / name
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([headers, *rows])
        return path
    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in [headers, *rows])
    with ZipFile(path, "w") as archive:
        for part, xml in WORKBOOK.items():
            archive.writestr(part, xml)
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {MAIN}><sheetData>{body}</sheetData></worksheet>")
    return path


def cell(value: Any) -> str:
    """A cell of Excel: text, a number, or a moment as a number in the style of dates."""
    if isinstance(value, datetime):
        days = (value - datetime(1899, 12, 30)) / timedelta(days=1)  # cells have no zone
        return f'<c s="1"><v>{days!r}</v></c>'
    return f"<c><v>{value}</v></c>" if isinstance(value, float) else f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def taken(path: Path, **options: Any) -> Imported:
    return import_file(path, now=NOW, **options)


def counts(done: Imported) -> tuple[int, int, int, int]:
    return done.rows, done.created, done.unchanged, len(done.errors)
