"""`manage.py recount POLL`: compute a certification again from roll and ballots; exit 1 when it differs."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from cases.models import Poll
from workflows.council.certify import Recount, recount


class Command(BaseCommand):
    help = "Recompute the newest certification of a poll, or of all; exit 1 when one differs, 2 when there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("poll", type=int, nargs="?", help="the key of a poll, as in the address of its page")
        parser.add_argument("--all", action="store_true", help="every poll that was certified")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["all"] == (options["poll"] is not None):
            raise CommandError(_("请给出一个表决编号，或用 --all。"), returncode=2)
        polls = Poll.objects.select_related("pack", "item__meeting").order_by("pk")
        chosen = (
            polls.filter(certifications__isnull=False).distinct()
            if options["all"]
            else polls.filter(pk=options["poll"])
        )
        rows = [_row(poll.pk, found) for poll in chosen if (found := recount(poll))]
        if not options["all"] and not rows:
            raise CommandError(_("没有这次表决，或还没有核定。"), returncode=2)
        if options["json"]:
            self.stdout.write(json.dumps(rows if options["all"] else rows[0], ensure_ascii=False))
        else:
            for row in rows:
                self._print(row)
        if not all(row["same"] for row in rows):
            raise SystemExit(1)

    def _print(self, row: dict[str, Any]) -> None:
        words = _("一致") if row["same"] else _("不一致")
        self.stdout.write(f"#{row['poll']} {words}")
        for name in ("certified", "recounted"):
            self.stdout.write(f"  {name}: {row[name]['outcome']} {row[name]['input_sha256']}")


def _row(pk: int, found: Recount) -> dict[str, Any]:
    kept, again = found.kept, found.found
    return {
        "poll": pk,
        "n": kept.n,
        "same": found.same,
        "certified": {"outcome": kept.outcome, "input_sha256": kept.input_sha256, "algorithm": kept.algorithm},
        "recounted": {
            "outcome": again.outcome.value,
            "input_sha256": again.input_sha256,
            "algorithm": again.algorithm,
        },
    }
