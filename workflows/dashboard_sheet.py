"""The tables of the dashboard as lists: each part with both sides of each rate, and how it went by week or month."""

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from cases.lib.sheets import Cell, Column, Sheet, percent
from workflows.dashboard import SHOWN_RATES, Part, Period
from workflows.figures.rates import DENOMINATOR, NUMERATOR, SIDES, Rate
from workflows.keeping.shares import column_of

WORDS = {NUMERATOR: _("%(rate)s分子"), DENOMINATOR: _("%(rate)s分母")}


FLOW = Sheet[Period](
    "flow",
    _("走势"),
    (
        Column(_("自"), 12, lambda period: period.begins),
        Column(_("至"), 12, lambda period: period.ends),
        Column(_("收到"), 10, lambda period: period.received),
        Column(_("办结"), 10, lambda period: period.ended),
        Column(_("期末在办"), 10, lambda period: period.in_hand),
        Column(_("期末超期"), 10, lambda period: period.overdue),
    ),
    impersonal=True,
)


def _side(rate: Rate, side: str) -> Callable[[Part], Cell]:
    column = column_of(rate.name, side)
    return lambda part: part.counts[column]


def _share(at: int) -> Callable[[Part], Cell]:
    def value(part: Part) -> Cell:
        figure, is_enough = part.rates[at]
        return percent(figure.value) if is_enough else None

    return value


def parts_sheet() -> Sheet[Part]:
    """Declared in the language of the moment: the words of a rate stand within others."""
    rates: list[Column[Part]] = []
    for at, rate in enumerate(SHOWN_RATES):
        rates.append(Column(_("%(rate)s（%%）") % {"rate": rate.label}, 14, _share(at)))
        rates += [Column(WORDS[side] % {"rate": rate.label}, 14, _side(rate, side)) for side in SIDES]
    numbers: list[Column[Part]] = [
        Column(_("单位"), 24, lambda part: part.name),
        Column(_("收到"), 10, lambda part: part.received),
        Column(_("在办"), 10, lambda part: part.in_hand),
        Column(_("超期"), 10, lambda part: part.pressing.overdue),
        Column(_("临期"), 10, lambda part: part.pressing.soon),
    ]
    return Sheet("overview", _("总览"), (*numbers, *rates), impersonal=True)
