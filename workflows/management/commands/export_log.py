"""`manage.py export_log FILE`: the history as an event log for process mining, XES or OCEL 2.0."""

from argparse import ArgumentParser
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases.models import Area
from workflows.event_log.naming import naming
from workflows.event_log.ocel import write_ocel
from workflows.event_log.scope import Scope
from workflows.event_log.xes import write_xes

WRITERS = {"xes": write_xes, "ocel": write_ocel}


class Command(BaseCommand):
    help = "Write the history as an event log: cases as XES (IEEE 1849), or everything as OCEL 2.0 JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="FILE.xes, or FILE.json for OCEL")
        parser.add_argument("--format", choices=sorted(WRITERS), required=True)
        parser.add_argument("--from", dest="since", type=date.fromisoformat, help="cases reported on this day or later")
        parser.add_argument("--to", dest="until", type=date.fromisoformat, help="cases reported on this day or earlier")
        parser.add_argument("--area", help="code of an area: it and everything below it")
        people = parser.add_mutually_exclusive_group()
        people.add_argument(
            "--pseudonymise", action="store_true", help="staff by pseudonyms: so it is without this, too"
        )
        people.add_argument("--with-names", action="store_true", help="staff by name; residents are in no log")

    def handle(self, *_args: Any, **options: Any) -> None:
        area = None
        if options["area"]:
            area = Area.objects.filter(code=options["area"]).first()
            if area is None:
                raise CommandError(_("没有代码为 %(code)s 的区域。") % {"code": options["area"]})
        last: date | None = options["until"]
        until = _begin(last + timedelta(days=1)) if last else None
        scope = Scope(area, _begin(options["since"]) if options["since"] else None, until)
        names = naming(translation.get_language() or "", with_names=options["with_names"])
        file: Path = options["file"]
        with file.open("w", encoding="utf-8", newline="\n") as out:
            written = WRITERS[options["format"]](out, scope, names)
        counts = f"{written.traces} traces" if options["format"] == "xes" else f"{written.objects} objects"
        self.stdout.write(f"{counts}, {written.events} events: {file}")


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())
