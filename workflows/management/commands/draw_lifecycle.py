"""`manage.py draw_lifecycle`: docs/lifecycle.svg from the declared moves; `--check` for continuous integration."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

from cases.terms import END_STATES, Role, State
from workflows.drawing import to_svg
from workflows.graph import Graph, graph_of
from workflows.lifecycle import HOLDERS, CaseLifecycle
from workflows.sla import STAGE_CLOCK


def lifecycle_graph() -> Graph:
    """The life of a case as it is declared."""
    return graph_of(CaseLifecycle, State, start=State.REPORTED, ends=END_STATES, notes=_notes)


def _notes(name: str) -> tuple[str, ...]:
    state = State(name)
    if state not in HOLDERS:
        return ()
    return str(Role(HOLDERS[state]).label), str(STAGE_CLOCK[state].label)


class Command(BaseCommand):
    help = "Draw the life of a case as SVG, from the declared moves."
    requires_system_checks = ()  # the declarations are all that it reads

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, default=Path(settings.BASE_DIR) / "docs" / "lifecycle.svg")
        parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when the file is stale")

    def handle(self, *_args: Any, **options: Any) -> None:
        output: Path = options["output"]
        with translation.override("zh-hans"):
            svg = to_svg(lifecycle_graph())
        fresh = output.is_file() and output.read_text(encoding="utf-8") == svg
        if options["check"]:
            if not fresh:
                self.stderr.write(f"{output} is stale: run `manage.py draw_lifecycle` and commit it.")
                sys.exit(1)
            self.stdout.write(f"{output} is fresh.")
            return
        if not fresh:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(svg, encoding="utf-8")
        self.stdout.write(f"{output} is unchanged." if fresh else f"{output} written.")
