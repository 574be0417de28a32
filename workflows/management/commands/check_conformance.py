"""`manage.py check_conformance`: the history against the declared moves; exit code 1 when something does not fit."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from workflows.conformance.cases import read_cases, replay_cases, untold
from workflows.conformance.councils import read_councils, replay_councils
from workflows.conformance.result import Conformance


def check() -> Conformance:
    """Replay everything; memory grows with the records of councils only."""
    found = Conformance()
    replay_cases(read_cases(), found)
    found.deviations += untold()
    replay_councils(read_councils(), found)
    return found


class Command(BaseCommand):
    help = "Replay the history of every case and council against the moves that are declared for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        found = check()
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found), ensure_ascii=False))
        else:
            self._print(found)
        if not found.holds:
            sys.exit(1)

    def _print(self, found: Conformance) -> None:
        self.stdout.write(f"{found.histories} histories, {found.events} events.")
        for machine in sorted({name for name, _ in found.moves} | set(found.births)):
            fits, ended = found.births[machine], found.ended[machine]
            self.stdout.write(f"{machine:<10} {fits:>8} fit, {ended} of them ended")
            for (name, move), count in sorted(found.moves.items()):
                if name == machine:
                    self.stdout.write(f"  {move:<20} {count:>8}")
        for one in found.deviations:
            self.stdout.write(f"  {one.machine} {one.number} event {one.seq} {one.event}: {one.reason}")
        self.stdout.write(f"Fitness {found.fitness:.4f}, {len(found.deviations)} deviations.")


def _as_json(found: Conformance) -> dict[str, Any]:
    moves: dict[str, dict[str, int]] = {}
    for (machine, move), count in sorted(found.moves.items()):
        moves.setdefault(machine, {})[move] = count
    return {
        "fitness": found.fitness,
        "histories": found.histories,
        "events": found.events,
        "fitting": dict(found.births),
        "ended": dict(found.ended),
        "moves": moves,
        "deviations": [vars(one) for one in found.deviations],
    }
