"""The parts of a dashboard as a map: how much of what is in hand is overdue, by shade, pattern and words."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import AreaBoundary
from workflows.dashboard import Part
from workflows.maps import Shape, Sketch, sketch

GRADES: tuple[tuple[float, Promise | str], ...] = (
    (0, _("没有超期")),
    (0.1, _("超期不到一成")),
    (0.25, _("超期一成到四分之一")),
    (inf, _("超期四分之一以上")),
)
WIDE_ENOUGH = 44  # for words within a shape
LONGEST = 5  # of a name within a shape


@dataclass(frozen=True)
class Place:
    """An area on the map."""

    part: Part
    shape: Shape
    grade: int

    @property
    def words(self) -> Promise | str:
        """The grade as the legend says it."""
        return GRADES[self.grade][1]

    @property
    def short(self) -> str:
        """The name as it fits in; empty when nothing does."""
        return self.part.name[:LONGEST] if self.shape.width >= WIDE_ENOUGH else ""


@dataclass(frozen=True)
class AreaMap:
    """The map, and which areas have no outline yet."""

    sketch: Sketch
    places: list[Place]
    missing: list[Part]
    is_invented: bool
    grades: Sequence[tuple[int, Promise | str]] = tuple(enumerate(words for _limit, words in GRADES))


def area_map(parts: Sequence[Part]) -> AreaMap | None:
    """The areas that have an outline; None when none has."""
    wanted = [part.area.pk for part in parts if part.area]
    rows = {row.pk: row for row in AreaBoundary.objects.filter(area__in=wanted)}
    if not rows:
        return None
    by_key = {str(part.area.pk): part for part in parts if part.area}
    drawn = sketch({str(pk): row.polygons for pk, row in rows.items()})
    places = [Place(by_key[shape.key], shape, _grade(by_key[shape.key])) for shape in drawn.shapes]
    missing = [part for part in parts if part.area and part.area.pk not in rows]
    return AreaMap(drawn, places, missing, any(row.is_invented for row in rows.values()))


def _grade(part: Part) -> int:
    share = part.pressing.overdue / part.in_hand if part.in_hand else 0
    return next(grade for grade, (limit, _words) in enumerate(GRADES) if share <= limit)
