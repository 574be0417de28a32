"""`manage.py seed_calendar`: the working calendar of mainland China, and the first limits when there are none."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.seed import YEARS, seed_all


class Command(BaseCommand):
    help = "Fill the national working calendar and, on a new installation, the first version of limits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=int, default=YEARS.start, help="first year")
        parser.add_argument("--to", dest="last", type=int, default=YEARS.stop - 1, help="last year")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["last"] < options["first"]:
            raise CommandError("--to comes before --from.", returncode=2)
        seeded = seed_all(range(options["first"], options["last"] + 1), now=timezone.now())
        if options["json"]:
            row = {
                "years": seeded.years,
                "days": seeded.days,
                "provisional": list(seeded.provisional),
                "changed": seeded.changed,
            }
            self.stdout.write(json.dumps(row))
            return
        text = _("工作日历：%(years)s 个年度，%(days)s 个特别日。")
        self.stdout.write(text % {"years": seeded.years, "days": seeded.days})
        if seeded.provisional:
            years = "、".join(map(str, seeded.provisional))
            text = _("暂定（国务院通知未发布）：%(years)s。通知发布后请在后台更正。")
            self.stdout.write(text % {"years": years})
        self.stdout.write(_("有更新。") if seeded.changed else _("没有变化。"))
