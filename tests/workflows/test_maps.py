"""Maps: outlines drawn to one scale, invented ones that do not overlap, and GeoJSON with every fault named."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cases.models import Area, AreaBoundary
from tests.factories import World
from workflows.boundaries import invent_boundaries
from workflows.maps import WIDTH, invented, sketch

SQUARE = [[120.0, 30.0], [120.1, 30.0], [120.1, 30.1], [120.0, 30.1], [120.0, 30.0]]


def feature(code: str, coordinates: Any = None, kind: str = "Polygon") -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates or [SQUARE]}
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry}


def file_of(folder: Path, *features: Any) -> Path:
    path = folder / "map.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_areas_keep_their_shape_and_fill_the_width() -> None:
    drawn = sketch({"a": [[SQUARE]], "b": [[[[x + 0.1, y] for x, y in SQUARE]]]})
    a, b = drawn.shapes
    assert a.path.startswith(f"M6,{drawn.height - 6:g}L180,")
    assert b.x > a.x
    assert a.y == b.y
    assert a.width == pytest.approx((WIDTH - 12) / 2, abs=0.2)
    assert drawn.height - 12 == pytest.approx(a.width / 0.8658, rel=0.01)  # a degree of longitude is shorter at 30°


def test_points_that_fall_together_are_drawn_once() -> None:
    fine = [[120.0 + n * 1e-7, 30.0] for n in range(500)] + SQUARE[1:]
    (shape,) = sketch({"a": [[fine]]}).shapes
    assert shape.path.count("L") < 8


def test_invented_outlines_lie_within_their_parents_and_beside_each_other() -> None:
    tree = {"d": ["s1", "s2"], "s1": ["c1", "c2", "c3"], "c1": ["e1"]}
    found = invented(tree, "d", (120, 30, 121, 31))
    assert found.keys() == {"d", "s1", "s2", "c1", "c2", "c3", "e1"}

    def box(key: str) -> tuple[float, float, float, float]:
        xs, ys = [x for x, _ in found[key][0]], [y for _, y in found[key][0]]
        return min(xs), min(ys), max(xs), max(ys)

    for parent, children in tree.items():
        outer = box(parent)
        boxes = [box(child) for child in children]
        for west, south, east, north in boxes:
            assert outer[0] <= west < east <= outer[2]
            assert outer[1] <= south < north <= outer[3]
        for one, other in pairwise(boxes):
            assert one[2] <= other[0] or one[3] <= other[1]
    assert invented(tree, "d", (120, 30, 121, 31)) == found


def test_a_demonstration_has_outlines_down_to_the_grid(world: World) -> None:
    assert (
        invent_boundaries(world.district)
        == Area.objects.get_descendants(world.district).exclude(level="building").count() + 1
    )
    assert AreaBoundary.objects.filter(is_invented=True).count() == invent_boundaries(world.district)


def test_outlines_are_taken_by_code_and_a_second_time_nothing_changes(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(tmp_path, feature(world.street.code), feature(world.grid.code, [[SQUARE], [SQUARE]], "MultiPolygon"))
    call_command("import_boundaries", path, "--dry-run")
    assert "新增 2，改动 0，相同 0" in capsys.readouterr().out
    assert not AreaBoundary.objects.exists()
    call_command("import_boundaries", path)
    assert AreaBoundary.objects.get(area=world.street).polygons == [[SQUARE]]
    call_command("import_boundaries", path, "--json")
    row = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert row == {"taken": True, "added": 0, "changed": 0, "same": 2, "faults": []}


def test_every_fault_is_named_and_nothing_is_taken(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(
        tmp_path,
        feature(world.street.code),
        feature(world.street.code),
        feature("X9"),
        feature(""),
        feature(world.grid.code, [SQUARE[:-1]]),
        feature(world.estate.code, [[[200, 30], *SQUARE[1:-1], [200, 30]]]),
        feature(world.community.code, [[["a", "b"]] * 4]),
        feature(world.district.code, [1, 2], "Point"),
        "nonsense",
    )
    with pytest.raises(SystemExit):
        call_command("import_boundaries", path, "--json")
    row = json.loads(capsys.readouterr().out)
    assert row["taken"] is False
    words = {fault["feature"]: fault["message"] for fault in row["faults"]}
    assert words.keys() == set(range(2, 10))
    assert "前面已经有" in words[2]
    assert "没有代码为 X9 的区域" in words[3]
    assert "没有区域代码" in words[4]
    assert "没有闭合" in words[5]
    assert "超出范围" in words[6]
    assert "两个数" in words[7]
    assert "MultiPolygon" in words[8]
    assert not AreaBoundary.objects.exists()


@pytest.mark.parametrize(("content", "words"), [("{", "不是 JSON"), ("[1]", "不是 GeoJSON"), (None, "没有文件")])
def test_a_file_that_is_no_map_is_refused(db: None, tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "map.geojson"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError, match=words):
        call_command("import_boundaries", path)
