"""The table of the dashboard as a list: each part with both sides of each rate."""

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from cases.lib.sheets import Cell, Column, Sheet
from workflows.dashboard import SHOWN_RATES, Part
from workflows.figures.rates import DENOMINATOR, NUMERATOR, SIDES, Rate
from workflows.keeping.shares import column_of

WORDS = {NUMERATOR: _("%(rate)s分子"), DENOMINATOR: _("%(rate)s分母")}


def _side(rate: Rate, side: str) -> Callable[[Part], Cell]:
    column = column_of(rate.name, side)
    return lambda part: part.counts[column]


def parts_sheet() -> Sheet[Part]:
    """Declared in the language of the moment: the words of a rate stand within others."""
    rates = [
        Column(WORDS[side] % {"rate": rate.label}, 14, _side(rate, side)) for rate in SHOWN_RATES for side in SIDES
    ]
    numbers: list[Column[Part]] = [
        Column(_("单位"), 24, lambda part: part.name),
        Column(_("收到"), 10, lambda part: part.received),
        Column(_("在办"), 10, lambda part: part.in_hand),
        Column(_("超期"), 10, lambda part: part.pressing.overdue),
        Column(_("临期"), 10, lambda part: part.pressing.soon),
    ]
    return Sheet("overview", _("总览"), (*numbers, *rates))
