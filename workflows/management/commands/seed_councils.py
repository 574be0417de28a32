"""`manage.py seed_councils`: the rule packs that are shipped, and which body is competent in which matter."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from workflows.council.packs import seed_packs
from workflows.polling.rules import CHECK


class Command(BaseCommand):
    help = "Add the rule packs that are shipped and the table of competence; what is there stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        added = seed_packs()
        if options["json"]:
            self.stdout.write(json.dumps({"added": added, "note": CHECK}))
            return
        self.stdout.write(_("新增议事规则 %(n)s 套。使用前请与现行文本核对。") % {"n": added})
