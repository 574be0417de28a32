"""`manage.py import_cases FILE`: take over a ledger; a second run changes nothing."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from workflows.imports import Imported, import_file
from workflows.ledger_profiles import ImportRefused, column_of

SHOWN_ERRORS = 200


class Command(BaseCommand):
    help = "Import a ledger (.xlsx or .csv): answered rows as ended cases, the others as reported ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--profile", default="", help="name of an import profile, or the path of a .toml file")
        parser.add_argument("--area", default="", help="code of the area of rows that name none; the root by default")
        parser.add_argument("--dry-run", action="store_true", help="report the same numbers and leave nothing behind")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        quiet = options["json"] or not sys.stderr.isatty()
        try:
            with _progress(quiet=quiet) as progress:
                task = progress.add_task(options["file"].name, total=None)
                done = import_file(
                    options["file"],
                    now=timezone.now(),
                    profile=options["profile"],
                    area=options["area"],
                    dry_run=options["dry_run"],
                    on_row=lambda n, total: progress.update(task, completed=n, total=total),
                )
        except ImportRefused as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(done), ensure_ascii=False))
        else:
            self._print(done, dry_run=options["dry_run"])

    def _print(self, done: Imported, *, dry_run: bool) -> None:
        console = Console()
        with console.capture() as printed:
            _describe(console, done)
            if dry_run:
                console.print(_("这是试运行，没有留下任何数据。"))
        self.stdout.write(printed.get(), ending="")


def _describe(console: Console, done: Imported) -> None:
    if done.errors:
        table = Table(_("行"), _("列"), _("原因"), title=_("没有导入的行"))
        for error in done.errors[:SHOWN_ERRORS]:
            table.add_row(str(error.row), column_of(error.field, done.headers), escape(error.reason))
        console.print(table)
        if (more := len(done.errors) - SHOWN_ERRORS) > 0:
            console.print(_("还有 %(n)s 处，用 --json 看全部。") % {"n": more})
    text = _("共 %(rows)s 行：新增 %(created)s，未变 %(unchanged)s，未导入 %(wrong)s（方案 %(profile)s）。")
    counts = {"rows": done.rows, "created": done.created, "unchanged": done.unchanged, "wrong": done.wrong}
    console.print(text % {**counts, "profile": done.profile})


def _progress(*, quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=quiet)


def _as_json(done: Imported) -> dict[str, Any]:
    errors = [
        {"row": e.row, "field": e.field, "column": done.headers.get(e.field, ""), "value": e.value, "reason": e.reason}
        for e in done.errors
    ]
    return {"rows": done.rows, "created": done.created, "unchanged": done.unchanged, "errors": errors}
