"""`manage.py export_ledger FILE`: the ledger as .xlsx or .csv, by the query of the page."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.forms import LedgerForm
from cases.lib.masking import mask_text
from cases.lib.sheets import csv_lines, write_xlsx
from cases.models import User
from cases.selectors import case_list, in_order
from workflows.ledger_sheet import campaign_rows, ledger_rows, sheet_of


class Command(BaseCommand):
    help = "Write the ledger to a file, everything or what a person may see."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="FILE.xlsx or FILE.csv")
        parser.add_argument("--query", default="", help="as in the address of the page: state=open&limit=overdue")
        parser.add_argument("--user", default="", help="only what this person may see")

    def handle(self, *_args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if file.suffix.lower() not in (".xlsx", ".csv"):
            raise CommandError(_("文件名要以 .xlsx 或 .csv 结尾。"))
        viewer = User.objects.filter(username=options["user"]).first() if options["user"] else None
        if options["user"] and viewer is None:
            raise CommandError(_("没有用户 %(name)s。") % {"name": options["user"]})
        form = LedgerForm(QueryDict(options["query"]), viewer=viewer)
        filters = form.filters()
        if form.errors:
            wrong = [f"{name}: {said.as_text()}" for name, said in form.errors.items()]
            raise CommandError("; ".join(wrong))
        now = timezone.now()
        found = in_order(case_list(viewer, filters, now=now), filters)
        said = {"list": "ledger", "query": mask_text(options["query"])[:500]}
        record_access(AccessKind.EXPORTED, by=None, at=now, details=said)
        sheet, rows = sheet_of(filters.campaign), (campaign_rows if filters.campaign else ledger_rows)(found, now=now)
        if file.suffix.lower() == ".csv":
            with file.open("w", encoding="utf-8", newline="") as out:
                count = sum(1 for line in csv_lines(sheet, rows) if out.write(line)) - 1
        else:
            with file.open("wb") as binary:
                count = write_xlsx(sheet, rows, binary)
        self.stdout.write(_("已写出 %(n)s 件：%(file)s") % {"n": count, "file": file})
