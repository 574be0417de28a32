"""`manage.py figures`: the rates with both their numbers, and the cases behind each."""

import json
from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import Area, Campaign, Case, Category, Team
from workflows.figures.campaign import COUNT_LABELS, FORMULAS, CampaignReport, campaign_report
from workflows.figures.rates import BY_NAME, SIDES, Figure, Tally, tally
from workflows.figures.reading import Question, read_lives

M = TypeVar("M", bound=Model)


class Command(BaseCommand):
    help = "Print the rates of cases, each with numerator, denominator and formula; --explain lists the cases."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="since", type=date.fromisoformat, help="reported on this day or later")
        parser.add_argument("--to", dest="until", type=date.fromisoformat, help="reported on this day or earlier")
        parser.add_argument("--area", help="code of an area: it and everything below it")
        parser.add_argument("--team", help="code of a team")
        parser.add_argument("--category", help="code of a category")
        parser.add_argument("--campaign", help="code of a campaign")
        parser.add_argument("--as-of", dest="as_of", help="a moment, 2026-03-31T18:00+08:00: by what was known then")
        parser.add_argument("--explain", metavar="NAME", choices=sorted(BY_NAME), help="the case numbers of one rate")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        question = Question(
            since=options["since"],
            until=options["until"],
            area=_named(Area, "area", options),
            team=_named(Team, "team", options),
            category=_named(Category, "category", options),
            campaign=_named(Campaign, "campaign", options),
            as_of=_moment(options["as_of"]),
        )
        if options["explain"]:
            self._explain(question, options["explain"], as_json=options["json"])
            return
        total = tally(read_lives(question))
        report = campaign_report(question.campaign, as_of=question.as_of) if question.campaign else None
        if options["json"]:
            rates = _as_json(total)
            shown = {"rates": rates, "campaign": report.as_json()} if report else rates
            self.stdout.write(json.dumps(shown, ensure_ascii=False))
            return
        self._print(total)
        if report:
            self._print_campaign(report)

    def _print(self, total: Tally) -> None:
        self.stdout.write(_("共 %(n)s 件（不含并案和作废）。") % {"n": total.cases})
        for figure in total.figures.values():
            value = "—" if figure.value is None else f"{figure.value:.2%}"
            self.stdout.write(f"{figure.rate.label}  {value}  {figure.numerator}/{figure.denominator}")
            self.stdout.write(f"    {figure.rate.formula}")

    def _print_campaign(self, report: CampaignReport) -> None:
        """What the campaign comprised, whole, whatever else narrowed the rates above."""
        self.stdout.write("")
        self.stdout.write(f"{report.campaign}（{report.campaign.code}）")
        for name, number in report.counts().items():
            self.stdout.write(f"{COUNT_LABELS[name]}  {number}")
            self.stdout.write(f"    {FORMULAS[name]}")
            for label, n in report.kinds(name):
                self.stdout.write(f"    {label}  {n}")

    def _explain(self, question: Question, name: str, *, as_json: bool) -> None:
        rate = BY_NAME[name]
        behind: dict[str, list[int]] = {side: [] for side in SIDES}
        for life in read_lives(question):
            for side in SIDES:
                if rate.holds(life, side):
                    behind[side].append(life.case)
        numbers = {side: _numbers(keys) for side, keys in behind.items()}
        if as_json:
            shown = {"name": name, "formula": rate.formula, **numbers}
            self.stdout.write(json.dumps(shown, ensure_ascii=False))
            return
        for side, words in zip(SIDES, (rate.above, rate.below), strict=True):
            self.stdout.write(f"{words}：{len(numbers[side])}")
            for number in numbers[side]:
                self.stdout.write(f"  {number}")


def _numbers(keys: list[int]) -> list[str]:
    found: list[str] = []
    for begin in range(0, len(keys), 2000):
        found += Case.objects.filter(pk__in=keys[begin : begin + 2000]).values_list("number", flat=True)
    return sorted(found)


def _named(model: type[M], name: str, options: dict[str, Any]) -> M | None:
    code = options[name]
    if not code:
        return None
    row = model._default_manager.filter(code=code).first()  # noqa: SLF001
    if row is None:
        raise CommandError(_("没有代码为 %(code)s 的%(kind)s。") % {"code": code, "kind": model._meta.verbose_name})
    return row


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(_("看不懂时刻 %(text)s：请写成 2026-03-31T18:00+08:00。") % {"text": text}) from error
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _as_json(total: Tally) -> list[dict[str, Any]]:
    return [_figure(figure) for figure in total.figures.values()]


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.rate.name,
        "label": str(figure.rate.label),
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "value": figure.value,
        "formula": figure.rate.formula,
    }
