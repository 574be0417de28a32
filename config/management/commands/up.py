"""Run everything that the service needs – broker, worker, beat, web – in this terminal."""

import sys
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from config import processes


class Command(BaseCommand):
    """`manage.py up`."""

    help = "Run broker (when REDIS_URL is empty), worker, beat and web server until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        """The port, where the setting does not fit."""
        parser.add_argument("--port", type=int, default=settings.PORT, help="instead of ZHUOLUO_PORT")

    def handle(self, *, port: int, **_: Any) -> None:
        """Exit 0 after an ordered stop."""
        try:
            sys.exit(processes.run(port, sys.stdout))
        except processes.CannotStart as error:
            raise CommandError(str(error)) from error
