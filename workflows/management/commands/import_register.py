"""`manage.py import_register AREA FILE --actor USERNAME`: the register of owners; --dry-run writes nothing."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cases.lib.spreadsheet import UnreadableSheet
from cases.models import Area, User
from workflows.council.register import RegisterPlan, import_register, plan_register
from workflows.council.register_sheet import RegisterSheet, read_register
from workflows.council_pages.register import sums_rows

SHOWN = 200


class Command(BaseCommand):
    help = "Import the register of owners of an area (.xlsx or .csv): all of it, or nothing on an error."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("area", help="the code of the area")
        parser.add_argument("file", type=Path)
        parser.add_argument("--actor", required=True, help="the login of the secretary or administrator who imports")
        parser.add_argument("--dry-run", action="store_true", help="report the same figures and write nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        area = Area.objects.filter(code=options["area"]).first()
        actor = User.objects.filter(username=options["actor"], is_active=True).first()
        if area is None:
            raise CommandError(f"There is no area {options['area']}: give its code.", returncode=2)
        if actor is None:
            raise CommandError(f"There is no active login {options['actor']}.", returncode=2)
        try:
            sheet = read_register(options["file"])
        except UnreadableSheet as error:
            raise CommandError(str(error), returncode=2) from error
        if sheet.errors:
            self._refuse(sheet, as_json=options["json"])
        plan = plan_register(area, sheet)
        if not options["dry_run"]:
            try:
                import_register(area=area, plan=plan, actor=actor, now=timezone.now())
            except PermissionDenied as error:
                text = _("只有该小区议事会的秘书或管理员可以导入名册。")
                raise CommandError(text, returncode=3) from error
            except ValidationError as error:
                raise CommandError("".join(error.messages), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(plan, imported=not options["dry_run"]), ensure_ascii=False))
        else:
            self._print(plan, is_dry=options["dry_run"])

    def _refuse(self, sheet: RegisterSheet, *, as_json: bool) -> None:
        """The row errors, and exit code 1."""
        if as_json:
            errors = [asdict(error) for error in sheet.errors]
            self.stdout.write(json.dumps({"imported": False, "errors": errors}, ensure_ascii=False))
        else:
            rows = Table(_("行"), _("列"), _("内容"), _("怎样改"), title=_("需要改正的单元格"))
            for error in sheet.errors[:SHOWN]:
                rows.add_row(str(error.row), error.column, escape(error.value), escape(error.message))
            console = Console()
            with console.capture() as printed:
                console.print(rows)
            self.stdout.write(printed.get(), ending="")
        raise CommandError(_("表格有 %(n)s 处错误，没有导入。") % {"n": len(sheet.errors)}, returncode=1)

    def _print(self, plan: RegisterPlan, *, is_dry: bool) -> None:
        for name, was, to in sums_rows(plan):
            self.stdout.write(_("%(name)s：原来 %(was)s，现在 %(to)s") % {"name": name, "was": was, "to": to})
        said = {"new": len(plan.new), "changed": len(plan.changed), "gone": len(plan.gone)}
        self.stdout.write(_("新增 %(new)s 套，更改 %(changed)s 套，删除 %(gone)s 套。") % said)
        for question in plan.sheet.questions:
            units = "、".join(question.units)
            self.stdout.write(_("同名的业主没有编号也没有电话，是否同一业主？%(units)s") % {"units": units})
        self.stdout.write(_("这是试运行，没有留下任何数据。") if is_dry else _("名册已导入。"))


def _as_json(plan: RegisterPlan, *, imported: bool) -> dict[str, Any]:
    return {
        "imported": imported,
        "was": asdict(plan.was),
        "to": asdict(plan.to),
        "new": [row.unit for row in plan.new],
        "changed": [{"unit": change.was.unit, "fields": list(change.fields)} for change in plan.changed],
        "gone": [row.unit for row in plan.gone],
        "questions": [list(question.units) for question in plan.sheet.questions],
        "unread": list(plan.sheet.unread),
        "errors": [],
    }
