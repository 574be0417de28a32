"""`manage.py verify_history`: whether every history is as it was written; exit code 1 when one is not.

`--seal` makes a seal when all of them hold; `--against` compares them with an earlier one as well: its number, the
digest on its paper, or the kept list as a file.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import seals
from cases.models import Seal
from cases.seals import Head
from cases.verifying import NOT_GENUINE, Looked, look

Heads = Callable[[], Iterable[Head]]


class Command(BaseCommand):
    help = "Check the hash chain of every case: what was edited, deleted, swapped, cut off or moved without an event."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--seal", action="store_true", help="make a seal, to be printed, when everything holds")
        parser.add_argument("--against", metavar="SEAL", help="a seal: its number, its digest, or its list as a file")

    def handle(self, *_args: Any, **options: Any) -> None:
        heads, said = _sealed(options["against"]) if options["against"] else (None, None)
        genuine = said is None or said["genuine"]
        found = look(heads) if genuine else Looked(broken=[NOT_GENUINE])
        made = None
        if options["seal"] and not found.broken:
            made = seals.make_seal(actor=None, now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found, said, made), ensure_ascii=False))
        else:
            self._print(found, said, made)
        if found.broken:
            sys.exit(1)

    def _print(self, found: Looked, said: dict[str, Any] | None, made: Seal | None) -> None:
        self.stdout.write(f"{found.cases} cases, {found.events} events.")
        for b in found.broken:
            self.stdout.write(f"  {b.number or '-':<14} event {b.seq:>4}  {b.reason}")
        if said:
            self.stdout.write(f"Against {said['digest']}: {said['cases']} cases, {said['events']} events were sealed.")
        holds = "Every history holds, and what was sealed is unchanged." if said else "Every history holds."
        self.stdout.write(f"{len(found.broken)} broken." if found.broken else holds)
        if made:
            self.stdout.write(f"Seal {made.pk}, {made.cases} cases, {made.councils} councils, {made.events} events:")
            self.stdout.write(made.digest)


def _sealed(words: str) -> tuple[Heads, dict[str, Any]]:
    """The list of a seal, and what it says of itself. Exit code 2 when there is no such seal."""
    seal = seals.find_seal(words)
    if seal is not None:
        kept = seal
        return lambda: seals.sealed_heads(kept), _described(
            seal.digest, seal.cases, seal.events, genuine=seals.is_genuine(seal)
        )
    if not Path(words).is_file():
        text = _("没有这个封存。如果它印在纸上，那么这里保存的封存已被改动或删除。")
        raise CommandError(text, returncode=2)
    try:
        heads = list(_lines(words))
    except (OSError, EOFError, ValueError) as error:
        raise CommandError(_("这个文件不是封存清单：%(error)s") % {"error": error}, returncode=2) from error
    cases = sum(head.kind == seals.CASE for head in heads)
    events = sum(head.version for head in heads)
    return lambda: heads, _described(seals.digest_of(heads), cases, events, genuine=True)


def _lines(path: str) -> Iterator[Head]:
    with Path(path).open("rb") as file:
        yield from seals.read_lines(file)


def _described(digest: str, cases: int, events: int, *, genuine: bool) -> dict[str, Any]:
    return {"digest": digest, "cases": cases, "events": events, "genuine": genuine}


def _as_json(found: Looked, said: dict[str, Any] | None, made: Seal | None) -> dict[str, Any]:
    rows = [{"number": b.number, "seq": b.seq, "reason": b.reason} for b in found.broken]
    answer: dict[str, Any] = {"cases": found.cases, "events": found.events, "broken": rows}
    if said:
        answer["against"] = said
        answer["appended"] = {"cases": found.cases - said["cases"], "events": found.events - said["events"]}
    if made:
        answer["seal"] = {
            "number": made.pk,
            "digest": made.digest,
            "algorithm": made.algorithm,
            "made_at": made.made_at.isoformat(),
            "cases": made.cases,
            "councils": made.councils,
            "events": made.events,
        }
    return answer
