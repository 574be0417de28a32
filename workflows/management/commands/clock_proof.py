"""`manage.py clock_proof NUMBER`: every clock of a case, to be checked with a pencil and a calendar."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.cells import cell_len

from cases.models import Case
from workflows.proof_words import ProofLine, bracketed, moment_words
from workflows.proofs import CaseProof, ClockProof, ProofStep, clock_proof

INDENT = "      "


class Command(BaseCommand):
    help = "Print each clock of a case: limit, start, what was counted, pauses, due moment, what rang, verdict."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", help="number of the case, such as 2026-000001")
        parser.add_argument("--json", action="store_true", help="print the proof as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        case = Case.objects.filter(number=options["number"]).first()
        if case is None:
            raise CommandError(_("没有编号为 %(number)s 的件。") % {"number": options["number"]}, returncode=2)
        proof = clock_proof(case, now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(asdict(proof), ensure_ascii=False, default=_plain))
        else:
            self.stdout.write("\n".join(_lines(proof)))


def _plain(value: Any) -> str:
    if isinstance(value, date):  # and moments, which are dates too
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in JSON")


def _lines(proof: CaseProof) -> Iterator[str]:
    yield f"{proof.number}  {bracketed(proof.title, proof.state)}"
    if proof.as_of:
        yield _("截至 %(at)s") % {"at": moment_words(proof.as_of, timezone.get_current_timezone())}
    yield _("逐步推算与记录全部相符。") if proof.holds else _("不符！逐步推算与记录有出入，见下。")
    for n, clock in enumerate(proof.clocks, 1):
        yield ""
        yield from _clock(n, clock)


def _clock(n: int, clock: ClockProof) -> Iterator[str]:
    owed = f" · {clock.owed}" if clock.owed else ""
    yield f"{n}. {clock.label}{owed}  【{clock.verdict.words}】"
    yield from (f"   {_('不符！')}{difference}" for difference in clock.differences)
    yield f"   {clock.policy}"
    if clock.provisional_years:
        yield "   " + _("暂定：%(years)s 年的放假通知尚未发布，发布后重算。") % {"years": clock.years}
    yield f"   {clock.rule}"
    yield f"   {_('起算')}  {clock.started}"
    for step in clock.steps:
        yield from _step(step)
    yield f"   {_('到期')}  {clock.due}"
    if clock.warning:
        yield f"   {_('预警')}  {clock.warning.moment}  {clock.warning.words}"
        yield from _table(clock.warning.budget_lines)
        yield INDENT + _("其中数到预警的一段：")
        yield from _table(clock.warning.last_lines)
    yield from (f"   {mark.moment}  {mark.words}" for mark in clock.marks)
    if clock.stopped:
        yield f"   {_('停止')}  {clock.stopped}  {_('用时')} {clock.used}"
        yield from _table(clock.used_lines)


def _step(step: ProofStep) -> Iterator[str]:
    span = f"  {step.began}" if step.began else ""
    span += f" – {step.ended}" if step.ended else ""
    yield f"   · {step.words}{span}"
    if step.who or step.why:
        yield f"{INDENT}{step.who}  {step.why}"
    if step.left:
        yield INDENT + _("暂停开始时还剩 %(left)s：") % {"left": step.left}
        yield from _table(step.left_lines)
        if step.lines:
            yield INDENT + _("恢复后续计 %(left)s：") % {"left": step.left}
    yield from _table(step.lines)
    yield f"{INDENT}→ {step.due}"


def _table(lines: Sequence[ProofLine]) -> Iterator[str]:
    """Columns set by the width of what stands in them: a Chinese character is as wide as two letters."""
    rows = [(line.number, line.days, line.counted, line.length, line.total) for line in lines]
    widths = [max((cell_len(row[at]) for row in rows), default=0) for at in range(5)]
    for row in rows:
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True) if width]
        yield INDENT + "  ".join(cells).rstrip()
