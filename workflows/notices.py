"""Reading the State Council's notice of a year's holidays as a table, with an error for each cell that is unclear."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from cases.lib.spreadsheet import CellError, UnreadableSheet, clean_text, read_lines
from workflows.calendars import WEEKDAYS

DATE, KIND, NAME = "日期", "类型", "说明"
COLUMNS = {DATE: ("日期", "date"), KIND: ("类型", "kind", "type"), NAME: ("说明", "名称", "name")}
REST = frozenset({"休", "休息", "放假", "假", "假日", "节假日", "holiday", "rest", "off"})
WORK = frozenset({"班", "补班", "上班", "调休补班", "work", "workday"})
MAKE_UP = "调休补班"
DAY = r"(?P<y{n}>\d{{4}})\s*[-/.年]\s*(?P<m{n}>\d{{1,2}})\s*[-/.月]\s*(?P<d{n}>\d{{1,2}})日?"
SHORT_DAY = r"(?:(?:(?P<y2>\d{4})\s*[-/.年]\s*)?(?P<m2>\d{1,2})\s*[-/.月]\s*)?(?P<d2>\d{1,2})日?"
ONE = re.compile(DAY.format(n=1))
RANGE = re.compile(rf"{DAY.format(n=1)}\s*(?:至|到|\.\.+|~|—+|–|…+|-)\s*{SHORT_DAY}")
REMARK = re.compile(r"\([^()]*\)|\s*00:00(:00)?$")  # (周五), and midnight where a date was wanted
HEADER_WITHIN = 30  # lines: a title may stand above the header
MOST_ROWS, LONGEST_RANGE, NAME_LENGTH, SHOWN_VALUE = 2000, 31, 60, 60
JANUARY, OCTOBER, DECEMBER = 1, 10, 12
NATIONAL_DAYS = (1, 2, 3)  # of October: at least one of them is no Saturday and no Sunday


class NoNotice(UnreadableSheet):
    """The file can be read, but it is no notice; the text says why in the language of the page."""


@dataclass(frozen=True)
class SpecialDay:
    """A day that the notice names: worked or free, and why."""

    date: date
    is_working: bool
    name: str


@dataclass(frozen=True)
class Notice:
    """A notice as it was read: the years that it settles and their days; with errors nothing may be taken from it."""

    title: str
    rows: int
    years: tuple[int, ...]
    days: tuple[SpecialDay, ...]
    errors: tuple[CellError, ...] = ()

    def doubts(self) -> list[str]:
        """What is odd without being wrong: a year without its national holiday is hardly complete."""
        free = {day.date for day in self.days if not day.is_working}
        text = _("%(year)s 年没有国庆节（10 月 1 日至 3 日）的放假日，请核对通知是否完整。")
        return [
            text % {"year": year}
            for year in self.years
            if not any(date(year, OCTOBER, n) in free for n in NATIONAL_DAYS)
        ]

    def packed(self) -> list[Any]:
        """As plain lists, for a page that keeps it until it is confirmed."""
        return [self.title, self.rows, self.years, [(d.date.isoformat(), d.is_working, d.name) for d in self.days]]


def unpacked(packed: list[Any]) -> Notice:
    """The notice out of its plain lists."""
    title, rows, years, days = packed
    read = (SpecialDay(date.fromisoformat(day), works, name) for day, works, name in days)
    return Notice(title, rows, tuple(years), tuple(read))


def read_notice(
    path: Path, *, years: Sequence[int] = (), weekdays: Collection[int] = WEEKDAYS, title: str = ""
) -> Notice:
    """Read a notice. It settles `years`, else the years of its days; raises NoNotice for a file that is none.

    A day of the December before belongs to the notice of the year that follows: it settles nothing of its own year.
    """
    reading = _Reading(weekdays)
    lines = read_lines(path)
    header = _header(title or path.name, lines)
    for number, cells in lines:
        named = {name: cells[at] if at < len(cells) else "" for name, at in header.items()}
        if any(clean_text(value) for value in named.values()):
            reading.take(number, named)
        if reading.rows > MOST_ROWS:
            raise NoNotice(_("表格超过 %(n)s 行，请核对是不是选错了文件。") % {"n": MOST_ROWS})
    if not reading.rows:
        raise NoNotice(_("表头下面没有内容，请至少填写一行。"))
    settled = tuple(sorted(set(years) or _years_of(reading.days)))
    if not settled and not reading.errors:
        raise NoNotice(_("只有 12 月的日子，看不出是哪一年的通知：请写明年份。"))
    if settled:
        reading.check_years(settled)
    days = tuple(reading.days[day] for day in sorted(reading.days))
    errors = tuple(sorted(reading.errors, key=lambda e: (e.row, list(COLUMNS).index(e.column))))
    return Notice(title or path.name, reading.rows, settled, days, errors)


def _header(title: str, lines: Iterator[tuple[int, list[Any]]]) -> dict[str, int]:
    """Where each column stands."""
    for number, cells in lines:
        words = [clean_text(cell).casefold() for cell in cells]
        found = {
            name: next(words.index(word) for word in known if word in words)
            for name, known in COLUMNS.items()
            if set(known) & set(words)
        }
        if {DATE, KIND} <= found.keys():
            return found
        if number >= HEADER_WITHIN:
            break
    text = _("%(title)s 里没有“日期”和“类型”两列：请在第一行写上 日期、类型、说明。")
    raise NoNotice(text % {"title": title})


def _years_of(days: Collection[date]) -> set[int]:
    """The years named by more than the edge of a neighbour's holiday: New Year reaches over both its sides."""
    named = {day.year for day in days}
    whole = {day.year for day in days if JANUARY < day.month < DECEMBER}
    return whole | {day.year for day in days if day.month == JANUARY and day.year - 1 not in named}


