"""`manage.py sweep`: ring what is due, once or each minute; for cron, and where no worker runs."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from workflows.commands.sweep import sweep

EVERY_SECONDS = 60


class Command(BaseCommand):
    help = "Warn, mark overdue and close what its survey clock ends; each minute until stopped, or --once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once and end")
        parser.add_argument("--json", action="store_true", help="print each result as one line of JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["once"]:
            self._look(as_json=options["json"])
            return
        try:
            while True:
                self._look_through_faults(as_json=options["json"])
                time.sleep(EVERY_SECONDS)
        except KeyboardInterrupt:
            self.stderr.write("stopped")

    def _look_through_faults(self, *, as_json: bool) -> None:
        """A database that is away for a while must not end the loop: what is due stays due."""
        close_old_connections()
        try:
            self._look(as_json=as_json)
        except OperationalError as error:
            self.stderr.write(f"{timezone.now():%F %T} the database is away: {error}")

    def _look(self, *, as_json: bool) -> None:
        now = timezone.now()
        rang = sweep(now=now)
        if as_json:
            self.stdout.write(json.dumps({"at": now.isoformat(), **rang}))
        elif any(rang.values()):
            counts = ", ".join(f"{name} {count}" for name, count in rang.items() if count)
            self.stdout.write(f"{timezone.localtime(now):%F %T} {counts}")
        else:
            self.stdout.write(f"{timezone.localtime(now):%F %T} nothing is due")
        self.stdout.flush()
