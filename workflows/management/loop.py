"""One shape for what runs again and again (`sweep`, `relay`, `deliver`): once, or until stopped."""

import json
import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections
from django.utils import timezone


class LoopCommand(BaseCommand):
    """Calls `run(now)` and prints the counts that it returns."""

    every_seconds = 30
    idle_words = "nothing to do"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once and end")
        parser.add_argument("--json", action="store_true", help="print each result as one line of JSON")

    def run(self, now: datetime) -> dict[str, int]:
        """One round."""
        raise NotImplementedError

    def handle(self, *_: Any, **options: Any) -> None:
        if options["once"]:
            self._look(as_json=options["json"])
            return
        try:
            while True:
                self._look_through_faults(as_json=options["json"])
                time.sleep(self.every_seconds)
        except KeyboardInterrupt:
            self.stderr.write("stopped")

    def _look_through_faults(self, *, as_json: bool) -> None:
        """A database that is away for a while must not end the loop: what is owed stays owed."""
        close_old_connections()
        try:
            self._look(as_json=as_json)
        except OperationalError as error:
            self.stderr.write(f"{timezone.now():%F %T} the database is away: {error}")

    def _look(self, *, as_json: bool) -> None:
        now = timezone.now()
        counts = self.run(now)
        if as_json:
            self.stdout.write(json.dumps({"at": now.isoformat(), **counts}))
        else:
            told = ", ".join(f"{name} {count}" for name, count in counts.items() if count) or self.idle_words
            self.stdout.write(f"{timezone.localtime(now):%F %T} {told}")
        self.stdout.flush()
