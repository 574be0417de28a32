"""A figure, and how subject and anchor take turns."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

NOISY_ABOVE = 1.5  # the anchor's slowest round over its fastest


@dataclass(frozen=True)
class Figure:
    """One line of the result; `floor` and `goal` are for the ratio where there is an anchor, else for the value."""

    name: str
    value: float
    anchor: float | None = None
    ratio: float | None = None
    floor: float | None = None
    goal: float | None = None
    equal: bool = True
    noisy: bool = False
    smaller_is_better: bool = False

    @property
    def fails(self) -> bool:
        """Wrong, or past the floor on a machine that was quiet enough to say so."""
        judged = self.value if self.ratio is None else self.ratio
        if not self.equal:
            return True
        if self.floor is None or self.noisy:
            return False
        return judged > self.floor if self.smaller_is_better else judged < self.floor

    def as_json(self) -> dict[str, Any]:
        """The columns of the result."""
        row = asdict(self)
        del row["smaller_is_better"]
        return row


@dataclass(frozen=True)
class Turns:
    """What came of alternating rounds: per second for each side, and the median of the ratios of the pairs."""

    subject: float
    anchor: float
    ratio: float
    noisy: bool


def take_turns(
    subject: Callable[[int], None],
    anchor: Callable[[int], None],
    *,
    rounds: int,
    size: int,
    warm_up: int = 1,
    before: Callable[[], None] = lambda: None,
) -> Turns:
    """Run both `rounds` times over `size` operations each, in turn; the first rounds only warm up.

    `before` is called ahead of each side and its time does not count.
    """
    pairs: list[tuple[float, float]] = []
    for n in range(rounds + warm_up):
        order = (subject, anchor) if n % 2 else (anchor, subject)  # nobody always goes second
        took = {}
        for side in order:
            before()
            took[side] = _timed(side, n)
        if n >= warm_up:
            pairs.append((took[subject], took[anchor]))
    anchors = [a for _, a in pairs]
    return Turns(
        subject=size / median(s for s, _ in pairs),
        anchor=size / median(anchors),
        ratio=median(a / s for s, a in pairs),
        noisy=max(anchors) / min(anchors) > NOISY_ABOVE,
    )


def _timed(side: Callable[[int], None], n: int) -> float:
    began = perf_counter()
    side(n)
    return perf_counter() - began
