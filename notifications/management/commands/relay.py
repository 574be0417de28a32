"""`manage.py relay`: turn events into deliveries; for cron, and where no worker runs."""

from datetime import datetime

from notifications.relay import relay
from workflows.management.loop import LoopCommand


class Command(LoopCommand):
    help = "Turn events that nobody was told of into deliveries; each half minute until stopped, or --once."

    def run(self, now: datetime) -> dict[str, int]:
        """The number of events."""
        return {"relayed": relay(now=now)}
