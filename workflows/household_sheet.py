"""Reading a sheet of households, with an error for each cell that cannot be understood. Writes nothing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from cases.households import Door
from cases.lib.crypto import normal_phone
from cases.lib.spreadsheet import CellError, UnreadableSheet, clean_text, read_rows
from cases.models import Area, User

PLACE, UNIT, NAME, PHONE, CONTACT = "区域", "门牌", "户主姓名", "电话", "联系人账号"
COLUMNS = (PLACE, UNIT, NAME, PHONE, CONTACT)
MOST_ROWS = 50_000
LENGTHS = {UNIT: 40, NAME: 50, PHONE: 20}
DIALLED = re.compile(r"1\d{10}|0?\d{7,11}")


class NoHouseholds(UnreadableSheet):
    """The file can be read, but it is no list of households; the text says why in the language of the page."""


@dataclass(frozen=True)
class HouseholdSheet:
    """What a sheet says; with errors nothing may be taken from it. `contacts` are logins, beside their rows."""

    rows: tuple[tuple[Area, Door], ...]
    contacts: tuple[User | None, ...]
    errors: tuple[CellError, ...]


def read_households(path: Path, areas: Iterable[Area], people: Iterable[User]) -> HouseholdSheet:
    """Read it for somebody who may enter households in `areas`, and give them to `people`. Raises UnreadableSheet."""
    places = {key: area for area in areas for key in (area.code, area.full_name)}
    reading = _Reading(places, {person.username: person for person in people})
    for row in read_rows(path):
        if lacking := [name for name in (PLACE, UNIT) if name not in row.values]:
            raise NoHouseholds(_("找不到这些列：%(names)s。请按模板的表头填写。") % {"names": "、".join(lacking)})
        reading.take(row.number, {name: clean_text(row.values.get(name, "")) for name in COLUMNS})
        if len(reading.rows) > MOST_ROWS:
            raise NoHouseholds(_("表格超过 %(n)s 行，请核对是不是选错了文件。") % {"n": MOST_ROWS})
    if not (reading.rows or reading.errors):
        raise NoHouseholds(_("表头下面没有内容，请至少填写一行。"))
    return HouseholdSheet(tuple(reading.rows), tuple(reading.contacts), tuple(reading.errors))


class _Reading:
    """The rows read so far, and what was wrong."""

    def __init__(self, places: dict[str, Area], people: dict[str, User]) -> None:
        self.places, self.people = places, people
        self.rows: list[tuple[Area, Door]] = []
        self.contacts: list[User | None] = []
        self.errors: list[CellError] = []
        self.seen: dict[tuple[str, str], int] = {}

    def take(self, number: int, cells: dict[str, str]) -> None:
        """Read one row; every cell of it that is wrong is said."""
        said = dict(self._faults(number, cells))
        self.errors += [CellError(number, column, _shown(column, cells), text) for column, text in said.items()]
        if not said:
            self.rows.append((self.places[cells[PLACE]], Door(cells[UNIT], cells[NAME], cells[PHONE])))
            self.contacts.append(self.people.get(cells[CONTACT]))

    def _faults(self, number: int, cells: dict[str, str]) -> Any:
        if cells[PLACE] not in self.places:
            yield PLACE, _("没有这个区域代码或全称，或者不归您管，请核对。")
        if not cells[UNIT]:
            yield UNIT, _("请填写门牌。")
        elif (first := self.seen.setdefault((cells[PLACE], cells[UNIT]), number)) != number:
            yield UNIT, _("和第 %(row)s 行重复，请删去一行。") % {"row": first}
        for column, most in LENGTHS.items():
            if len(cells[column]) > most:
                yield column, _("最多 %(n)s 个字。") % {"n": most}
        if cells[PHONE] and not DIALLED.fullmatch(normal_phone(cells[PHONE])):
            yield PHONE, _("请核对电话号码。")
        if cells[CONTACT] and cells[CONTACT] not in self.people:
            yield CONTACT, _("没有这个账号，或者不是这里的包户联系人、网格员。")


def _shown(column: str, cells: dict[str, str]) -> str:
    """What stands in the cell; of private ones nothing is shown back."""
    return "" if column in (NAME, PHONE) else cells[column][:60]
