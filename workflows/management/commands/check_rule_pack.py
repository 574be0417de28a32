"""`manage.py check_rule_pack FILE`: every fault of a rule pack, and the note that it is to be checked before use."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.polling.rules import CHECK, faults_of, sha256_of


class Command(BaseCommand):
    help = "Name each fault of a rule pack; exit 1 when there is one, 2 when the file cannot be read."
    requires_system_checks = []  # the answer needs neither keys nor a database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a rule pack as JSON")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        data = read_json(options["file"])
        faults = faults_of(data)
        if options["json"]:
            rows = [{"path": fault.path, "says": fault.says} for fault in faults]
            self.stdout.write(json.dumps({"faults": rows, "sha256": sha256_of(data), "note": CHECK}))
        elif faults:
            self.stdout.write("\n".join(map(str, faults)))
        else:
            self.stdout.write(f"ok {sha256_of(data)}; {CHECK}")
        if faults:
            raise SystemExit(1)


def read_json(path: str) -> Any:
    """The content of a JSON file. Raises CommandError (exit 2) with the place of what cannot be read."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
    except ValueError as error:
        raise CommandError(f"{path}: {error}", returncode=2) from error