class _Unclear(ValueError):
    """A cell cannot be understood; the text says what to write."""


class _Reading:
    """The days read so far, each with the row that named it first, and what was wrong."""

    def __init__(self, weekdays: Collection[int]) -> None:
        self.weekdays = weekdays
        self.rows = 0
        self.days: dict[date, SpecialDay] = {}
        self.errors: list[CellError] = []
        self._rows: dict[date, tuple[int, str]] = {}

    def take(self, row: int, cells: dict[str, Any]) -> None:
        """One line: a day or a range of days."""
        self.rows += 1
        column = DATE
        try:
            dates = dates_of(cells[DATE])
            column = KIND
            works = _works(cells[KIND])
            column = NAME
            name = _name(cells.get(NAME, ""), works=works)
            for day in dates:
                column = KIND
                self._check(day, works=works)
                self.days.setdefault(day, SpecialDay(day, works, name))
                self._rows.setdefault(day, (row, _shown(cells[DATE])))
        except _Unclear as error:
            self.errors.append(CellError(row, column, _shown(cells.get(column, "")), str(error)))

    def _check(self, day: date, *, works: bool) -> None:
        known = self.days.get(day)
        if known is not None and known.is_working != works:
            said = {"day": day, "row": self._rows[day][0]}
            raise _Unclear(_("%(day)s 与第 %(row)s 行矛盾：同一天只能是“休”或“班”，请删去一行。") % said)
        if works and day.isoweekday() in self.weekdays:
            text = _("%(day)s 本来就是上班日，不用补班：请核对日期，或删去这一行。")
            raise _Unclear(text % {"day": day})

    def check_years(self, years: Sequence[int]) -> None:
        """Every day lies in a year that the notice settles, or in the December before one."""
        said: set[int] = set()
        for day, (row, value) in self._rows.items():
            if day.year in years or (day.month == DECEMBER and day.year + 1 in years) or row in said:
                continue
            said.add(row)
            text = _("%(day)s 不属于 %(years)s 年的通知：请改正日期，或改写年份。")
            message = text % {"day": day, "years": "、".join(map(str, years))}
            self.errors.append(CellError(row, DATE, value, message))


def dates_of(value: Any) -> list[date]:
    """The day of a cell, or all days of its range. Raises a ValueError that says what to write."""
    if isinstance(value, datetime):
        return [value.date()]
    if isinstance(value, date):
        return [value]
    text = REMARK.sub("", unicodedata.normalize("NFKC", clean_text(value))).strip()
    if not text:
        raise _Unclear(_("没有日期：请写成 2027-10-01，或 2027-10-01至2027-10-07。"))
    if found := ONE.fullmatch(text):
        return [_day(text, *found.group("y1", "m1", "d1"))]
    found = RANGE.fullmatch(text)
    if found is None:
        raise _Unclear(_("看不懂的日期：请写成 2027-10-01，或 2027-10-01至2027-10-07。"))
    year, month, day = found.group("y1", "m1", "d1")
    first = _day(text, year, month, day)
    last = _day(text, found["y2"] or year, found["m2"] or month, found["d2"])
    return _range(first, last)


def _day(text: str, year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        said = {"text": text, "day": f"{year}-{month}-{day}"}
        raise _Unclear(_("没有 %(day)s 这一天：请核对月份和日子。") % said) from error


def _range(first: date, last: date) -> list[date]:
    length = (last - first).days + 1
    if length < 1:
        raise _Unclear(_("结束日期早于开始日期：请调换或改正。"))
    if length > LONGEST_RANGE:
        raise _Unclear(_("一段有 %(n)s 天，超过 31 天：请核对日期，或分成几行。") % {"n": length})
    return [first + timedelta(days=n) for n in range(length)]


def _works(value: Any) -> bool:
    word = clean_text(value).casefold()
    if word in REST:
        return False
    if word in WORK:
        return True
    if not word:
        raise _Unclear(_("没有类型：放假写“休”，补班写“班”。"))
    raise _Unclear(_("不认识的类型：放假写“休”，补班写“班”。"))


def _name(value: Any, *, works: bool) -> str:
    name = " ".join(clean_text(value).split())
    if len(name) > NAME_LENGTH:
        raise _Unclear(_("说明超过 %(n)s 个字：请缩短。") % {"n": NAME_LENGTH})
    return name or (MAKE_UP if works else "")


def _shown(value: Any) -> str:
    text = value.date().isoformat() if isinstance(value, datetime) else clean_text(value)
    return text if len(text) <= SHOWN_VALUE else f"{text[: SHOWN_VALUE - 1]}…"
