"""`manage.py bench`: the figures of performance as ratios, in a PostgreSQL database that is made and dropped for it."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from notifications.benchmark import measure_relaying
from workflows import benchmark
from workflows.benchmark import Figure
from workflows.benchmark.world import SIZE, make_world

# Only here may figures of all applications meet.
FIGURES = {**benchmark.FIGURES, "P14": measure_relaying}
NEED_REDIS = ("P14",)
DATABASE = "zhuoluo_bench"
LEAST = 1_000  # clocks: of fewer there is nothing to be told


class Command(BaseCommand):
    help = "Measure moves, clocks, lists, deadlines, history and messages against their anchors (PostgreSQL only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = ",".join(name for name in FIGURES if settings.REDIS_URL or name not in NEED_REDIS)
        parser.add_argument("--only", default=usual, help=f"some of {','.join(FIGURES)}")
        words = f"running clocks for P5 and P9, cases for P11, for P6 and P7 a share of them; {SIZE:,} unless told"
        parser.add_argument("--size", type=int, default=SIZE, help=words)
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        wanted = [name.strip().upper() for name in options["only"].split(",") if name.strip()]
        if unknown := [name for name in wanted if name not in FIGURES]:
            raise CommandError(f"Unknown: {', '.join(unknown)}. There are {', '.join(FIGURES)}.", returncode=2)
        if not settings.REDIS_URL and (needy := [name for name in wanted if name in NEED_REDIS]):
            raise CommandError(f"{', '.join(needy)} needs a broker: set REDIS_URL=redis://…", returncode=2)
        if connection.vendor != "postgresql":
            text = "The figures are measured on PostgreSQL only: set DATABASE_URL=postgres://… to a server."
            raise CommandError(text, returncode=2)
        with _own_database():
            world = make_world(timezone.now(), max(options["size"], LEAST))
            figures = [figure for name in FIGURES if name in wanted for figure in FIGURES[name](world)]
        if options["json"]:
            self.stdout.write(json.dumps([figure.as_json() for figure in figures], ensure_ascii=False))
        else:
            self._print(figures)
        if any(figure.fails for figure in figures):
            sys.exit(1)

    def _print(self, figures: list[Figure]) -> None:
        table = Table("figure", "value", "anchor", "ratio", "floor", "goal", "equal", "")
        for f in figures:
            remark = "FAILS" if f.fails else "NOISY" if f.noisy else ""
            numbers = (_shown(n) for n in (f.value, f.anchor, f.ratio, f.floor, f.goal))
            table.add_row(f.name, *numbers, str(f.equal), remark)
        console = Console(width=120)
        with console.capture() as printed:
            console.print(table)
        self.stdout.write(printed.get(), ending="")


def _shown(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.2f}"  # noqa: PLR2004


@contextmanager
def _own_database() -> Iterator[None]:
    """A database with the tables of the project and nobody's data; dropped afterwards."""
    users_own = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = DATABASE
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    except SystemExit as error:  # how Django ends when the server refuses
        raise CommandError(f"The database {DATABASE} cannot be made: the user needs CREATEDB.") from error
    except DatabaseError:
        connection.creation.destroy_test_db(users_own, verbosity=0)
        raise
    try:
        yield
    finally:
        connection.creation.destroy_test_db(users_own, verbosity=0)
