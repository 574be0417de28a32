"""Reading ledgers: Excel and CSV rows by the names of their columns, and the formats of time really in them."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import python_calamine

MAX_UNPACKED = 200 * 1024 * 1024  # a 5.5 MB bomb cost 605 MB: look at the directory before opening
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
USUAL = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?: ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?")
CLUTTER = re.compile(r"[\t\u00a0\u3000\s]{2}|[^\S ]")  # blanks in a row, or one that is no space
SEPARATORS = str.maketrans("/.年月日T时分：\u00a0", "----  ::: ", "秒")


class UnreadableSheet(ValueError):
    """The file cannot be read as a ledger; the text says why and what to do."""


@dataclass(frozen=True)
class Row:
    """One row: its number as the spreadsheet shows it (the header is 1), and its cells by column name."""

    number: int
    values: dict[str, Any]


@dataclass(frozen=True)
class CellError:
    """What is wrong in a cell and what to do; the row as the spreadsheet numbers it."""

    row: int
    column: str
    value: str
    message: str


def read_rows(path: Path) -> Iterator[Row]:
    """Rows of an .xlsx (its first sheet) or .csv file; rows without any content are left out."""
    header: list[str] | None = None
    for number, cells in read_lines(path):
        if not any(str(cell).strip() for cell in cells):
            continue
        if header is None:
            header = [str(cell).strip() for cell in cells]
            _refuse_same_names(path, header)
            continue
        named = zip_longest(header, cells[: len(header)], fillvalue="")  # a short row of CSV lacks its last cells
        yield Row(number, {name: cell for name, cell in named if name})
    if header is None:
        raise UnreadableSheet(f"{path.name} is empty: it needs a first row with the names of the columns.")


def read_lines(path: Path, *, fill_merged: bool = False) -> Iterator[tuple[int, list[Any]]]:
    """The cells of each line with its number, header and empty lines included.

    `fill_merged` gives every cell of a merged range the value that stands in its first one; a CSV file has none.
    """
    if not path.is_file():
        raise UnreadableSheet(f"{path} does not exist: check the path.")
    lines = _csv_lines(path) if path.suffix.lower() == ".csv" else _excel_lines(path, fill_merged=fill_merged)
    yield from enumerate(lines, start=1)


def _refuse_same_names(path: Path, header: list[str]) -> None:
    same = sorted({name for name in header if name and header.count(name) > 1})
    if same:  # the later column would silently replace the earlier one
        raise UnreadableSheet(f"{path.name} has more than one column named {', '.join(same)}: rename them.")


def _excel_lines(path: Path, *, fill_merged: bool) -> Iterator[list[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(item.file_size for item in archive.infolist())
        if size > MAX_UNPACKED:
            raise UnreadableSheet(f"{path.name} unpacks to {size // 2**20} MB: split it, 200 MB is the limit.")
        sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    except (zipfile.BadZipFile, python_calamine.CalamineError) as error:
        raise UnreadableSheet(f"{path.name} is no Excel file that can be read: save it as .xlsx or .csv.") from error
    lines = sheet.to_python(skip_empty_area=False)
    if fill_merged:
        _fill(lines, sheet.merged_cell_ranges or ())
    for cells in lines:
        yield [_whole(cell) for cell in cells]


def _fill(lines: list[list[Any]], merged: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    for (top, left), (bottom, right) in merged:
        for line in lines[top : bottom + 1]:  # a range may reach beyond what is written
            for column in range(left, min(right + 1, len(line))):
                line[column] = lines[top][left]


def _whole(cell: Any) -> Any:
    """Excel has fractions only: 13800138000.0 is a phone, not a measure."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53 else cell


def _csv_lines(path: Path) -> Iterator[list[Any]]:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            yield from csv.reader(io.StringIO(text, newline=""))
        except csv.Error as error:
            raise UnreadableSheet(f"{path.name} has a quotation mark that never ends: close it.") from error
        return
    raise UnreadableSheet(f"{path.name} is neither UTF-8 nor GB18030: save it as CSV UTF-8.")


def parse_datetime(value: Any, zone: ZoneInfo) -> datetime:
    """A moment with its zone from a date cell or from text such as "2019/4/25 9:32:09" or "2019年4月25日"."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime.combine(value, time(), zone)
    text = str(value).strip()
    if usual := USUAL.fullmatch(text):  # nearly all; `strptime` takes ten times as long
        with suppress(ValueError):
            return datetime(*(int(part or 0) for part in usual.groups()), tzinfo=zone)  # type: ignore[misc,arg-type]
    text = " ".join(text.translate(SEPARATORS).split()).rstrip(":")
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise ValueError(f"{str(value)!r} is no time: write it as 2019-04-25 09:32 or 2019/4/25 9:32:09")


def clean_text(value: Any) -> str:
    """Text without the tabs and empty lines that ledgers carry around it; at most one empty line within."""
    text = "" if value is None else str(value).strip()
    if CLUTTER.search(text) is None:
        return text
    lines = [re.sub(r"[\t\u00a0\u3000 ]+", " ", line).strip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
