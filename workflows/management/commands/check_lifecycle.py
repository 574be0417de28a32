"""`manage.py check_lifecycle`: proof over the declared moves, so that it holds for the next change of them too."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from workflows.graph import examine
from workflows.lifecycle import HOLDERS
from workflows.management.commands.draw_lifecycle import lifecycle_graph
from workflows.sla import STAGE_CLOCK

WORDS = {
    "unreachable": "can never be reached",
    "dead_ends": "cannot reach an end",
    "without_holder": "is held by nobody",
    "without_clock": "has no clock",
    "left_after_end": "has ended but keeps a holder or a clock",
}


class Command(BaseCommand):
    help = "Prove that every state is reached, reaches an end, and has a holder and a clock while it is open."
    requires_system_checks = ()  # the declarations are all that it reads

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        graph = lifecycle_graph()
        findings = examine(graph, holders=HOLDERS, clocks=STAGE_CLOCK)
        lists = {name: list(getattr(findings, name)) for name in WORDS}
        if options["json"]:
            self.stdout.write(json.dumps({"states": len(graph.states), "moves": len(graph.moves), **lists}))
        else:
            self.stdout.write(f"{len(graph.states)} states, {len(graph.moves)} moves.")
            for name, states in lists.items():
                for state in states:
                    self.stdout.write(f"  {state} {WORDS[name]}")
            if findings.hold:
                self.stdout.write("Every state is reached, reaches an end, and has its holder and clock while open.")
        if not findings.hold:
            sys.exit(1)
