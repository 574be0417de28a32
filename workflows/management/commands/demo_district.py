"""`manage.py demo_district`: an invented district to try everything with; prints the logins each time."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cases.terms import State
from workflows.demo import District, build_district
from workflows.demo.building import SEED
from workflows.demo.logins import ensure_logins


class Command(BaseCommand):
    help = "Build the demonstration district, once, by living its year through the commands; print its logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED, help="another seed gives another district")
        parser.add_argument("--scale", type=float, default=1.0, help="the share of all figures, up to 1.0")
        parser.add_argument("--force", action="store_true", help="also where ZHUOLUO_DEMO is not set")
        parser.add_argument("--auto", action="store_true", help="as make run: nothing elsewhere, logins left to `up`")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["auto"] and not settings.DEMO:
            return
        if not (settings.DEMO or options["force"]):
            text = _("这里不是演示环境：设 ZHUOLUO_DEMO=true，或确认后加 --force。")
            raise CommandError(text, returncode=2)
        if not 0 < options["scale"] <= 1:
            raise CommandError(_("--scale 须大于 0，且不超过 1。"), returncode=2)
        now = timezone.now()
        with self._shown(now) as show:
            district = build_district(now, scale=options["scale"], seed=options["seed"], progress=show)
        self._say(district)
        logins = ensure_logins(Path(settings.DATA_DIR))
        if not options["auto"]:
            self.stdout.write(logins, ending="")

    def _say(self, district: District) -> None:
        states = "、".join(f"{State(name).label} {count}" for name, count in district.states.items())
        text = (
            _("演示区已建好：%(n)s 件（%(states)s）。")
            if district.created
            else _("演示区已在：%(n)s 件（%(states)s）。")
        )
        self.stdout.write(text % {"n": district.cases, "states": states})

    @contextmanager
    def _shown(self, now: datetime) -> Iterator[Callable[[datetime], None]]:
        """The day that is being lived, how much of the year is done, and how long it may still take."""
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        console = Console(file=cast(IO[str], self.stdout._out))  # noqa: SLF001  # the stream itself may be a terminal
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(_("正在搭建演示区"), total=None)
            first: list[datetime] = []

            def show(day: datetime) -> None:
                if not first:
                    first.append(day)
                    self.stdout.write(_("正在搭建演示区：一年里的件和会议由真实的命令逐件走过，只有第一次要等几分钟。"))
                done, total = (day - first[0]).days, (now - first[0]).days
                words = _("演示区：正在过 %(day)s") % {"day": day.date().isoformat()}
                bar.update(task, description=words, completed=done, total=total)

            yield show
