"""Charts as numbers for the templates that draw them: SVG from the server; a table beside each says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 6, 10, 22  # room for the words at the axes
STEPS = (1, 2, 5, 10)
LINES = 4  # of the grid, at most


class Bar(NamedTuple):
    """A column of the chart: where it stands, and how high."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tick:
    """A line of the grid with its number, or a place on the axis with its words."""

    at: float
    words: str


@dataclass(frozen=True)
class Series:
    """Numbers of one kind, one for each period, as columns or as a line."""

    name: str
    numbers: Sequence[int]
    bars: Sequence[Bar] = ()
    points: str = ""
    dots: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Chart:
    """Columns side by side and a line over them, on one scale."""

    columns: list[Series]
    line: Series
    grid: list[Tick]
    labels: list[Tick]
    floor: float = HEIGHT - BOTTOM
    left: float = LEFT
    right: float = WIDTH - RIGHT
    width: int = WIDTH
    height: int = HEIGHT


def over_time(
    labels: Sequence[str], columns: Sequence[tuple[str, Sequence[int]]], line: tuple[str, Sequence[int]]
) -> Chart:
    """A chart of periods: for each its columns, and a point of the line in its middle."""
    most = max([1, *line[1], *(number for _, numbers in columns for number in numbers)])
    step = _step(most)
    top = -(-most // step) * step
    high, wide = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    thick = wide * 0.7 / max(len(columns), 1)

    def y(number: int) -> float:
        return round(HEIGHT - BOTTOM - high * max(number, 0) / top, 1)

    drawn = []
    for at, (name, numbers) in enumerate(columns):
        bars = []
        for n, number in enumerate(numbers):
            x = LEFT + wide * (n + 0.15) + thick * at
            bars.append(Bar(round(x, 1), y(number), round(thick, 1), round(HEIGHT - BOTTOM - y(number), 1)))
        drawn.append(Series(name, numbers, bars))
    dots = [(round(LEFT + wide * (n + 0.5), 1), y(number)) for n, number in enumerate(line[1])]
    points = " ".join(f"{x},{height}" for x, height in dots)
    grid = [Tick(y(number), str(number)) for number in range(0, top + 1, step)]
    every = -(-len(labels) // 6) or 1  # on a phone six words stand side by side; the newest is always named
    shown = range((len(labels) - 1) % every, len(labels), every)
    axis = [Tick(round(LEFT + wide * (n + 0.5), 1), labels[n]) for n in shown]
    return Chart(drawn, Series(line[0], line[1], points=points, dots=dots), grid, axis)


def _step(most: int) -> int:
    """The distance between the lines of the grid: 1, 2 or 5 of some power of ten."""
    power = 1
    while True:
        for step in STEPS:
            if most <= step * power * LINES:
                return step * power
        power *= 10


def share(part: int, whole: int) -> float:
    """A part of a bar that is 100 wide."""
    return round(100 * part / whole, 1) if whole else 0.0
