"""`manage.py export_bpmn`: docs/lifecycle.bpmn, or FILE, from the declared moves; `--check` for the judge."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

from cases.terms import Role, State
from workflows.bpmn import Process, to_bpmn
from workflows.lifecycle import HOLDERS
from workflows.management.commands.draw_lifecycle import lifecycle_graph


def lifecycle_bpmn() -> str:
    """The life of a case as it is declared, in the words of the office."""
    with translation.override("zh-hans"):
        holders = {State(state).value: str(Role(role).label) for state, role in HOLDERS.items()}
        return to_bpmn(Process(lifecycle_graph(), holders))


class Command(BaseCommand):
    help = "Write the life of a case as BPMN 2.0 with its diagram, from the declared moves."
    requires_system_checks = ()  # the declarations are all that it reads

    def add_arguments(self, parser: ArgumentParser) -> None:
        kept = Path(settings.BASE_DIR) / "docs" / "lifecycle.bpmn"
        parser.add_argument("file", type=Path, nargs="?", default=kept, help="by default docs/lifecycle.bpmn")
        parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when the file is stale")

    def handle(self, *_args: Any, **options: Any) -> None:
        file: Path = options["file"]
        text = lifecycle_bpmn()
        fresh = file.is_file() and file.read_text(encoding="utf-8") == text
        if options["check"]:
            if not fresh:
                self.stderr.write(f"{file} is stale: run `manage.py export_bpmn` and commit it.")
                sys.exit(1)
            self.stdout.write(f"{file} is fresh.")
            return
        if not fresh:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.stdout.write(f"{file} is unchanged." if fresh else f"{file} written.")
