"""`manage.py deliver`: send what is due; for cron, and where no worker runs."""

from datetime import datetime

from notifications.delivery import deliver
from notifications.digests import send_digests
from workflows.management.loop import LoopCommand


class Command(LoopCommand):
    help = "Send the messages that are due; each half minute until stopped, or --once."

    def run(self, now: datetime) -> dict[str, int]:
        """What came of each."""
        return deliver(now=now) | send_digests(now=now)
