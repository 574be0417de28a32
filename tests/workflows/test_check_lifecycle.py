"""check_lifecycle: the declared moves hold, and graphs that are broken on purpose are found out."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command

from cases.terms import END_STATES, State
from workflows.graph import Findings, Graph, Move, StateNode, examine
from workflows.lifecycle import HOLDERS
from workflows.management.commands.draw_lifecycle import lifecycle_graph
from workflows.sla import STAGE_CLOCK


def findings(graph: Graph) -> Findings:
    return examine(graph, holders=HOLDERS, clocks=STAGE_CLOCK)


def without_target(graph: Graph, *targets: str) -> Graph:
    """The graph without the moves into these states."""
    moves = (replace(m, targets=tuple(t for t in m.targets if t not in targets)) for m in graph.moves)
    return replace(graph, moves=tuple(moves))


def test_the_declared_moves_hold() -> None:
    out = StringIO()
    call_command("check_lifecycle", "--json", stdout=out)
    result = json.loads(out.getvalue())
    counts = (result.pop("states"), result.pop("moves"))
    assert counts == (len(State), len(lifecycle_graph().moves))
    assert counts[1] > 20
    assert all(found == [] for found in result.values())
    assert set(result) == {"unreachable", "dead_ends", "without_holder", "without_clock", "left_after_end"}


def test_the_graph_is_what_the_law_says() -> None:
    moves = {move.name: move for move in lifecycle_graph().moves}
    assert (moves["accept"].sources, moves["accept"].targets) == (("reported",), ("accepted",))
    assert set(moves["take_decision"].targets) == {"in_progress", "accepted", "submitted"}
    assert len(moves["void"].sources) == len(State) - len(END_STATES)
    assert {name for name, move in moves.items() if move.two_people} == {
        "return_to_dispatch",
        "hold",
        "extend",
        "void",
    }


def test_a_state_that_nothing_leads_to_is_found() -> None:
    assert findings(without_target(lifecycle_graph(), "on_hold")).unreachable == ("on_hold",)


def test_a_state_from_which_no_end_is_reached_is_found() -> None:
    graph = lifecycle_graph()
    stuck = replace(
        graph, moves=tuple(replace(m, sources=tuple(s for s in m.sources if s != "on_hold")) for m in graph.moves)
    )
    assert findings(stuck).dead_ends == ("on_hold",)


def test_a_circle_without_an_end_is_found() -> None:
    states = tuple(StateNode(name, name, name == "end") for name in ("a", "b", "end"))
    moves = (Move("go", "", ("a",), ("b",)), Move("back", "", ("b",), ("a",)))
    found = examine(Graph("a", states, moves), holders={"a": 1, "b": 1}, clocks={"a": 1, "b": 1})
    assert found.dead_ends == ("a", "b")
    assert found.unreachable == ("end",)


def test_an_open_state_without_holder_or_clock_is_found() -> None:
    graph = lifecycle_graph()
    found = examine(
        graph,
        holders={state: role for state, role in HOLDERS.items() if state != State.SUBMITTED},
        clocks={**{s: c for s, c in STAGE_CLOCK.items() if s != State.ANSWERED}, State.CLOSED: "survey"},
    )
    assert (found.without_holder, found.without_clock) == (("submitted",), ("answered",))
    assert found.left_after_end == ("closed",)
    assert not found.hold


def test_the_command_fails_when_the_law_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(HOLDERS, State.ON_HOLD)
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("check_lifecycle", stdout=out)
    assert stopped.value.code == 1
    assert "on_hold is held by nobody" in out.getvalue()
