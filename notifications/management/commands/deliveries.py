"""`manage.py deliveries`: what is owed, was sent or was given up, by channel, with what the far ends answered."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from notifications import journal
from notifications.models import ChannelName, DeliveryState

LONGEST = 1000


class Command(BaseCommand):
    help = "List deliveries, the newest first; addresses are masked, words are not kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--state", choices=DeliveryState.values, help="only those of a state")
        parser.add_argument("--channel", choices=ChannelName.values, help="only those of a channel")
        parser.add_argument("--limit", type=int, default=100, help=f"at most so many, never more than {LONGEST}")
        parser.add_argument("--json", action="store_true", help="print them as JSON, with a summary of the channels")

    def handle(self, *_args: Any, **options: Any) -> None:
        rows = journal.entries(
            journal.narrowed(journal.everything(), state=options["state"] or "", channel=options["channel"] or ""),
            limit=max(min(options["limit"], LONGEST), 0),
        )
        if options["json"]:
            found = {
                "channels": [channel.as_json() for channel in journal.channels(now=timezone.now())],
                "deliveries": [entry.as_json() for entry in rows],
            }
            self.stdout.write(json.dumps(found, ensure_ascii=False, default=str))
            return
        for entry in rows:
            at = timezone.localtime(entry.at)
            words = (entry.channel, entry.state, entry.number, entry.recipient, entry.not_sent or entry.error)
            self.stdout.write(f"{entry.id} {at:%F %T} {' '.join(words)}".rstrip())
        if not rows:
            self.stdout.write("none")
