"""The bulletin as a list for Excel: one row for each number, both sides of each rate, and the cases that are late."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.lib.masking import mask_text
from cases.lib.sheets import Column, Sheet
from workflows.bulletin import Bulletin

DIGITS = 4


@dataclass(frozen=True)
class Line:
    """A row of the sheet; what does not apply is empty."""

    part: Promise | str
    name: Promise | str
    now: int | float | None = None
    before: int | float | None = None
    numerator: int | None = None
    denominator: int | None = None
    formula: str = ""
    since: datetime | None = None


COLUMNS: tuple[Column[Line], ...] = (
    Column(_("部分"), 16, lambda line: str(line.part)),
    Column(_("项目"), 34, lambda line: str(line.name)),
    Column(_("本期"), 10, lambda line: line.now),
    Column(_("上期"), 10, lambda line: line.before),
    Column(_("分子"), 8, lambda line: line.numerator),
    Column(_("分母"), 8, lambda line: line.denominator),
    Column(_("公式"), 60, lambda line: line.formula),
    Column(_("超期自"), 17, lambda line: line.since),
)


def sheet_of(page: Bulletin) -> Sheet[Line]:
    """The declared list, named by its period."""
    return Sheet(f"bulletin-{page.span.begins:%Y%m%d}", page.span.title, COLUMNS)


def lines(page: Bulletin) -> Iterator[Line]:
    """All that stands on the printed sheet."""
    for number in page.numbers:
        yield Line(_("本期情况"), number.label, number.now, number.before)
    for rate in page.rates:
        sides = (rate.now.numerator, rate.now.denominator, rate.rate.formula)
        yield Line(_("本年累计"), rate.rate.label, _share(rate.now.value), _share(rate.before.value), *sides)
    for label, units in page.units:
        for unit in units:
            yield Line(label, f"{unit.name} · {_('收到')}", unit.counts["cases"])
            yield Line(label, f"{unit.name} · {_('在办')}", unit.counts["in_hand"])
            yield Line(label, f"{unit.name} · {_('超期')}", unit.counts["overdue"])
            for figure, is_enough in unit.rates:
                value = _share(figure.value) if is_enough else None
                name = f"{unit.name} · {figure.rate.label}"
                yield Line(label, name, value, None, figure.numerator, figure.denominator, figure.rate.formula)
    for late in page.late:
        name = f"{late.case.number} {mask_text(late.case.title)} · {late.case.team or late.case.area}"
        yield Line(_("超期最久"), name, late.days, since=late.since)


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
