"""Writing lists as files: declared columns and rows, as CSV or .xlsx, in memory that does not grow."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO, Any, Generic, TypeAlias, TypeVar

import xlsxwriter
from django.utils import timezone
from django.utils.functional import Promise

LONGEST_CELL = 32_767  # what a cell of Excel holds
MOST_ROWS = 1_048_575  # and a sheet of it, under the head; more go to a next sheet
FIRST_YEAR = 1900  # earlier days are no dates to Excel
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")  # a cell that begins so is computed, DDE included
UNNAMEABLE = re.compile(r"[\[\]:*?/\\]")  # what the name of a sheet may not hold
Cell: TypeAlias = str | int | float | datetime | date | None
Words: TypeAlias = Promise | str
Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """The words over a column, its width in characters, and what stands in it."""

    label: Words
    width: int
    value: Callable[[Row], Cell]


@dataclass(frozen=True)
class Sheet(Generic[Row]):
    """A list as a file: `name` in the Latin name of the file, `title` on the sheet and in the file's own name.

    `impersonal` where no row names anybody or repeats what somebody said; any other leaves a row in the book of doors.
    """

    name: str
    title: Words
    columns: tuple[Column[Row], ...]
    impersonal: bool = False

    def heads(self) -> list[str]:
        """The words over the columns, in the language of the moment."""
        return [str(column.label) for column in self.columns]


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A list that a page shows: its columns, and how all of its rows are found once it is asked for as a file."""

    sheet: Sheet[Row]
    rows: Callable[[], Iterable[Row]]


def percent(share: float | None) -> float | None:
    """A share of one as a list shows it, in hundredths with one decimal; an empty cell where there is none."""
    return None if share is None else round(100 * share, 1)


def csv_lines(sheet: Sheet[Row], rows: Iterable[Row]) -> Iterator[str]:
    """CSV with a mark that tells Excel it is UTF-8. What would be read as a formula begins with a quotation mark."""
    held = io.StringIO()
    writer = csv.writer(held)
    yield "\ufeff" + _written(writer, held, sheet.heads())
    values = [column.value for column in sheet.columns]
    for row in rows:
        yield _written(writer, held, [_text(value(row)) for value in values])


def _written(writer: Any, held: io.StringIO, cells: Sequence[str | int | float]) -> str:
    writer.writerow(cells)
    text = held.getvalue()
    held.seek(0)
    held.truncate()
    return text


def _text(cell: Cell) -> str | int | float:
    """Numbers are ours and stay numbers, moments are ours; only what somebody may have typed is guarded."""
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, datetime):
        return _local(cell).strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else cell


def harmless(text: str) -> str:
    """Text that no spreadsheet computes: full-width signs and signs behind spaces are signs to some of them, too."""
    begins = unicodedata.normalize("NFKC", text[:64].lstrip(" \u3000\u00a0\ufeff\u200b\0"))
    return f"'{text}" if begins.startswith(FORMULAS) or text.startswith(FORMULAS) else text


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if moment.tzinfo else moment


def write_xlsx(sheet: Sheet[Row], rows: Iterable[Row], file: IO[bytes]) -> int:
    """An .xlsx, written row by row; whatever somebody typed stays text. Returns the number of rows."""
    book = xlsxwriter.Workbook(
        file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "remove_timezone": True},
    )  # fmt: skip
    page = _Page(book, sheet)
    values = [column.value for column in sheet.columns]
    total = 0
    for row in rows:
        if page.filled == MOST_ROWS:
            page.close()
            page = _Page(book, sheet)
        page.write([value(row) for value in values])
        total += 1
    page.close()
    book.close()
    return total


class _Page:
    """One worksheet and how far it is filled."""

    def __init__(self, book: Any, sheet: Sheet[Any]) -> None:
        number = len(book.worksheets())
        title = UNNAMEABLE.sub("-", str(sheet.title))[:28].strip("'")  # of the 31 characters that Excel allows
        self.page = book.add_worksheet(f"{title}{number + 1}" if number else title)
        head = book.add_format({"bold": True, "valign": "vcenter", "border": 1, "bg_color": "#E2EEFB"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.columns = len(sheet.columns)
        self.filled = 0
        for at, column in enumerate(sheet.columns):
            self.page.set_column(at, at, column.width)
            self.page.write_string(0, at, str(column.label), head)
        self.page.freeze_panes(1, min(2, self.columns - 1))

    def write(self, cells: Sequence[Cell]) -> None:
        """One row under the last one; an empty cell is not written."""
        self.filled += 1
        for at, cell in enumerate(cells):
            if isinstance(cell, str):
                if cell:
                    self.page.write_string(self.filled, at, cell[:LONGEST_CELL])
            elif isinstance(cell, date):
                self._write_moment(at, cell)
            elif cell is not None:
                self.page.write_number(self.filled, at, cell)

    def _write_moment(self, at: int, cell: date) -> None:
        moment = _local(cell) if isinstance(cell, datetime) else datetime.combine(cell, time())
        shape = self.moment if isinstance(cell, datetime) else self.day
        if moment.year < FIRST_YEAR:
            self.page.write_string(self.filled, at, moment.date().isoformat())
        else:
            self.page.write_datetime(self.filled, at, moment, shape)

    def close(self) -> None:
        """Offer the filters over what was written."""
        self.page.autofilter(0, 0, max(self.filled, 1), self.columns - 1)
