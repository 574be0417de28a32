"""The rates: what is counted, of what, in words that can be checked against the list behind each number."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workflows.figures.lives import Life

Holds = Callable[[Life], bool]
NUMERATOR, DENOMINATOR = "numerator", "denominator"
SIDES = (NUMERATOR, DENOMINATOR)
Z = 1.959963984540054  # of a normal distribution, 95 %


@dataclass(frozen=True)
class Rate:
    """One rate. A case counts once, however often it was reopened."""

    name: str
    label: Promise | str
    above: Promise | str
    below: Promise | str
    counts: Holds  # within `of`
    of: Holds
    is_better_high: bool = True

    @property
    def formula(self) -> str:
        """Numerator over denominator, in words."""
        return f"{self.above} ÷ {self.below}"

    def holds(self, life: Life, side: str) -> bool:
        """Whether a case stands in the numerator, or in the denominator."""
        return self.of(life) and (side == DENOMINATOR or self.counts(life))


def _due_for_response(life: Life) -> bool:
    return life.counted and (life.responded or life.responded_late)


def _due(life: Life) -> bool:
    return life.taken_on and (life.ended or life.late)


def _rated(life: Life) -> bool:
    return life.counted and life.rating != ""


RATES = (
    Rate("response", _("响应率"), _("在受理时限内受理或答复不予受理的件"), _("已受理、已不予受理或受理时限已过的件"),
         lambda life: life.responded and not life.responded_late, _due_for_response),
    Rate("resolution", _("解决率"), _("已答复、结果为 A 已解决且居民没有说“没解决”的件（居民说过的以居民的话为准）"),
         _("收到的件，不含不予受理、并案和作废"), lambda life: life.is_solved, lambda life: life.taken_on),
    Rate("satisfaction", _("满意率"), _("最近一次评价为满意或基本满意的件"), _("有评价且评价没有被剔除的件"),
         lambda life: life.is_satisfied, lambda life: _rated(life) and not life.excluded),
    Rate("on_time", _("按期结案率"), _("结案且各轮都没有超过总时限的件"), _("已结案或总时限已过的件"),
         lambda life: life.ended and not life.late, _due),
    Rate("rework", _("返工率"), _("核查退回返工或抽查不合格过的件"), _("提交过核查的件"),
         lambda life: life.reworked, lambda life: life.counted and life.submitted, is_better_high=False),
    Rate("return", _("退回率"), _("退回派遣过的件"), _("派遣过的件"),
         lambda life: life.returned, lambda life: life.counted and life.dispatched, is_better_high=False),
    Rate("reopened", _("重办率"), _("重办过的件，几次都算一件"), _("答复过的件"),
         lambda life: life.reopened, lambda life: life.counted and life.answered, is_better_high=False),
    Rate("excluded", _("剔除率"), _("评价被剔除的件"), _("有评价的件"),
         lambda life: life.excluded, _rated, is_better_high=False),
    Rate("surveyed", _("回访应答率"), _("居民作了评价的件"), _("答复后已回访或回访期已过的件"),
         lambda life: life.rating != "", lambda life: life.counted and life.surveyed),
    Rate("rejected", _("不予受理率"), _("不予受理的件"), _("已受理或不予受理的件"),
         lambda life: not life.taken_on, lambda life: life.counted and life.responded, is_better_high=False),
)  # fmt: skip
BY_NAME: Mapping[str, Rate] = {rate.name: rate for rate in RATES}
# How many stand where: no rates to publish, but each number opens its cases like theirs.
STANDING = (
    Rate("in_hand", _("在办"), _("在办的件"), _("收到的件，不含并案和作废"),
         lambda life: life.in_hand, lambda life: life.counted, is_better_high=False),
    Rate("overdue", _("超期"), _("在办、所在环节的时限已过的件"), _("在办的件"),
         lambda life: life.overdue_since is not None, lambda life: life.in_hand, is_better_high=False),
)  # fmt: skip
LISTED: Mapping[str, Rate] = {**BY_NAME, **{rate.name: rate for rate in STANDING}}


@dataclass
class Figure:
    """A rate with both its numbers."""

    rate: Rate
    numerator: int = 0
    denominator: int = 0

    @property
    def value(self) -> float | None:
        """The share, from 0 to 1; None when there is nothing to divide by."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval of 95 %: where the share would lie if the same were done again."""
        n = self.denominator
        if not n:
            return None
        share = self.numerator / n
        middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass
class Tally:
    """All rates of a set of cases."""

    cases: int = 0
    figures: dict[str, Figure] = field(default_factory=lambda: {rate.name: Figure(rate) for rate in RATES})

    def add(self, life: Life) -> None:
        """Count one case."""
        self.cases += life.counted
        for figure in self.figures.values():
            if figure.rate.of(life):
                figure.denominator += 1
                figure.numerator += figure.rate.counts(life)


def tally(found: Iterable[Life]) -> Tally:
    """Count many."""
    total = Tally()
    for life in found:
        total.add(life)
    return total
