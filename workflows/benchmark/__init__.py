"""Speed as ratios: each figure is measured beside its anchor in the same run, in a database of its own."""

from workflows.benchmark.chain import measure_chain
from workflows.benchmark.measure import Figure
from workflows.benchmark.moves import measure_moves
from workflows.benchmark.queries import measure_queries

FIGURES = {"P1": measure_moves, "P4": measure_queries, "P12": measure_chain}

__all__ = ["FIGURES", "Figure"]
