"""Speed as ratios: each figure is measured beside its anchor in the same run, in a database of its own."""

from collections.abc import Callable

from workflows.benchmark.chain import measure_chain
from workflows.benchmark.dashboard import measure_dashboard
from workflows.benchmark.deadlines import measure_deadlines
from workflows.benchmark.depth import measure_depth
from workflows.benchmark.firing import measure_firing
from workflows.benchmark.idle import measure_idle
from workflows.benchmark.lateness import measure_lateness
from workflows.benchmark.ledgers import measure_import
from workflows.benchmark.measure import Figure
from workflows.benchmark.moves import measure_moves
from workflows.benchmark.queries import measure_queries
from workflows.benchmark.recompute import measure_recompute
from workflows.benchmark.world import World

FIGURES: dict[str, Callable[[World], list[Figure]]] = {
    "P1": measure_moves,
    "P4": measure_queries,
    "P5": measure_idle,
    "P6": measure_firing,
    "P7": measure_lateness,
    "P8": measure_deadlines,
    "P9": measure_recompute,
    "P11": measure_depth,
    "P12": measure_chain,
    "P13": measure_import,
    "P10": measure_dashboard,  # the last: it leaves copies of cases that have no history
}

__all__ = ["FIGURES", "Figure"]
