"""What people get on paper about imports: the template to fill in, and the report on each row of a file."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, Any

import xlsxwriter
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.lib.sheets import Cell, Column, Sheet
from cases.models import Category, Team, User
from workflows.import_runs import areas_of, checked_rows
from workflows.ledger_profiles import FIELDS, REQUIRED, column_of, from_json
from workflows.ledger_rows import Checked
from workflows.models import ImportState, LedgerImport

TEMPLATE_ROWS = 5000  # as far down as the lists to choose from reach
MOST_CHOICES = 2000
HINTS = {
    "external_ref": gettext_lazy("在原来系统里的编号，不能重复；没有就留空。"),
    "title": gettext_lazy("必填，最多 120 个字。"),
    "description": gettext_lazy("不填时用标题。"),
    "area": gettext_lazy("从列表选，或写区域的代码；不填时归入上传时选的区域。"),
    "category": gettext_lazy("从列表选，或写类别的代码。"),
    "reporter_phone": gettext_lazy("加密保存，页面上只显示一部分。"),
    "reported_at": gettext_lazy("必填，例如 2026-03-02 09:30；不能晚于现在。"),
    "team": gettext_lazy("已答复的件由谁办的。"),
    "answer": gettext_lazy("已答复的件写答复内容；没有答复的件从受理开始办。"),
    "answered_at": gettext_lazy("有答复就要有答复时间，不能早于上报时间。"),
    "closed_at": gettext_lazy("不填时等于答复时间。"),
}
MOMENTS = ("reported_at", "answered_at", "closed_at")
Told = tuple[Checked, str, str, str, str]  # verdict, column, reason, what to do


def write_template(viewer: User, file: IO[bytes]) -> None:
    """An empty ledger whose headings are recognised, with hints and with the words that are allowed."""
    fields = [name for name in FIELDS if name != "target_at"]
    with translation.override("zh-hans"), xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet, lists = book.add_worksheet("台账"), book.add_worksheet("可选项")
        plain, moment = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        head = book.add_format({"bold": True, "border": 1, "bg_color": "#E2EEFB"})
        must = book.add_format({"bold": True, "border": 1, "bg_color": "#FBE7C6"})
        for at, name in enumerate(fields):
            sheet.set_column(
                at, at, 40 if name in ("description", "answer") else 18, moment if name in MOMENTS else plain
            )
            sheet.write_string(0, at, str(FIELDS[name]), must if name in REQUIRED else head)
            if name in HINTS:
                sheet.write_comment(0, at, str(HINTS[name]))
        for column, (name, words) in enumerate(_choices(viewer).items()):
            at, last = fields.index(name), max(len(words), 1)
            lists.set_column(column, column, 40)
            lists.write_string(0, column, str(FIELDS[name]), head)
            for row, word in enumerate(words, 1):
                lists.write_string(row, column, word)
            letter = "ABC"[column]
            source = f"=可选项!${letter}$2:${letter}${last + 1}"
            # a code may be written as well: the list offers, it does not forbid
            allowed = {"validate": "list", "source": source, "error_type": "warning"}
            sheet.data_validation(1, at, TEMPLATE_ROWS, at, allowed)
        sheet.freeze_panes(1, 2)


def _choices(viewer: User) -> dict[str, list[str]]:
    areas = [str(area) for area in areas_of(viewer)[:MOST_CHOICES]]
    categories = list(Category.objects.filter(active=True).values_list("name", flat=True)[:MOST_CHOICES])
    teams = list(Team.objects.filter(active=True).values_list("name", flat=True)[:MOST_CHOICES])
    return {"area": areas, "category": categories, "team": teams}


IMPORTS = Sheet[LedgerImport](
    "imports",
    gettext_lazy("导入记录"),
    (
        Column(gettext_lazy("文件"), 36, lambda row: row.file_name),
        Column(gettext_lazy("进度"), 16, lambda row: row.get_state_display()),
        Column(gettext_lazy("行数"), 8, lambda row: row.rows),
        Column(gettext_lazy("导入"), 8, lambda row: row.fresh if row.state == ImportState.LOADED else None),
        Column(gettext_lazy("有错误"), 8, lambda row: row.wrong),
        Column(gettext_lazy("区域"), 36, lambda row: str(row.area)),
        Column(gettext_lazy("上传"), 12, lambda row: str(row.created_by or _("命令行"))),
        Column(gettext_lazy("上传时间"), 17, lambda row: row.created_at),
    ),
)


def report_sheet(ledger: LedgerImport) -> Sheet[Told]:
    """The report on a file: what became of each row and why, and beside it the row as it was."""

    def original(header: str) -> Column[Told]:
        return Column(header, 18, lambda told: _cell(told[0].row.values.get(header)))

    return Sheet(
        "import-report",
        gettext_lazy("导入核对"),
        (
            Column(gettext_lazy("行"), 6, lambda told: told[0].row.number),
            Column(gettext_lazy("结论"), 12, lambda told: told[1]),
            Column(gettext_lazy("列"), 14, lambda told: told[2]),
            Column(gettext_lazy("原因"), 50, lambda told: told[3]),
            Column(gettext_lazy("怎么办"), 30, lambda told: told[4]),
            *(original(header) for header in ledger.headers),
        ),
    )


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, (str, int, float, datetime)):
        return value
    return str(value)


def report_rows(ledger: LedgerImport, now: datetime) -> Iterator[Told]:
    """One line for each thing that is to be said of a row, and one for a row of which there is nothing to say."""
    columns = from_json(ledger.profile).found_in(ledger.headers)
    for one in checked_rows(ledger, now):
        yield from _told(one, columns)


def _told(one: Checked, columns: dict[str, str]) -> Sequence[Told]:
    if one.errors:
        todo = _("改好这一行，再上传整个文件；已经导入的行会认出来。")
        return [(one, _("有错误"), column_of(e.field, columns), e.reason, todo) for e in one.errors]
    if one.same:
        return [(one, _("已经有了"), "", one.same, _("不用处理。"))]
    if one.remarks:
        return [
            (one, _("可以导入"), column_of(r.field, columns), r.reason, _("请核对；不对就改好再上传。"))
            for r in one.remarks
        ]
    return [(one, _("可以导入"), "", "", "")]
