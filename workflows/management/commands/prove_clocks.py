"""`manage.py prove_clocks`: one obligation, one live clock, for the whole district; exit code 1 when not."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.cells import cell_len

from workflows.clock_audit import Audit, audit


class Command(BaseCommand):
    help = "Check that each obligation has its one live clock, that all is rung, and that every moment counts up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--quick", action="store_true", help="do not count every moment again")

    def handle(self, *_args: Any, **options: Any) -> None:
        found = audit(now=timezone.now(), quick=options["quick"])
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found), ensure_ascii=False))
        else:
            self._print(found)
        if not found.holds:
            sys.exit(1)

    def _print(self, found: Audit) -> None:
        head = (_("时限"), _("应有"), _("在走"), _("暂停"), _("预警"), _("超期"), _("暂定"), _("差额"))
        rows = [
            (k.label, k.owed, k.running, k.paused, k.warned, k.overdue, k.provisional, k.difference)
            for k in found.kinds
        ]
        cells = [[str(cell) for cell in row] for row in [head, *rows]]
        widths = [max(cell_len(row[at]) for row in cells) for at in range(len(head))]
        for first, *others in cells:
            figures = [" " * (width - cell_len(cell)) + cell for cell, width in zip(others, widths[1:], strict=True)]
            self.stdout.write("  ".join([first + " " * (widths[0] - cell_len(first)), *figures]))
        said = {"cases": found.open_cases, "clocks": found.live_clocks}
        self.stdout.write(_("在办 %(cases)s 件，活动的时钟 %(clocks)s 个。") % said)
        if found.recounted is not None:
            self.stdout.write(_("逐个重算了 %(n)s 个时钟。") % {"n": found.recounted})
        for fault in found.faults:
            self.stdout.write(f"  {fault.number:<14} {fault.words}")
        if found.holds:
            self.stdout.write(_("每一项义务都有一个在走的时钟。"))
        else:
            self.stdout.write(_("有 %(n)s 处不符。") % {"n": len(found.faults)})


def _as_json(found: Audit) -> dict[str, Any]:
    return {
        "at": timezone.localtime(found.at).isoformat(),
        "holds": found.holds,
        "open_cases": found.open_cases,
        "live_clocks": found.live_clocks,
        "recounted": found.recounted,
        "kinds": [asdict(kind) for kind in found.kinds],
        "faults": [asdict(fault) | {"words": fault.words} for fault in found.faults],
    }
