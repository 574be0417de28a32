"""Outlines of areas: taken from GeoJSON with every fault named, or invented for a demonstration."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cases.models import Area, AreaBoundary
from cases.terms import AreaLevel
from workflows.maps import Box, invented

MOST_BYTES = 64 * 1024 * 1024
CODE_NAMES = ("code", "代码", "area")  # of the property that holds the code of an area
CORNERS = 4  # of a ring, the first one again at the end
INVENTED_AT: Box = (120.10, 30.20, 120.28, 30.32)
NOT_DRAWN = (AreaLevel.BUILDING,)


class UnreadableMap(ValueError):
    """The file cannot be read as GeoJSON; the text says why and what to do."""


@dataclass(frozen=True)
class MapFault:
    """What is wrong with a feature, counted from 1 as it stands in the file."""

    feature: int
    code: str
    message: str


@dataclass
class ImportedMap:
    """What a file held: all of it is taken, or with a fault nothing."""

    outlines: dict[str, list[Any]] = field(default_factory=dict)
    faults: list[MapFault] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    same: int = 0


def import_boundaries(path: Path, *, dry_run: bool = False) -> ImportedMap:
    """Outlines by the codes of areas. Raises UnreadableMap; faults of features are in the result."""
    found = _read(path)
    areas = Area.objects.in_bulk(list(found.outlines), field_name="code")
    kept = {row.area_id: row for row in AreaBoundary.objects.filter(area__in=areas.values())}
    rows = []
    for code, polygons in found.outlines.items():
        row = kept.get(areas[code].pk)
        found.added += row is None
        found.same += row is not None and row.polygons == polygons
        found.changed += row is not None and row.polygons != polygons
        rows.append(AreaBoundary(area=areas[code], polygons=polygons, is_invented=False))
    if not (found.faults or dry_run):
        _write(rows)
    return found


def invent_boundaries(root: Area) -> int:
    """Rectangles for an area and everything below it but buildings, in a demonstration; returns how many."""
    below = Area.objects.get_descendants(root).exclude(level__in=NOT_DRAWN).order_by("path")
    areas: dict[str, Area] = {area.path: area for area in [root, *below]}
    tree: dict[str, list[str]] = {}
    for path in areas:
        if path != root.path:
            tree.setdefault(path[: -Area.steplen], []).append(path)
    outlines = invented(tree, root.path, INVENTED_AT)
    _write([AreaBoundary(area=areas[path], polygons=[rings], is_invented=True) for path, rings in outlines.items()])
    return len(outlines)


@transaction.atomic
def _write(rows: Sequence[AreaBoundary]) -> None:
    AreaBoundary.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["area"], update_fields=["polygons", "is_invented"], batch_size=500
    )


def _read(path: Path) -> ImportedMap:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableMap(_("%(file)s 太大：边界文件不超过 64 MB，请先简化。") % {"file": path.name})
        given = json.loads(path.read_bytes())
    except OSError as error:
        raise UnreadableMap(_("没有文件 %(file)s：请核对路径。") % {"file": path}) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableMap(_("%(file)s 不是 JSON：请导出为 GeoJSON。") % {"file": path.name}) from error
    features = given.get("features") if isinstance(given, dict) else None
    if not isinstance(features, list):
        raise UnreadableMap(_("%(file)s 不是 GeoJSON 的 FeatureCollection。") % {"file": path.name})
    found, known = ImportedMap(), set(Area.objects.values_list("code", flat=True))
    for number, feature in enumerate(features, 1):
        code = _code_of(feature)
        polygons = _polygons(feature.get("geometry") if isinstance(feature, dict) else None)
        fault = _fault(code, polygons, known, found.outlines)
        if fault:
            found.faults.append(MapFault(number, code, fault))
        elif not isinstance(polygons, str):
            found.outlines[code] = polygons
    return found


def _fault(code: str, polygons: list[Any] | str, known: set[str], taken: Mapping[str, Any]) -> str:
    if not code:
        return _("没有区域代码：请在 properties 里写 code。")
    if code not in known:
        return _("没有代码为 %(code)s 的区域。") % {"code": code}
    if code in taken:
        return _("代码 %(code)s 前面已经有一个边界。") % {"code": code}
    return polygons if isinstance(polygons, str) else ""


def _code_of(feature: Any) -> str:
    named = feature.get("properties") if isinstance(feature, dict) else None
    if isinstance(named, dict):
        for name in CODE_NAMES:
            if named.get(name) not in (None, ""):
                return str(named[name]).strip()
    return str(feature.get("id") or "") if isinstance(feature, dict) else ""


def _polygons(geometry: Any) -> list[Any] | str:
    """The polygons of a geometry, or what is wrong with it."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        return _("边界须是 Polygon 或 MultiPolygon。")
    given = geometry.get("coordinates")
    polygons = [given] if kind == "Polygon" else given
    if not isinstance(polygons, list) or not polygons:
        return _("边界没有坐标。")
    taken = []
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            return _("边界没有坐标。")
        rings = []
        for ring in polygon:
            points = _ring(ring)
            if isinstance(points, str):
                return points
            rings.append(points)
        taken.append(rings)
    return taken


def _ring(ring: Any) -> list[list[float]] | str:
    if not isinstance(ring, list) or len(ring) < CORNERS:
        return _("一圈边界至少要四个点，末点同首点。")
    points = []
    for point in ring:
        numbers = point[:2] if isinstance(point, list) else []
        if len(numbers) != 2 or not all(type(number) in (int, float) for number in numbers):  # noqa: PLR2004
            return _("坐标须是经度、纬度两个数。")
        longitude, latitude = numbers
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):  # noqa: PLR2004
            return _("坐标超出范围：请用经纬度（WGS 84），经度在前。")
        points.append([round(float(longitude), 6), round(float(latitude), 6)])
    if points[0] != points[-1]:
        return _("一圈边界没有闭合：末点须同首点。")
    return points
