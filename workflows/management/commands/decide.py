"""`manage.py decide RULES.json ROLL.csv BALLOTS.csv`: the result engine on files alone, without a database."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError

from workflows.management.commands.check_rule_pack import read_json
from workflows.poll_words import amount_words, criterion_words, outcome_words, totals_words
from workflows.polling.facts import Certification, Totals
from workflows.polling.files import FileFaults, read_ballots, read_roll
from workflows.polling.packs import shipped
from workflows.polling.result import BallotRefused, NotCountable, certify
from workflows.polling.rules import RulePack, RulesInvalid, read_bare_rules, read_rules

Read = TypeVar("Read")


class Command(BaseCommand):
    help = "Compute what a poll comes to from rules, roll and ballots; exit 2 when one of the files cannot be used."
    requires_system_checks = []  # the answer needs neither keys nor a database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("rules", help="a rule pack as JSON, or the code of one that is shipped")
        parser.add_argument("roll", help="CSV: voter,party,head,area_m2 and, where somebody may not vote, recused")
        parser.add_argument("ballots", help="CSV: voter,choice (for, against, abstain, invalid)")
        parser.add_argument("--chair", help="the voter whose ballot decides a tie, where the rules say so")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        rules = _rules(options["rules"])
        roll = _lines(options["roll"], read_roll)
        ballots = _lines(options["ballots"], read_ballots)
        try:
            result = certify(rules, roll, ballots, chair=options["chair"])
        except (BallotRefused, NotCountable) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(result, rules), ensure_ascii=False))
            return
        self.stdout.write(outcome_words(result.outcome))
        for total in result.totals:
            label = total.measure.value if total.group == "all" else f"{total.measure.value} {total.group}"
            self.stdout.write(f"  {label}: {totals_words(vars(total), total.measure)}")
        for criterion in result.criteria:
            self.stdout.write(f"  {criterion_words(criterion)}")
        self.stdout.write(f"{rules.source} ({rules.note})")


def as_json(result: Certification, rules: RulePack) -> dict[str, Any]:
    """The result as it is printed."""
    return {
        "outcome": result.outcome.value,
        "totals": {t.measure.value: _total(t) for t in result.totals if t.group == "all"},
        "by_party": {
            t.group: {u.measure.value: _total(u) for u in result.totals if u.group == t.group}
            for t in result.totals
            if t.group != "all"
        },
        "criteria": [
            {
                "name": c.name,
                "measure": c.measure.value,
                "group": c.group,
                "numerator_of": c.numerator_of,
                "numerator": c.numerator,
                "denominator_of": c.denominator_of,
                "denominator": c.denominator,
                "threshold": list(c.threshold),
                "op": c.op,
                "passed": c.passed,
                "missing": c.missing,
                "words": criterion_words(c),
                "missing_words": amount_words(c.measure, c.missing) if c.missing else "",
            }
            for c in result.criteria
        ],
        "could_change": result.could_change,
        "tie": result.tie,
        "input_sha256": result.input_sha256,
        "algorithm": result.algorithm,
        "rules": {"code": rules.code, "version": rules.version, "sha256": rules.sha256, "note": rules.note},
    }


def _total(total: Totals) -> dict[str, int]:
    return {
        "for": total.votes_for,
        "against": total.votes_against,
        "abstain": total.abstained,
        "invalid": total.invalid,
        "participating": total.participating,
        "unreturned": total.unreturned,
        "roll": total.roll,
    }


def _rules(given: str) -> RulePack:
    known = shipped()
    try:
        return read_rules(known[given]) if given in known else read_bare_rules(read_json(given))
    except RulesInvalid as error:
        faults = "\n".join(map(str, error.faults))
        raise CommandError(f"{given}:\n{faults}", returncode=2) from error


def _lines(path: str, read: Callable[[Iterable[str]], Read]) -> Read:
    try:
        return read(Path(path).read_text(encoding="utf-8-sig").splitlines(keepends=True))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path}: not UTF-8", returncode=2) from error
    except FileFaults as error:
        faults = "\n".join(f"{path}: {fault}" for fault in error.faults)
        raise CommandError(faults, returncode=2) from error
