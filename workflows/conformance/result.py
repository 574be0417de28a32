"""What a replay comes to: how often each move was made as declared, and every event that is not."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from workflows.graph import Move

START = ""  # before anything was said of it


@dataclass(frozen=True)
class Deviation:
    """What is not as declared: of which machine and record, at which event of its history, and why."""

    machine: str
    number: str
    seq: int
    event: str
    reason: str


@dataclass
class Conformance:
    """The result of a replay. `moves` counts those that fit, by machine and move; `births` the records told of."""

    histories: int = 0
    events: int = 0
    births: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    deviations: list[Deviation] = field(default_factory=list)

    @property
    def fitness(self) -> float:
        """The share of what was replayed that fits: moves, and records whose replay ends where they stand."""
        fitting = self.moves.total() + self.births.total()
        whole = fitting + len(self.deviations)
        return fitting / whole if whole else 1.0

    @property
    def holds(self) -> bool:
        """Whether everything was as declared."""
        return not self.deviations


@dataclass(frozen=True)
class Law:
    """The declared moves of one machine, ready to be asked: which of them lead from a state to another."""

    name: str
    moves: dict[str, Move]
    start: str
    ends: frozenset[str]

    def allows(self, move: str, source: str, target: str) -> bool:
        """Whether that move leads there from here."""
        declared = self.moves.get(move)
        return declared is not None and source in declared.sources and target in declared.targets

    def after(self, move: str, source: str) -> str | None:
        """Where a move of one target leads; None when it may not be made here."""
        declared = self.moves.get(move)
        if declared is None or source not in declared.sources:
            return None
        return declared.targets[0]

    def __iter__(self) -> Iterator[Move]:
        return iter(self.moves.values())


def law(name: str, moves: tuple[Move, ...], *, start: str) -> Law:
    """From the declared moves; a state that none of them leaves is an end."""
    sources = {source for move in moves for source in move.sources}
    targets = {target for move in moves for target in move.targets}
    return Law(name, {move.name: move for move in moves}, start, frozenset(targets - sources))
