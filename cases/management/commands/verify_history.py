"""`manage.py verify_history`: whether every history is as it was written; exit code 1 when one is not."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from cases import events
from cases.models import Case


class Command(BaseCommand):
    help = "Check the hash chain of every case: what was edited, deleted, swapped, cut off or moved without an event."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        found = events.verify_all()
        broken = [again for first in found.broken for again in _looked_at_again(first)]
        if options["json"]:
            rows = [{"number": b.number, "seq": b.seq, "reason": b.reason} for b in broken]
            text = json.dumps({"cases": found.cases, "events": found.events, "broken": rows}, ensure_ascii=False)
            self.stdout.write(text)
        else:
            self.stdout.write(f"{found.cases} cases, {found.events} events.")
            for b in broken:
                self.stdout.write(f"  {b.number or '-':<14} event {b.seq:>4}  {b.reason}")
            self.stdout.write(f"{len(broken)} broken." if broken else "Every history holds.")
        if broken:
            sys.exit(1)


@transaction.atomic
def _looked_at_again(found: events.Break) -> list[events.Break]:
    """A case that moved between the two reads looks broken: its row is locked and it is read once more."""
    case = Case.objects.select_for_update().filter(number=found.number).first()
    return events.verify_case(case).broken if case else [found]
