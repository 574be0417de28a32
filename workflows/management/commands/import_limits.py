"""`manage.py import_limits FILE`: the office's table of limits as the next version; --dry-run writes nothing."""

import json
from argparse import ArgumentParser
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cases.lib.spreadsheet import CellError, UnreadableSheet
from cases.models import Category
from workflows.commands.limits import NOTICE, add_categories, import_limits
from workflows.limit_pages import change_rows
from workflows.limit_plan import Plan, newest_version, planned
from workflows.limit_preview import Preview, preview
from workflows.limit_tables import CATEGORY, Categories, LimitTable, read_table
from workflows.models import PolicyVersion

SHOWN = 200


class Command(BaseCommand):
    help = "Import the office's table of limits (.xlsx or .csv) as the next version; all of it, or nothing on an error."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--live-from", type=_moment, help="the day or moment from which it holds; in a week if not given"
        )
        parser.add_argument(
            "--add-categories", action="store_true", help="make the 小类 that are not known yet, with numbers as codes"
        )
        parser.add_argument("--note", default="", help="what the version is based on")
        parser.add_argument("--dry-run", action="store_true", help="report the same figures and write nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        with transaction.atomic():  # new categories go with their table or not at all
            self._handle(options)
            if options["dry_run"]:
                transaction.set_rollback(True)

    def _handle(self, options: dict[str, Any]) -> None:
        now, base = timezone.now(), newest_version()
        if base is None:
            raise CommandError("There is no version of limits yet: run seed_calendar first.", returncode=2)
        try:
            table = self._read(options["file"], add_categories_too=options["add_categories"])
        except UnreadableSheet as error:
            raise CommandError(str(error), returncode=2) from error
        if table.errors:
            self._refuse(table, as_json=options["json"])
        plan = planned(table, base)
        figures = preview(plan.policies, number=None, now=now)
        version = base if plan.is_same else None
        if not options["dry_run"] and not plan.is_same:
            version = self._import(table, plan, now=now, options=options)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(table, plan, figures, version), ensure_ascii=False))
        else:
            self._print(table, plan, figures, version)

    def _read(self, file: Path, *, add_categories_too: bool) -> LimitTable:
        categories = Categories(Category.objects.all())
        table = read_table(file, categories)
        if not (add_categories_too and categories.unknown):
            return table
        add_categories(categories.unknown)
        return read_table(file, Categories(Category.objects.all()))

    def _refuse(self, table: LimitTable, *, as_json: bool) -> None:
        """The row errors, and exit code 1."""
        if as_json:
            result: dict[str, Any] = {"version": None, "rows": table.rows, "limits": 0, "standards": 0}
            result["errors"] = [_error_json(error) for error in table.errors]
            self.stdout.write(json.dumps(result | {"preview": None}, ensure_ascii=False))
        else:
            rows = Table(_("行"), _("列"), _("内容"), _("怎样改"), title=_("需要改正的单元格"))
            for error in table.errors[:SHOWN]:
                rows.add_row(str(error.row), error.column, escape(error.value), escape(error.message))
            self._show(rows)
            if any(error.column == CATEGORY for error in table.errors):
                self.stdout.write(_("表里的小类都对、只是系统里还没有时，加上 --add-categories 一并新建。"))
        raise CommandError(_("表格有 %(n)s 处错误，没有导入。") % {"n": len(table.errors)}, returncode=1)

    def _import(self, table: LimitTable, plan: Plan, *, now: datetime, options: dict[str, Any]) -> PolicyVersion:
        live_from = options["live_from"] or max(midnight(timezone.localdate(now + NOTICE)), plan.base.live_from)
        try:
            done = import_limits(
                table, live_from=live_from, actor=None, now=now, note=options["note"], expected=plan.base.number
            )
        except ValidationError as error:
            raise CommandError("".join(error.messages), returncode=2) from error
        return done.version

    def _print(self, table: LimitTable, plan: Plan, figures: Preview, version: PolicyVersion | None) -> None:
        read = _("%(rows)s 行：%(limits)s 个时限，%(standards)s 个小类的标准。")
        counts = {"rows": table.rows, "limits": len(table.limits), "standards": len(table.standards)}
        self.stdout.write(read % counts)
        differs = _("与 %(base)s 相比：%(changes)s 个时限有变，%(restated)s 个小类的标准有变。")
        said = {"base": plan.base, "changes": len(plan.changes), "restated": plan.restated}
        self.stdout.write(differs % said)
        if table.unread:
            self.stdout.write(_("没有读取的列：") + "、".join(table.unread))
        for note in plan.notes:
            self.stdout.write(note)
        if plan.changes:
            rows = Table(_("小类和紧急程度"), _("时限种类"), _("原来"), _("改为"), title=_("会改的时限"))
            for row in change_rows(plan.changes[:SHOWN]):
                rows.add_row(escape(row.place), row.clock, row.was or _("按通用时限"), row.to)
            self._show(rows)
        foreseen = _("如果在办的件都改按新版本：%(moved)s 件时限会变，%(overdue)s 件立即超期，%(same)s 件不变。")
        self.stdout.write(foreseen % {"moved": figures.moved, "overdue": len(figures.overdue), "same": figures.same})
        self.stdout.write(_outcome(plan, version))

    def _show(self, rows: Table) -> None:
        console = Console()
        with console.capture() as printed:
            console.print(rows)
        self.stdout.write(printed.get(), ending="")


def _outcome(plan: Plan, version: PolicyVersion | None) -> str:
    if plan.is_same:
        return _("表格与 %(version)s 相同，没有新建版本。") % {"version": plan.base}
    if version is None:
        return _("这是试运行，没有留下任何数据。")
    day = timezone.localtime(version.live_from).strftime("%Y-%m-%d")
    return _("已建立 %(version)s，%(day)s 起生效。") % {"version": version, "day": day}


def midnight(day: date) -> datetime:
    """The first moment of a day here."""
    return datetime.combine(day, time(), timezone.get_current_timezone())


def _moment(text: str) -> datetime:
    """A day (its midnight) or a moment, in the time zone of the office unless it names one."""
    if len(text) <= len("2026-01-01"):
        return midnight(date.fromisoformat(text))
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_current_timezone())


def _error_json(error: CellError) -> dict[str, Any]:
    return {"row": error.row, "column": error.column, "value": error.value, "message": error.message}


def _as_json(table: LimitTable, plan: Plan, figures: Preview, version: PolicyVersion | None) -> dict[str, Any]:
    return {
        "version": version.number if version else None,
        "base": plan.base.number,
        "rows": table.rows,
        "limits": len(table.limits),
        "standards": len(table.standards),
        "changed": len(plan.changes),
        "restated": plan.restated,
        "unread": list(table.unread),
        "notes": plan.notes,
        "errors": [],
        "preview": figures.as_json(),
    }
