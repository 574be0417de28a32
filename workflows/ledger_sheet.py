"""The ledger as a file: what the page lists, with more columns, row by row in memory that does not grow."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import IO, Any

import xlsxwriter
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.lib.masking import mask_text
from cases.models import Case
from cases.querysets import CaseQuerySet
from workflows.case_page import holder_of

CHUNK = 2000
LONGEST_CELL = 32_767  # what a cell of Excel holds
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is computed by a spreadsheet
Cell = str | datetime | None
RELATED = ("area", "category", "team", "council", "handler", "holder_user", "campaign", "main_case")
UNSHOWN = ("search_terms", "extra")


def _masked(name: str) -> Callable[[Case], Cell]:
    return lambda case: mask_text(getattr(case, name))


def _named(name: str) -> Callable[[Case], Cell]:
    return lambda case: str(getattr(case, name) or "")


COLUMNS: tuple[tuple[Promise | str, int, Callable[[Case], Cell]], ...] = (
    (_("编号"), 14, lambda case: case.number),
    (_("标题"), 30, _masked("title")),
    (_("情况"), 50, _masked("description")),
    (_("地点"), 24, _masked("place")),
    (_("区域"), 36, _named("area")),
    (_("类别"), 12, _named("category")),
    (_("紧急程度"), 10, lambda case: case.get_priority_display()),
    (_("来源"), 12, lambda case: case.get_source_display()),
    (_("专项行动"), 14, _named("campaign")),
    (_("环节"), 10, lambda case: case.get_state_display()),
    (_("由谁办"), 20, holder_of),
    (_("主办"), 20, _named("team")),
    (_("承办人"), 10, _named("handler")),
    (_("上报时间"), 17, lambda case: case.reported_at),
    (_("时限"), 17, lambda case: case.due_at),
    (_("答复时间"), 17, lambda case: case.answered_at),
    (_("答复用时（工作日）"), 10, lambda case: "" if case.answer_workdays is None else str(case.answer_workdays)),
    (_("结案时间"), 17, lambda case: case.closed_at),
    (_("结果"), 16, lambda case: case.get_result_code_display() if case.result_code else ""),
    (_("处置情况"), 50, _masked("result_text")),
    (_("轮次"), 6, lambda case: str(case.round)),
    (_("并入"), 14, _named("main_case")),
    (_("外部编号"), 14, lambda case: case.external_ref),
)


def heads() -> list[str]:
    """The words over the columns, in the language of the moment."""
    return [str(label) for label, _width, _value in COLUMNS]


def lines(found: CaseQuerySet | QuerySet[Case]) -> Iterator[list[Cell]]:
    """One line for each case, in the order asked for, read in chunks."""
    rows = found.select_related(*RELATED).defer(*UNSHOWN)
    for case in rows.iterator(chunk_size=CHUNK):
        yield [value(case) for _label, _width, value in COLUMNS]


def csv_lines(found: CaseQuerySet | QuerySet[Case]) -> Iterator[str]:
    """CSV with a mark that tells Excel it is UTF-8. What would be read as a formula begins with a quotation mark."""
    held = io.StringIO()
    writer = csv.writer(held)
    yield "\ufeff" + _written(writer, held, heads())
    for line in lines(found):
        yield _written(writer, held, [_harmless(_text(cell)) for cell in line])


def _written(writer: Any, held: io.StringIO, cells: Sequence[str]) -> str:
    writer.writerow(cells)
    text = held.getvalue()
    held.seek(0)
    held.truncate()
    return text


def _text(cell: Cell) -> str:
    return timezone.localtime(cell).strftime("%Y-%m-%d %H:%M") if isinstance(cell, datetime) else cell or ""


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text


def write_xlsx(found: CaseQuerySet | QuerySet[Case], file: IO[bytes]) -> int:
    """An .xlsx, written row by row; whatever somebody typed stays text. Returns the number of cases."""
    book = xlsxwriter.Workbook(
        file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "remove_timezone": True},
    )  # fmt: skip
    sheet = book.add_worksheet(str(_("台账")))
    head = book.add_format({"bold": True, "valign": "vcenter", "border": 1, "bg_color": "#E2EEFB"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for column, (label, width, _value) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, str(label), head)
    sheet.freeze_panes(1, 2)
    number = 0
    for number, line in enumerate(lines(found), start=1):  # how many there were
        for column, cell in enumerate(line):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, column, timezone.localtime(cell), moment)
            elif cell:
                sheet.write_string(number, column, cell[:LONGEST_CELL])
    sheet.autofilter(0, 0, max(number, 1), len(COLUMNS) - 1)
    book.close()
    return number
