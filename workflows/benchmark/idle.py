"""P5: what a sweep costs when nothing is due, among few clocks and among many."""

from math import log

from workflows.benchmark.many import grow
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.world import World
from workflows.commands.sweep import sweep
from workflows.models import Clock

ROUNDS, LOOKS = 12, 25
GROWTH = (100, 10, 1)  # the largest size over each of the three


def measure_idle(world: World) -> list[Figure]:
    """Sweep at N, 10 N and 100 N clocks; each look counts as a multiple of looking up one clock by its key."""
    sizes = [max(world.size // part, 1) for part in GROWTH]
    costs: list[float] = []
    milliseconds: list[float] = []
    idle, noisy = True, False

    def subject(_: int) -> None:
        nonlocal idle
        for _look in range(LOOKS):
            idle = not any(sweep(now=world.now).values()) and idle

    for size in sizes:
        grow(world, size)
        turns = take_turns(subject, _lookups, rounds=ROUNDS, size=LOOKS, warm_up=2)
        costs.append(1 / turns.ratio)
        milliseconds.append(1000 / turns.subject)
        noisy = noisy or turns.noisy
    few, some, many = costs
    name = f"P5 idle sweep in ms at {sizes[-1]:,} clocks ÷ at {sizes[0]:,}"
    figures = [Figure(name, milliseconds[-1], milliseconds[0], many / few, 3, 1.5, idle, noisy, True)]
    steps = ((sizes[0], sizes[1], some / few), (sizes[1], sizes[2], many / some))
    for small, large, ratio in steps:
        exponent = log(ratio) / log(large / small)
        figures.append(Figure(f"P5 · growth exponent {small:,} → {large:,}", exponent, smaller_is_better=True))
    return figures


def _lookups(_: int) -> None:
    for _look in range(LOOKS):
        Clock.objects.filter(pk=0).first()
