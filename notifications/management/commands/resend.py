"""`manage.py resend`: owe messages again that were given up, by their numbers or all of a channel."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.delivery import resend_all
from notifications.models import ChannelName


class Command(BaseCommand):
    help = "Owe messages again that were given up; `deliver` or the worker sends them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, metavar="ID", help="their numbers, see `deliveries`")
        parser.add_argument("--all", action="store_true", help="all that were given up")
        parser.add_argument("--channel", choices=ChannelName.values, help="with --all: only those of a channel")

    def handle(self, *_args: Any, **options: Any) -> None:
        ids, channel = options["ids"], options["channel"] or ""
        if bool(ids) == options["all"]:
            raise CommandError("Give the numbers of some messages, or --all.", returncode=2)
        if channel and not options["all"]:
            raise CommandError("--channel goes with --all.", returncode=2)
        count = resend_all(ids=ids or None, channel=channel, actor=None, now=timezone.now())
        self.stdout.write(f"{count} owed again")
        if ids and count < len(set(ids)):
            raise CommandError(f"{len(set(ids)) - count} of them are not among those that were given up.")
