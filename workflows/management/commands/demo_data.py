"""`manage.py demo_data`: an invented district to try everything with; prints the logins each time."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.terms import State
from workflows.demo import build
from workflows.demo.logins import ensure_logins


class Command(BaseCommand):
    help = "Build the demonstration district, once, and print its logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="also where ZHUOLUO_DEMO is not set")
        parser.add_argument("--auto", action="store_true", help="as make run: nothing elsewhere, logins left to `up`")
        parser.add_argument("--size", type=int, default=None, help="at most so many cases")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["auto"] and not settings.DEMO:
            return
        if not (settings.DEMO or options["force"]):
            text = _("这里不是演示环境：设 ZHUOLUO_DEMO=true，或确认后加 --force。")
            raise CommandError(text, returncode=2)
        demo = build(timezone.now(), size=options["size"])
        states = "、".join(f"{State(name).label} {count}" for name, count in demo.states.items())
        text = (
            _("演示数据已建好：%(n)s 件（%(states)s）。")
            if demo.created
            else _("演示数据已在：%(n)s 件（%(states)s）。")
        )
        self.stdout.write(text % {"n": demo.cases, "states": states})
        logins = ensure_logins(Path(settings.DATA_DIR))
        if not options["auto"]:
            self.stdout.write(logins, ending="")
