"""The declared moves as plain data, and what must hold of them: read from the state machine, never written twice."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, TextChoices
from django.utils import translation


@dataclass(frozen=True)
class StateNode:
    """A state, the words that people read, and whether a case ends there."""

    name: str
    label: str
    is_end: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Move:
    """A move with all its sources and targets."""

    name: str
    label: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    two_people: bool = False


@dataclass(frozen=True)
class Graph:
    """Everything that the picture and the proof need."""

    start: str
    states: tuple[StateNode, ...]
    moves: tuple[Move, ...]
    title: str = ""
    legend: str = ""
    birth: str = ""
    any_open: str = ""


@dataclass(frozen=True)
class Findings:
    """What is wrong with a graph; nothing in any list means that the law holds."""

    unreachable: tuple[str, ...]
    dead_ends: tuple[str, ...]
    without_holder: tuple[str, ...]
    without_clock: tuple[str, ...]
    left_after_end: tuple[str, ...]  # ends that keep a holder or a clock

    @property
    def hold(self) -> bool:
        """Whether nothing was found."""
        return not any(vars(self).values())


def moves_of(machine: type[Model], states: type[TextChoices], *, field: str = "state") -> tuple[Move, ...]:
    """The moves that a state machine declares, in the order of its class body, labels in the active language."""
    found: dict[str, tuple[Any, list[str], list[str]]] = {}
    for step in machine._meta.get_field(field).get_all_transitions(machine):  # type: ignore[union-attr]
        _, sources, targets = found.setdefault(step.name, (step, [], []))
        sources += [step.source] if step.source in states.values else states.values  # "*": from any state
        allowed = getattr(step.target, "allowed_states", None)
        targets += allowed or [step.target]
    place = {name: n for n, name in enumerate(vars(machine))}
    order = {value: n for n, value in enumerate(states.values)}

    def sorted_once(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({str(name) for name in names}, key=lambda name: order.get(name, len(order))))

    return tuple(
        Move(
            name, str(step.custom["label"]), sorted_once(sources), sorted_once(targets),
            bool(step.custom.get("two_people")),
        )
        for name, (step, sources, targets) in sorted(found.items(), key=lambda item: place.get(item[0], 0))
    )  # fmt: skip


def graph_of(
    machine: type[Model],
    states: type[TextChoices],
    *,
    start: str,
    ends: Iterable[str],
    notes: Callable[[str], tuple[str, ...]] = lambda _: (),
    language: str = "zh-hans",
) -> Graph:
    """The graph of a state machine, its words in one language whatever the one of the terminal is."""
    with translation.override(language):
        last = set(ends)
        nodes = tuple(StateNode(s.value, str(s.label), s.value in last, notes(s.value)) for s in states)
        return Graph(
            start,
            nodes,
            moves_of(machine, states),
            title="件的一生：环节与动作",
            legend="蓝框：在办环节，下面是由谁办、走哪个时限；粗框：办结；虚线和 *：须第二人同意。",
            birth="上报",
            any_open="任一在办环节",
        )


def examine(graph: Graph, *, holders: Mapping[Any, object], clocks: Mapping[Any, object]) -> Findings:
    """Every state can be reached and can reach an end; every open one has a holder and a clock, no ended one has."""
    onward: dict[str, set[str]] = {}
    back: dict[str, set[str]] = {}
    for move in graph.moves:
        for source in move.sources:
            for target in move.targets:
                onward.setdefault(source, set()).add(target)
                back.setdefault(target, set()).add(source)
    ends = {s.name for s in graph.states if s.is_end}
    names = [s.name for s in graph.states]
    reached, ending = _reached({graph.start}, onward), _reached(ends, back)
    still_open = [name for name in names if name not in ends]
    return Findings(
        unreachable=tuple(name for name in names if name not in reached),
        dead_ends=tuple(name for name in names if name not in ending),
        without_holder=tuple(name for name in still_open if not holders.get(name)),
        without_clock=tuple(name for name in still_open if not clocks.get(name)),
        left_after_end=tuple(name for name in names if name in ends and (holders.get(name) or clocks.get(name))),
    )


def _reached(begin: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    seen, waiting = set(begin), list(begin)
    while waiting:
        for name in sorted(edges.get(waiting.pop(), ())):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen
