"""The facts that a result is computed from, and the result itself: plain values, no Django.

Areas are whole square centimetres, fractions pairs of whole numbers: nothing is ever rounded.
"""

from dataclasses import dataclass
from enum import StrEnum


class Measure(StrEnum):
    """What is counted: persons, or the floor area that they own."""

    HEAD = "head"
    AREA = "area"


class Choice(StrEnum):
    """What a ballot says; `invalid` is one that was returned and cannot be read as any of the others."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"
    INVALID = "invalid"


class Outcome(StrEnum):
    """What a poll comes to."""

    ADOPTED = "adopted"
    NOT_ADOPTED = "not_adopted"
    NO_QUORUM = "no_quorum"


@dataclass(frozen=True)
class Elector:
    """One line of the frozen roll: who may vote, for which party, with how many heads and how much area.

    Several units of one owner are one elector with one head and the sum of their areas.
    """

    voter: str
    party: str = ""
    head: int = 1
    area_cm2: int = 0
    recused: bool = False


@dataclass(frozen=True)
class Ballot:
    """One vote by name. At most one counts for each voter of the roll."""

    voter: str
    choice: Choice


@dataclass(frozen=True)
class HandCount:
    """Hands of one party as two people counted them; whose hands they were is not known."""

    party: str
    votes_for: int
    votes_against: int
    abstained: int


@dataclass(frozen=True)
class Totals:
    """One measure of the whole roll or of one party (`group`).

    for + against + abstain + invalid = participating; participating + unreturned = roll.
    """

    measure: Measure
    group: str  # "all", or the party
    votes_for: int
    votes_against: int
    abstained: int
    invalid: int
    participating: int
    unreturned: int
    roll: int


@dataclass(frozen=True)
class Criterion:
    """One condition with the numbers that it was judged by: numerator/denominator `op` threshold."""

    name: str  # quorum | approval
    measure: Measure
    group: str  # "all", or the party
    numerator_of: str  # present | participating | for
    numerator: int
    denominator_of: str  # roll | participating | present | for_against
    denominator: int
    op: str  # ">" or ">="
    threshold: tuple[int, int]
    passed: bool
    missing: int  # the smallest number by which the numerator would have to be greater; 0 when passed


@dataclass(frozen=True)
class Certification:
    """The result and what it follows from. `could_change`: whether ballots that are out could change the outcome."""

    outcome: Outcome
    totals: tuple[Totals, ...]
    criteria: tuple[Criterion, ...]
    could_change: bool
    tie: bool
    input_sha256: str
    algorithm: int
