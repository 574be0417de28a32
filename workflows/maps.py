"""A map of areas as shapes for the template that draws it, and outlines invented for a district that does not exist."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import TypeAlias

Point: TypeAlias = Sequence[float]  # longitude, latitude
Polygon: TypeAlias = Sequence[Sequence[Point]]  # rings, the outer one first
Box: TypeAlias = tuple[float, float, float, float]  # west, south, east, north
WIDTH, MARGIN, TALLEST = 360.0, 6.0, 240.0
GAP = 0.04  # between invented areas, of their side


@dataclass(frozen=True)
class Shape:
    """An area as a path, and where its words stand."""

    key: str
    path: str
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Sketch:
    """All shapes of a map, and how large it is."""

    shapes: list[Shape]
    height: float
    width: float = WIDTH


def sketch(outlines: Mapping[str, Sequence[Polygon]]) -> Sketch:
    """Areas by their keys, drawn to one scale: degrees are shortened as they are at this latitude."""
    west, south, east, north = _box(point for polygons in outlines.values() for p in polygons for point in p[0])
    narrow = cos(radians((south + north) / 2))
    wide, high = max((east - west) * narrow, 1e-9), max(north - south, 1e-9)
    scale = min((WIDTH - 2 * MARGIN) / wide, (TALLEST - 2 * MARGIN) / high)
    left = (WIDTH - wide * scale) / 2

    def place(point: Point) -> tuple[float, float]:
        return round(left + (point[0] - west) * narrow * scale, 1), round(MARGIN + (north - point[1]) * scale, 1)

    shapes = []
    for key, polygons in outlines.items():
        rings = [[place(point) for point in ring] for polygon in polygons for ring in polygon]
        path = " ".join(_path(ring) for ring in rings)
        x0, y0, x1, y1 = _box(max(rings, key=_extent))
        shapes.append(Shape(key, path, round((x0 + x1) / 2, 1), round((y0 + y1) / 2, 1), round(x1 - x0, 1)))
    return Sketch(shapes, round(high * scale + 2 * MARGIN, 1))


def _path(ring: Sequence[tuple[float, float]]) -> str:
    """Points that fall together at this scale are drawn once: outlines have thousands."""
    kept = [point for n, point in enumerate(ring) if not n or point != ring[n - 1]]
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in kept) + "Z"


def _box(points: Iterable[Point]) -> Box:
    given = list(points)
    xs, ys = [point[0] for point in given], [point[1] for point in given]
    return min(xs), min(ys), max(xs), max(ys)


def _extent(ring: Iterable[Point]) -> float:
    x0, y0, x1, y1 = _box(ring)
    return (x1 - x0) * (y1 - y0)


def invented(tree: Mapping[str, Sequence[str]], root: str, box: Box) -> dict[str, list[list[list[float]]]]:
    """A rectangle for each node of a tree (children by key) within that of its parent, by how much lies below it."""
    found: dict[str, list[list[list[float]]]] = {}

    def weight(key: str) -> int:
        return 1 + sum(weight(child) for child in tree.get(key, ()))

    def lay(key: str, where: Box) -> None:
        west, south, east, north = where
        corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        found[key] = [[[round(x, 6), round(y, 6)] for x, y in corners]]
        if children := list(tree.get(key, ())):
            share(children, where)

    def share(keys: list[str], where: Box) -> None:
        """Halve until one is left, across the longer side: a row of seven would be seven strips without a name."""
        if len(keys) == 1:
            lay(keys[0], _within(where))
            return
        middle = len(keys) // 2
        first, second = keys[:middle], keys[middle:]
        part = sum(map(weight, first)) / sum(map(weight, keys))
        west, south, east, north = where
        if (east - west) * cos(radians(south)) >= north - south:
            cut = west + part * (east - west)
            one, other = (west, south, cut, north), (cut, south, east, north)
        else:
            cut = south + part * (north - south)
            one, other = (west, south, east, cut), (west, cut, east, north)
        share(first, one)
        share(second, other)

    lay(root, box)
    return found


def _within(box: Box) -> Box:
    """A box with a gap to its neighbours."""
    west, south, east, north = box
    x, y = (east - west) * GAP, (north - south) * GAP
    return west + x, south + y, east - x, north - y
