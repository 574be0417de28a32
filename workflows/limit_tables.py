"""Reading the table of limits that the office keeps, with an error for each cell that cannot be understood."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from cases.lib.spreadsheet import CellError, UnreadableSheet, clean_text, read_lines
from cases.models import Category
from workflows import limit_words as words
from workflows.limit_words import ANY, ANY_CATEGORY, BY_THE_GENERAL, Unclear, plain

GROUP, CATEGORY, URGENCY, KIND = "大类", "小类", "紧急程度", "时限种类"
FILING, LIMIT, CLOSING, UNIT, WARNING = "立案标准", "完成时限", "结案标准", "责任单位", "预警"
COLUMNS = (GROUP, CATEGORY, URGENCY, KIND, FILING, LIMIT, CLOSING, UNIT, WARNING)
STANDARDS = {FILING: "filing", CLOSING: "closing", UNIT: "unit"}
HEADER_WITHIN = 30  # lines: titles and explanations may stand above it
MOST_ROWS = 20_000
UNIT_LENGTH = 120
SHOWN_VALUE = 120


class NoTable(UnreadableSheet):
    """The file can be read, but it is not a table of limits; the text says why in the language of the page."""


@dataclass(frozen=True)
class LimitRow:
    """One limit; no amount means that the general limit holds, no percentage that the table does not say."""

    row: int
    category_id: int | None
    priority: str
    clock: str
    amount: int | None
    unit: str
    warn_percent: int | None


@dataclass(frozen=True)
class StandardRow:
    """The standards of a category; what is empty is not stated."""

    row: int
    category_id: int
    filing: str
    closing: str
    unit: str


@dataclass(frozen=True)
class LimitTable:
    """A table as it was read. `unread` are columns that mean nothing here."""

    name: str
    rows: int
    limits: tuple[LimitRow, ...]
    standards: tuple[StandardRow, ...]
    errors: tuple[CellError, ...] = ()
    unread: tuple[str, ...] = ()

    def packed(self) -> list[Any]:
        """As plain lists, for a page that keeps it until it is confirmed."""
        return [self.name, self.rows, [astuple(r) for r in self.limits], [astuple(r) for r in self.standards]]


def unpacked(packed: list[Any]) -> LimitTable:
    """The table out of its plain lists."""
    name, rows, limits, standards = packed
    return LimitTable(name, rows, tuple(LimitRow(*r) for r in limits), tuple(StandardRow(*r) for r in standards))


class Categories:
    """Categories by the words of a table: the name, with its 大类 where two share it, or the code."""

    def __init__(self, rows: Iterable[Category]) -> None:
        self.unknown: dict[tuple[str, str], None] = {}  # 小类 and 大类 that were asked for in vain, in their order
        self._by_word: dict[str, dict[int, Category]] = {}
        for row in rows:
            for word in (row.name, row.code):
                self._by_word.setdefault(plain(word), {})[row.pk] = row

    def find(self, name: str, group: str) -> int | None:
        """The key of the category, None for all of them. Raises Unclear, which names the column at fault."""
        if name == ANY_CATEGORY:
            return None
        found = list(self._by_word.get(name, {}).values())
        if not found:
            self.unknown[name, group] = None
            raise Unclear(_("没有这个小类：请核对名称，新的小类先在后台“类别”里添加。"), CATEGORY)
        within = [row for row in found if plain(row.group) == group] if group else found
        if not within:
            raise Unclear(_("该小类属于“%(group)s”，请改正大类。") % {"group": found[0].group}, GROUP)
        if len(within) > 1:
            codes = "、".join(sorted(row.code for row in within))
            raise Unclear(_("有几个小类同名：请写大类，或改写代码（%(codes)s）。") % {"codes": codes}, CATEGORY)
        return within[0].pk

    def written(self, row: Category | None) -> str:
        """The cell by which `find` finds this category again within its 大类."""
        if row is None:
            return ANY_CATEGORY
        for word in (row.name, row.code):
            try:
                if self.find(plain(word), plain(row.group)) == row.pk:
                    return word
            except Unclear:
                continue
        raise ValueError(f"The category {row.code} shares its name and its code with others: rename it.")


def read_table(path: Path, categories: Categories, *, name: str = "") -> LimitTable:
    """Read a table. What cannot be understood is a row error; a file without the header raises NoTable."""
    lines = read_lines(path, fill_merged=True)
    header = _header(name or path.name, lines)
    reading = _Reading(categories)
    for number, cells in lines:
        named = dict(zip(header, cells, strict=False))
        if any(plain(value) for column, value in named.items() if column in COLUMNS):
            reading.take(number, {column: named.get(column, "") for column in COLUMNS})
        if reading.rows > MOST_ROWS:
            raise NoTable(_("表格超过 %(n)s 行，请核对是不是选错了文件。") % {"n": MOST_ROWS})
    if not reading.rows:
        raise NoTable(_("表头下面没有内容，请至少填写一行。"))
    return LimitTable(
        name=name or path.name,
        rows=reading.rows,
        limits=tuple(reading.limits.values()),
        standards=tuple(reading.standards()),
        errors=tuple(sorted(reading.errors, key=lambda e: (e.row, COLUMNS.index(e.column)))),
        unread=tuple(column for column in header if column and column not in COLUMNS),
    )


def _header(name: str, lines: Iterator[tuple[int, list[Any]]]) -> list[str]:
    for number, cells in lines:
        header = [plain(cell) for cell in cells]
        if {CATEGORY, LIMIT} <= set(header):
            same = sorted({column for column in COLUMNS if header.count(column) > 1})
            if same:
                raise NoTable(_("列名重复：%(names)s，请只留一列。") % {"names": "、".join(same)})
            return header
        if number >= HEADER_WITHIN:
            break
    text = _("%(file)s 里没有找到表头：须有“小类”和“完成时限”两列，另可有%(others)s。")
    others = "、".join(column for column in COLUMNS if column not in (CATEGORY, LIMIT))
    raise NoTable(text % {"file": name, "others": others})


@dataclass
class _Reading:
    """What was read so far: an empty 小类 is that of the row above."""

    categories: Categories
    rows: int = 0
    limits: dict[tuple[int | None, str, str], LimitRow] = field(default_factory=dict)
    errors: list[CellError] = field(default_factory=list)
    _said: dict[int, dict[str, tuple[int, str]]] = field(default_factory=dict)  # {category: {column: (row, text)}}
    _above: tuple[str, str, int | None] | None = None  # 小类, 大类 and category
    _is_lost: bool = False  # the 小类 above was not understood: rows below it belong to it

    def take(self, number: int, cells: dict[str, Any]) -> None:
        """Read one row; all its faults at once."""
        self.rows += 1
        before = len(self.errors)
        category = self._category(number, cells)
        kind = self._try(number, cells, KIND, words.clock_kind)
        priority = self._try(number, cells, URGENCY, words.urgency)
        percent = self._try(number, cells, WARNING, words.share)
        amounts = self._try(number, cells, LIMIT, _amounts)
        if len(self.errors) > before or self._is_lost:
            return
        self._standard(number, category, cells)
        for urgency, amount in amounts.items():
            if urgency and priority:
                self._error(number, cells, LIMIT, _("紧急程度已有一列写明，完成时限里请不要再写。"))
                return
            size, unit = (amount.amount, amount.unit) if amount else (None, "")
            row = LimitRow(number, category, urgency or priority, kind, size, unit, percent)
            self._add(row, cells)

    def _add(self, row: LimitRow, cells: dict[str, Any]) -> None:
        key = (row.category_id, row.priority, row.clock)
        if (same := self.limits.get(key)) is not None:
            said = _("与第 %(row)s 行重复（同一小类、紧急程度和时限种类），请只留一行。") % {"row": same.row}
            self._error(row.row, cells, CATEGORY, said)
            return
        self.limits[key] = row

    def _category(self, number: int, cells: dict[str, Any]) -> int | None:
        name, group = plain(cells[CATEGORY]), plain(cells[GROUP])
        if not name and self._above is not None and group in ("", self._above[1]):
            return self._above[2]
        if not name and self._is_lost:
            return None
        self._is_lost, self._above = True, None
        if not name:
            self._error(number, cells, CATEGORY, _("请填写小类；只有紧接在同一小类下面的行才可以留空。"))
            return None
        try:
            category = self.categories.find(name, group)
        except Unclear as error:
            self._error(number, cells, error.column or CATEGORY, str(error))
            return None
        self._is_lost, self._above = False, (name, group, category)
        return category

    def _standard(self, number: int, category: int | None, cells: dict[str, Any]) -> None:
        for column in STANDARDS:
            text = clean_text(cells[column])
            if not text:
                continue
            if category is None:
                self._error(number, cells, column, _("“全部小类”没有标准，请写在具体的小类里。"))
                continue
            if column == UNIT and len(text) > UNIT_LENGTH:
                self._error(number, cells, column, _("责任单位超过 %(n)s 字，请写得短些。") % {"n": UNIT_LENGTH})
                continue
            row, said = self._said.setdefault(category, {}).setdefault(column, (number, text))
            if said != text:
                text = _("与第 %(row)s 行同一小类的写法不同，请写成一样或只写一次。") % {"row": row}
                self._error(number, cells, column, text)

    def standards(self) -> Iterator[StandardRow]:
        """The standards of each category that states any."""
        for category, said in self._said.items():
            texts = {name: said[column][1] if column in said else "" for column, name in STANDARDS.items()}
            yield StandardRow(min(row for row, _text in said.values()), category, **texts)

    def _try(self, number: int, cells: dict[str, Any], column: str, read: Any) -> Any:
        try:
            return read(cells[column])
        except Unclear as error:
            self._error(number, cells, column, str(error))
            return None

    def _error(self, number: int, cells: dict[str, Any], column: str, said: str) -> None:
        self.errors.append(CellError(number, column, clean_text(cells[column])[:SHOWN_VALUE], said))


def _amounts(cell: Any) -> dict[str, words.Amount | None]:
    return {ANY: None} if plain(cell) == BY_THE_GENERAL else {**words.amounts(cell)}
