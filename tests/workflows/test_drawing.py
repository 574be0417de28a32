"""The picture of the life of a case: complete, deterministic, fresh, and without lines that lie on each other."""

import xml.etree.ElementTree as ET
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation

from cases.terms import State
from workflows.drawing import lay_out, to_svg
from workflows.graph import Graph, Move, StateNode
from workflows.management.commands.draw_lifecycle import lifecycle_graph

SVG = "{http://www.w3.org/2000/svg}"


def words_of(svg: str) -> Counter[str]:
    return Counter(element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text"))  # noqa: S314  # our own


def test_every_state_and_every_move_is_named_in_the_picture() -> None:
    graph = lifecycle_graph()
    words = words_of(to_svg(graph))
    assert {str(state.label) for state in State} <= set(words)
    together = " ".join(words)
    assert [move.name for move in graph.moves if move.label not in together] == []


def test_the_picture_does_not_depend_on_the_language_of_the_terminal() -> None:
    with translation.override("en"):
        english = to_svg(lifecycle_graph())
    assert english == to_svg(lifecycle_graph())


def test_no_two_verticals_and_no_two_rails_lie_on_each_other() -> None:
    layout = lay_out(lifecycle_graph())
    by_zone = Counter((zone, x) for (_, zone, _, _), x in layout.slots.items())
    assert [place for place, n in by_zone.items() if n > 1] == []
    for rails in layout.rails.values():
        assert len({rail.lane for rail in rails}) >= 2
        for rail in rails:
            beside = [r for r in rails if r is not rail and r.lane == rail.lane]
            columns = {layout.places[s][0] for s in (*rail.sources, *rail.targets)}
            others = [{layout.places[s][0] for s in (*r.sources, *r.targets)} for r in beside]
            assert all(min(columns) > max(o) or max(columns) < min(o) for o in others)


def test_a_state_without_a_place_is_drawn_all_the_same() -> None:
    states = (
        StateNode("reported", "已上报", False),
        StateNode("new", "新环节", False),
        StateNode("closed", "已结案", True),
    )
    moves = (Move("go", "走", ("reported",), ("new",)), Move("end", "完", ("new",), ("closed",)))
    words = words_of(to_svg(Graph("reported", states, moves, "题", "例", "报", "任一")))
    assert words["新环节"] == words["走"] == words["完"] == 1


def test_the_committed_picture_is_fresh() -> None:
    out = StringIO()
    call_command("draw_lifecycle", "--check", stdout=out)
    assert "is fresh" in out.getvalue()


def test_a_stale_picture_fails_the_check_and_is_written_anew(tmp_path: Path) -> None:
    output = tmp_path / "docs" / "life.svg"
    err = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("draw_lifecycle", "--check", "--output", str(output), stderr=err)
    assert stopped.value.code == 1
    assert "stale" in err.getvalue()
    call_command("draw_lifecycle", "--output", str(output), stdout=StringIO())
    written = output.read_text(encoding="utf-8")
    assert written == to_svg(lifecycle_graph())
    output.write_text(written.replace("受理", "受办"), encoding="utf-8")
    with pytest.raises(SystemExit):
        call_command("draw_lifecycle", "--check", "--output", str(output), stderr=StringIO())
