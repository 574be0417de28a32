"""Reading a register of owners (Excel or CSV) with an error for each cell that cannot be understood. Writes nothing."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from cases.council_terms import AreaSource
from cases.lib.crypto import normal_phone
from cases.lib.spreadsheet import CellError, UnreadableSheet, clean_text, read_lines

UNIT, NAME, CODE, AREA, SOURCE, PHONE = "房号", "业主姓名", "业主编号", "专有部分面积(㎡)", "面积来源", "电话"
COLUMNS = {
    UNIT: ("房号", "房屋编号", "房间号", "室号", "门牌号", "unit"),
    NAME: ("业主姓名", "业主名称", "业主", "产权人", "姓名", "owner"),
    CODE: ("业主编号", "业主代码", "业主号", "ownerid"),
    AREA: ("专有部分面积", "专有面积", "建筑面积", "产权面积", "面积", "area"),
    SOURCE: ("面积来源", "面积依据", "来源", "areasource"),
    PHONE: ("电话", "联系电话", "手机号码", "手机号", "手机", "联系方式", "phone"),
}
REQUIRED = (UNIT, NAME, AREA, SOURCE)
SOURCES = {
    AreaSource.REGISTER: ("不动产登记", "不动产登记簿", "不动产权证", "产权证", "房产证", "登记", "register"),
    AreaSource.SURVEY: ("测绘报告", "测绘", "实测", "survey"),
    AreaSource.CONTRACT: ("买卖合同", "购房合同", "商品房买卖合同", "合同", "contract"),
}
SOURCE_OF = {word: source for source, known in SOURCES.items() for word in known}
EXAMPLE = "(示例)"  # as the names in the template begin
SUMS = frozenset({"合计", "总计", "小计", "共计"})
METRES = re.compile(r"(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?(?:平方米|平米|m2)?")
PLACES = 4  # decimals of a square metre: 0.0001 m² is 1 cm²
MOST_CM2 = 100_000 * 10**PLACES  # a unit of more than 100 000 m² is a slip of the keyboard
HEADER_WITHIN, MOST_ROWS = 30, 20_000
UNIT_LENGTH = CODE_LENGTH = 40
NAME_LENGTH, SHOWN_VALUE = 120, 60
PHONE_DIGITS = range(5, 16)


class NoRegister(UnreadableSheet):
    """The file can be read, but it is no register; the text says why in the language of the page."""


@dataclass(frozen=True)
class UnitRow:
    """One unit: its owner by code (given, or the number of the owner's first unit), its area in cm²."""

    row: int
    unit: str
    owner: str
    name: str
    area_cm2: int
    source: str
    phone: str
    has_code: bool = False


@dataclass(frozen=True)
class Question:
    """Owners of the same name whom nothing tells apart: they stay apart until the sheet gives them one number."""

    name: str
    units: tuple[str, ...]


@dataclass(frozen=True)
class RegisterSheet:
    """A register as it was read; with errors nothing may be taken from it. `unread` are columns without a meaning."""

    title: str
    units: tuple[UnitRow, ...]
    errors: tuple[CellError, ...] = ()
    questions: tuple[Question, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def owners(self) -> int:
        """How many heads: several units of one owner are one."""
        return len({row.owner for row in self.units})

    @property
    def area_cm2(self) -> int:
        """The floor area of all units."""
        return sum(row.area_cm2 for row in self.units)

    def packed(self) -> list[Any]:
        """As plain lists, for a page that keeps it until it is confirmed."""
        return [self.title, [astuple(row) for row in self.units]]


def unpacked(packed: list[Any]) -> RegisterSheet:
    """The register out of its plain lists; only one without errors is ever packed."""
    title, units = packed
    rows = tuple(UnitRow(*row) for row in units)
    return RegisterSheet(title, rows, questions=_questions(rows))


def read_register(path: Path, *, title: str = "") -> RegisterSheet:
    """Read a register. Raises NoRegister for a file that is none, UnreadableSheet for one that cannot be opened."""
    title = title or path.name
    lines = read_lines(path)
    header, unread = _header(title, lines)
    reading = _Reading(header)
    for number, cells in lines:
        named = {name: cells[at] if at < len(cells) else "" for name, at in header.items()}
        if any(clean_text(value) for value in named.values()):
            reading.take(number, named)
        if reading.rows > MOST_ROWS:
            raise NoRegister(_("表格超过 %(n)s 行，请核对是不是选错了文件。") % {"n": MOST_ROWS})
    if not reading.rows:
        raise NoRegister(_("表头下面没有内容，请至少填写一行。"))
    units = reading.owned()
    order = list(COLUMNS)
    errors = tuple(sorted(reading.errors, key=lambda e: (e.row, order.index(e.column))))
    return RegisterSheet(title, units, errors, () if errors else _questions(units), unread)


def _header(title: str, lines: Iterator[tuple[int, list[Any]]]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each column stands, and the names that mean nothing here; titles may stand above the header."""
    closest: list[str] = list(REQUIRED)
    for number, cells in lines:
        words = [_heading(cell) for cell in cells]
        found: dict[str, int] = {}
        for name, known in COLUMNS.items():
            fitting = [word for word in known if word in words]
            if fitting and words.count(fitting[0]) > 1:
                raise NoRegister(_("“%(name)s”有两列，请删去或改名一列。") % {"name": name})
            if fitting:
                found[name] = words.index(fitting[0])
        lacking = [name for name in REQUIRED if name not in found]
        if not lacking:
            unread = (clean_text(cell) for at, cell in enumerate(cells) if at not in found.values())
            return found, tuple(word for word in unread if word)
        closest = min(closest, lacking, key=len)
        if number >= HEADER_WITHIN:
            break
    text = _("%(title)s 里找不到这些列：%(names)s。请按模板的表头填写。")
    raise NoRegister(text % {"title": title, "names": "、".join(closest)})


def natural(text: str) -> list[tuple[int, str]]:
    """In the order that people write units in: 3-2 before 3-10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"[0-9]+|[^0-9]+", text)]


def _heading(cell: Any) -> str:
    """The name of a column without its unit in brackets, spaces and case."""
    word = re.sub(r"\s+", "", unicodedata.normalize("NFKC", clean_text(cell))).casefold()
    return re.sub(r"\(.*?\)", "", word).removesuffix("m2")


class _Unclear(ValueError):
    """A cell cannot be understood; the text says what to write."""


@dataclass(frozen=True)
class _Line:
    """The cells of a row that could all be read."""

    row: int
    unit: str
    name: str
    code: str
    area_cm2: int
    source: str
    phone: str


class _Reading:
    """The rows read so far, and what was wrong."""

    def __init__(self, header: Iterable[str]) -> None:
        self.columns = frozenset(header)
        self.rows = 0
        self.lines: list[_Line] = []
        self.errors: list[CellError] = []
        self.units: dict[str, int] = {}  # 房号 and the row that named it first
        self.names: dict[str, tuple[str, int]] = {}  # 业主编号: the name it stands for, and where that was said

    def take(self, number: int, named: dict[str, Any]) -> None:
        """Read one row; every cell of it that is wrong is said."""
        self.rows += 1
        if clean_text(named[UNIT]) in SUMS:
            self._wrong(number, UNIT, named, _("这是合计行，请删去：合计由系统计算。"))
            return
        if _text(named[NAME]).startswith(EXAMPLE):
            self._wrong(number, NAME, named, _("这是模板里的示例行，请删去。"))
            return
        read: dict[str, Any] = {}
        for column, reader in READERS.items():
            try:
                read[column] = reader(named.get(column, ""))
            except _Unclear as error:
                self._wrong(number, column, named, str(error))
        if UNIT in read:
            earlier = self.units.setdefault(read[UNIT].casefold(), number)
            if earlier != number:
                self._wrong(number, UNIT, named, _("这个房号第 %(row)s 行已经有了，请删去一行。") % {"row": earlier})
        if read.get(CODE) and read.get(NAME):
            name, row = self.names.setdefault(read[CODE], (read[NAME], number))
            if name != read[NAME]:
                text = _("同一业主编号第 %(row)s 行的姓名不同：请改正姓名，或给另一个编号。")
                self._wrong(number, NAME, named, text % {"row": row})
        if len(read) == len(READERS):
            self.lines.append(_Line(number, read[UNIT], read[NAME], read[CODE], read[AREA], read[SOURCE], read[PHONE]))

    def _wrong(self, number: int, column: str, named: dict[str, Any], text: str) -> None:
        value = clean_text(named.get(column, "")).replace("\n", " ")[:SHOWN_VALUE]
        self.errors.append(CellError(number, column, value, text))

    def owned(self) -> tuple[UnitRow, ...]:
        """The units with their owners: one number, or without numbers one name and one phone, is one owner."""
        together: dict[tuple[str, str], list[str]] = defaultdict(list)
        for line in self.lines:
            if line.phone and not line.code:
                together[line.name, normal_phone(line.phone)].append(line.unit)
        found = []
        for line in self.lines:
            units = together.get((line.name, normal_phone(line.phone))) or [line.unit]
            owner = line.code or min(units, key=natural)
            read = (line.name, line.area_cm2, line.source, line.phone)
            found.append(UnitRow(line.row, line.unit, owner, *read, has_code=bool(line.code)))
        given = {line.code for line in self.lines if line.code}
        for row in found:
            if not row.has_code and row.owner in given:
                text = _("这个房号与另一行的业主编号相同：请给这一户也写上业主编号。")
                self.errors.append(CellError(row.row, CODE, "", text))
        return tuple(found)


def _questions(units: Iterable[UnitRow]) -> tuple[Question, ...]:
    """Names that stand for more than one owner, unless all have numbers or all have phones."""
    by_name: dict[str, dict[str, list[UnitRow]]] = defaultdict(lambda: defaultdict(list))
    for row in units:
        by_name[row.name][row.owner].append(row)
    found = []
    for name, owners in by_name.items():
        rows = [row for of_owner in owners.values() for row in of_owner]
        told_apart = all(row.has_code for row in rows) or all(not row.has_code and row.phone for row in rows)
        if len(owners) > 1 and not told_apart:
            found.append(Question(name, tuple(row.unit for row in rows)))
    return tuple(found)


def _text(value: Any) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", clean_text(str(value).replace("\0", ""))))


def _unit(value: Any) -> str:
    if isinstance(value, datetime | date):
        raise _Unclear(_("房号被 Excel 变成了日期：请把这一列设为“文本”格式后重新填写。"))
    text = _text(value).replace(" ", "")
    if not text:
        raise _Unclear(_("请填写房号，例如 3-2-501；合并的单元格请拆开，每行都写。"))
    if len(text) > UNIT_LENGTH:
        raise _Unclear(_("最多 %(n)s 个字，请缩短。") % {"n": UNIT_LENGTH})
    return text


def _name(value: Any) -> str:
    text = _text(value)
    if not text:
        raise _Unclear(_("请填写业主姓名：单位写名称，共有的写在一起；合并的单元格请拆开，每行都写。"))
    if len(text) > NAME_LENGTH:
        raise _Unclear(_("最多 %(n)s 个字，请缩短。") % {"n": NAME_LENGTH})
    return text


def _code(value: Any) -> str:
    if isinstance(value, datetime | date):
        raise _Unclear(_("业主编号被 Excel 变成了日期：请把这一列设为“文本”格式后重新填写。"))
    text = _text(value)
    if len(text) > CODE_LENGTH:
        raise _Unclear(_("最多 %(n)s 个字，请缩短。") % {"n": CODE_LENGTH})
    return text


def _area(value: Any) -> int:
    """Whole cm². A cell of Excel is read with the fifteen digits that Excel shows: 85.3, not 85.29999999999999716."""
    if isinstance(value, float):
        text = format(Decimal(f"{value:.15g}"), "f")
    else:
        text = _text(value).replace(" ", "").casefold()
    found = METRES.fullmatch(text)
    if found is None:
        raise _Unclear(_("请填写大于 0 的面积，例如 85.3；不要写其他文字。"))
    decimals = (found[2] or "").rstrip("0")
    if len(decimals) > PLACES:
        raise _Unclear(_("最多四位小数（0.0001 平方米），请按证书或报告填写，不要用公式算。"))
    cm2 = int(found[1].replace(",", "") + decimals.ljust(PLACES, "0"))
    if cm2 == 0:
        raise _Unclear(_("面积不能是 0：请按不动产登记、测绘报告或买卖合同填写。"))
    if cm2 > MOST_CM2:
        raise _Unclear(_("面积太大，请核对小数点。"))
    return cm2


def _source(value: Any) -> str:
    source = SOURCE_OF.get(_text(value).replace(" ", "").casefold())
    if source is None:
        raise _Unclear(_("请填写 不动产登记、测绘报告 或 买卖合同。"))
    return str(source)


def _phone(value: Any) -> str:
    text = _text(value)
    if text and len(normal_phone(text)) not in PHONE_DIGITS:
        raise _Unclear(_("请填写一个电话号码，没有就留空。"))
    return text


READERS = {UNIT: _unit, NAME: _name, CODE: _code, AREA: _area, SOURCE: _source, PHONE: _phone}
