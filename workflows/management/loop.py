"""One shape for what runs again and again (`sweep`, `relay`, `deliver`): once, or until stopped."""

import json
import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections
from django.utils import timezone

AFTER_FAULT_SECONDS = 5


class LoopCommand(BaseCommand):
    """Calls `run(now)` and prints the counts that it returns."""

    every_seconds: float = 30
    idle_words = "nothing to do"
    tells_idle = True  # a loop that looks all the time says only what it did

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
                is_there = self._look_through_faults(as_json=options["json"], quiet=not self.tells_idle)
                time.sleep(self.every_seconds if is_there else max(self.every_seconds, AFTER_FAULT_SECONDS))
        except KeyboardInterrupt:
            self.stderr.write("stopped")

    def _look_through_faults(self, *, as_json: bool, quiet: bool) -> bool:
        """A database that is away for a while must not end the loop: what is owed stays owed. False when it is."""
        close_old_connections()
        try:
            self._look(as_json=as_json, quiet=quiet)
        except OperationalError as error:
            self.stderr.write(f"{timezone.now():%F %T} the database is away: {error}")
            return False
        return True

    def _look(self, *, as_json: bool, quiet: bool = False) -> None:
        now = timezone.now()
        counts = self.run(now)
        if quiet and not any(counts.values()):
            return
        if as_json:
            self.stdout.write(json.dumps({"at": now.isoformat(), **counts}))
        else:
            told = ", ".join(f"{name} {count}" for name, count in counts.items() if count) or self.idle_words
            self.stdout.write(f"{timezone.localtime(now):%F %T} {told}")
        self.stdout.flush()
