"""`manage.py sweep`: ring what is due, once or twice a second; `manage.py up` keeps it running."""

from datetime import datetime

from workflows.commands.sweep import sweep
from workflows.council.notices import end_due_notices
from workflows.council.owners_ballots import end_due_ballots
from workflows.keeping.fold import fold_some
from workflows.management.loop import LoopCommand


class Command(LoopCommand):
    help = "Warn, mark overdue, end notices and surveys whose time is over; twice a second until stopped, or --once."
    every_seconds = 0.5  # an empty look costs a millisecond
    tells_idle = False
    idle_words = "nothing is due"

    def run(self, now: datetime) -> dict[str, int]:
        """How many of each kind rang."""
        rang = sweep(now=now) | end_due_notices(now=now) | end_due_ballots(now=now)
        fold_some()  # not told: it follows each move
        return rang
