"""What one case adds to the figures: a life as numbers, days and the keys by which they are summed."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from django.utils import timezone

from workflows.figures.lives import Life, Turn
from workflows.figures.rates import DENOMINATOR, NUMERATOR, RATES, Figure, Rate, Tally
from workflows.models import KeptLife
from workflows.models.kept import COLUMNS

NAMED_OTHERWISE = {  # one is a word of Python, the others count what is counted anyway
    ("return", NUMERATOR): "returned",
    ("return", DENOMINATOR): "returned_of",
    ("in_hand", DENOMINATOR): "cases",
    ("overdue", DENOMINATOR): "in_hand",
}
ALL, AREA, TEAM, CATEGORY, CAMPAIGN = "", "area", "team", "category", "campaign"
FACETS = (ALL, TEAM, CATEGORY, CAMPAIGN)
FLOWS = ("received", "ended", "in_hand", "overdue")


def column_of(rate: str, side: str) -> str:
    """The column that counts one side of a rate."""
    return NAMED_OTHERWISE.get((rate, side)) or (rate if side == NUMERATOR else f"{rate}_of")


SIDES_OF = tuple((rate, column_of(rate.name, NUMERATOR), column_of(rate.name, DENOMINATOR)) for rate in RATES)


class Counts:
    """The numbers of a set of cases, by the names of their columns."""

    __slots__ = ("numbers",)

    def __init__(self, numbers: Iterable[int | None] = ()) -> None:
        """`numbers` in the order of the columns; none, or the sums of nothing, are zeros."""
        self.numbers = [number or 0 for number in numbers] or [0] * len(COLUMNS)

    def __getitem__(self, column: str) -> int:
        return self.numbers[COLUMNS.index(column)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and self.numbers == other.numbers

    __hash__ = None  # type: ignore[assignment]  # they change

    def add(self, other: "Counts", sign: int = 1) -> "Counts":
        """Count others too, or with sign −1 no longer."""
        self.numbers = [mine + sign * theirs for mine, theirs in zip(self.numbers, other.numbers, strict=True)]
        return self

    def __bool__(self) -> bool:
        return any(self.numbers)

    def figure(self, rate: Rate) -> Figure:
        """One rate with both its numbers."""
        return Figure(rate, *(self[column_of(rate.name, side)] for side in (NUMERATOR, DENOMINATOR)))

    def tally(self) -> Tally:
        """All rates."""
        return Tally(self["cases"], {rate.name: self.figure(rate) for rate in RATES})


class Step(NamedTuple):
    """What a day brought for a case: received and ended how often, in hand and overdue more or less."""

    day: str  # ISO, as JSON keeps it
    received: int
    ended: int
    in_hand: int
    overdue: int


class Share(NamedTuple):
    """What a case adds, and under which keys."""

    case: int
    area: int | None
    team: int | None
    category: str
    campaign: str
    reported_on: date | None
    changed_at: datetime | None
    overdue_since: datetime | None
    counts: Counts
    steps: tuple[Step, ...]

    def values(self) -> Iterator[tuple[str, str]]:
        """Each facet with the value that the case has there."""
        team = "" if self.team is None else str(self.team)
        return zip(FACETS, ("", team, self.category, self.campaign), strict=True)


def share_of(life: Life) -> Share:
    """A life as numbers. One whose history does not say when it was reported counts for nothing."""
    if life.reported_at is None:
        return Share(life.case, None, None, "", "", None, life.changed_at, None, Counts(), ())
    held = {"cases": life.counted, "in_hand": life.in_hand, "overdue": life.overdue_since is not None}
    for rate, above, below in SIDES_OF:
        held[below] = rate.of(life)
        held[above] = held[below] and rate.counts(life)
    counts = Counts(int(held[name]) for name in COLUMNS)
    keys = (life.case, life.area, life.team, life.category, life.campaign)
    reported_on = timezone.localdate(life.reported_at)
    return Share(*keys, reported_on, life.changed_at, life.overdue_since, counts, tuple(_steps(life.turns)))


def _steps(turns: list[Turn]) -> Iterator[Step]:
    """The days on which something came, went, fell overdue or was overdue no longer, in their order."""
    days: dict[str, list[int]] = {}
    was_in_hand = was_overdue = False
    for number, turn in enumerate(turns):
        step = days.setdefault(timezone.localdate(turn.at).isoformat(), [0, 0, 0, 0])
        ended = (was_in_hand or not number) and not turn.in_hand
        changes = (not number, ended, turn.in_hand - was_in_hand, turn.overdue - was_overdue)
        for at, change in enumerate(changes):
            step[at] += change
        was_in_hand, was_overdue = turn.in_hand, turn.overdue
    return (Step(day, *step) for day, step in sorted(days.items()))


def share_kept(row: KeptLife) -> Share:
    """The same, as it was kept."""
    return Share(
        row.pk, row.area_id, row.team_id, row.category, row.campaign, row.reported_on, row.changed_at,
        row.overdue_since, Counts(getattr(row, name) for name in COLUMNS),
        tuple(Step(*step) for step in row.steps),
    )  # fmt: skip


def row_of(share: Share) -> KeptLife:
    """The row that keeps a share, not saved."""
    row = KeptLife(
        case_id=share.case, area_id=share.area, team_id=share.team, category=share.category, campaign=share.campaign,
        reported_on=share.reported_on, changed_at=share.changed_at, overdue_since=share.overdue_since,
        steps=[list(step) for step in share.steps],
    )  # fmt: skip
    for name, number in zip(COLUMNS, share.counts.numbers, strict=True):
        setattr(row, name, number)
    return row
