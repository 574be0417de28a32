"""`manage.py check_figures`: compare every kept figure with the history; exit code 1 when one differs."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from workflows.keeping.checking import Checked, check, rebuild
from workflows.keeping.fold import fold_all

SHOWN = 20


class Command(BaseCommand):
    help = "Compare what is kept of each case, and the sums of areas, with the history; exit code 1 on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="first make everything again from the history")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        folded = rebuild() if options["rebuild"] else fold_all()
        found = check()
        if options["json"]:
            row = {"holds": found.holds, "folded": folded, **asdict(found)}
            self.stdout.write(json.dumps(row, ensure_ascii=False))
        else:
            self._print(found, folded)
        if not found.holds:
            sys.exit(1)

    def _print(self, found: Checked, folded: int) -> None:
        self.stdout.write(_("由流转记录重算了 %(n)s 件。") % {"n": folded})
        said = {"cases": found.cases, "sums": found.sums, "pending": found.pending}
        self.stdout.write(_("核对了 %(cases)s 件、%(sums)s 个合计；另有 %(pending)s 件正在办理，未比。") % said)
        for words, wrong in ((_("件"), found.wrong_cases), (_("合计"), found.wrong_sums)):
            for name in wrong[:SHOWN]:
                self.stdout.write(f"  {words} {name}")
        if found.holds:
            self.stdout.write(_("与流转记录一致。"))
        else:
            wrong_ones = len(found.wrong_cases) + len(found.wrong_sums)
            self.stdout.write(_("有 %(n)s 处不一致：--rebuild 由流转记录重新生成。") % {"n": wrong_ones})
