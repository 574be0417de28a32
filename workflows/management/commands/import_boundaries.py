"""`manage.py import_boundaries`: outlines of areas from a GeoJSON file, all of it or nothing."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from workflows.boundaries import UnreadableMap, import_boundaries

SHOWN = 50


class Command(BaseCommand):
    help = "Take the outlines of areas from GeoJSON, matched by the property `code`; with a fault nothing is taken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a FeatureCollection of Polygon and MultiPolygon, WGS 84")
        parser.add_argument("--dry-run", action="store_true", help="read and say what would change")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = import_boundaries(options["file"], dry_run=options["dry_run"])
        except UnreadableMap as error:
            raise CommandError(str(error)) from error
        said: dict[str, Any] = {"added": found.added, "changed": found.changed, "same": found.same}
        if options["json"]:
            row = {
                "taken": not (found.faults or options["dry_run"]),
                **said,
                "faults": [asdict(f) for f in found.faults],
            }
            self.stdout.write(json.dumps(row, ensure_ascii=False))
        else:
            self.stdout.write(_("新增 %(added)s，改动 %(changed)s，相同 %(same)s。") % said)
            for fault in found.faults[:SHOWN]:
                where = {"n": fault.feature, "code": fault.code or "—", "words": fault.message}
                self.stdout.write(_("  第 %(n)s 个（%(code)s）：%(words)s") % where)
            if found.faults:
                self.stdout.write(_("有 %(n)s 处不对，什么都没有导入。") % {"n": len(found.faults)})
            elif options["dry_run"]:
                self.stdout.write(_("这是试读，什么都没有写入。"))
        if found.faults:
            sys.exit(1)
