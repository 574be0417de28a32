"""`manage.py sweep`: ring what is due, once or each minute; for cron, and where no worker runs."""

from datetime import datetime

from workflows.commands.sweep import sweep
from workflows.management.loop import LoopCommand


class Command(LoopCommand):
    help = "Warn, mark overdue and close what its survey clock ends; each minute until stopped, or --once."
    every_seconds = 60
    idle_words = "nothing is due"

    def run(self, now: datetime) -> dict[str, int]:
        """How many of each kind rang."""
        return sweep(now=now)
