"""The declared moves as a BPMN 2.0 process with its diagram: lanes by holder, a task for each state.

A state in which somebody has something to do is a task; the moves that leave it are the flows out of the gateway behind
it. A state that ends the case is an end event; where it may still be taken up again, a gateway stands before that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import quoteattr

from workflows.drawing import PLACES
from workflows.graph import Graph

NAMESPACES = (
    ("bpmn", "http://www.omg.org/spec/BPMN/20100524/MODEL"),
    ("bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI"),
    ("dc", "http://www.omg.org/spec/DD/20100524/DC"),
    ("di", "http://www.omg.org/spec/DD/20100524/DI"),
)
SIZES = {"startEvent": (36, 36), "endEvent": (36, 36), "exclusiveGateway": (50, 50), "userTask": (100, 80)}
TRACK, GAP, HEADER, PADDING = 14, 30, 60, 24
ABOVE = 56  # room over the first row for the start
CELL, ROW = 100 + 2 * (50 + GAP), 104  # a task between its two gateways, and room over it


@dataclass
class Node:
    """A flow node: in which lane, row and column it stands; `x`, `y` are its middle."""

    id: str
    kind: str
    name: str
    state: str
    incoming: list[str] = field(default_factory=list)
    outgoing: list[str] = field(default_factory=list)
    x: float = 0
    y: float = 0

    @property
    def box(self) -> tuple[float, float, int, int]:
        """Left, top, width, height."""
        width, height = SIZES[self.kind]
        return self.x - width / 2, self.y - height / 2, width, height


@dataclass
class Flow:
    """A sequence flow with the points that it passes."""

    id: str
    source: Node
    target: Node
    name: str = ""
    points: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Words:
    """What the process says besides the words of the graph."""

    after: str  # the gateway behind a state: %s is the state
    stays: str  # the flow from a state that has ended into its end event
    agreed: str  # behind a move that a second person agrees to


WORDS = Words(after="%s之后", stays="就此结束", agreed="（经同意）")


class Process:
    """The nodes and flows of a graph, with a place for each."""

    def __init__(self, graph: Graph, holders: Mapping[str, str], words: Words = WORDS) -> None:
        self.graph, self.words = graph, words
        self.nodes: dict[str, Node] = {}
        self.flows: list[Flow] = []
        self.lane_of = self._lanes(holders)
        self.lanes = list(dict.fromkeys(self.lane_of[s.name] for s in graph.states))
        self._build()
        self._place()

    def _lanes(self, holders: Mapping[str, str]) -> dict[str, str]:
        """An open state lies in the lane of its holder, an ended one in that of the state it is first reached from."""
        lanes = dict(holders)
        for state in self.graph.states:
            if state.name not in lanes:
                first = next(m.sources[0] for m in self.graph.moves if state.name in m.targets)
                lanes[state.name] = holders[first]
        return lanes

    def _pairs(self) -> dict[tuple[str, str], list[str]]:
        """The labels of the moves from one state to another: one flow for all of them."""
        pairs: dict[tuple[str, str], list[str]] = {}
        for move in self.graph.moves:
            label = move.label + (self.words.agreed if move.two_people else "")
            for source in move.sources:
                for target in move.targets:
                    pairs.setdefault((source, target), []).append(label)
        return pairs

    def _build(self) -> None:
        pairs = self._pairs()
        coming = {state.name: [p for p in pairs if p[1] == state.name] for state in self.graph.states}
        leaving = {state.name: [p for p in pairs if p[0] == state.name] for state in self.graph.states}
        begin = self._node("start", "startEvent", self.graph.birth, self.graph.start)
        entry, leave = {}, {}
        for state in self.graph.states:
            ins = len(coming[state.name]) + (state.name == self.graph.start)
            chain = [self._node(f"join_{state.name}", "exclusiveGateway", "", state.name)] if ins > 1 else []
            if not state.is_end:
                chain.append(self._node(f"state_{state.name}", "userTask", state.label, state.name))
            if leaving[state.name] and (state.is_end or len(leaving[state.name]) > 1):
                name = self.words.after % state.label
                chain.append(self._node(f"split_{state.name}", "exclusiveGateway", name, state.name))
            if state.is_end:
                end = self._node(f"state_{state.name}", "endEvent", state.label, state.name)
                chain += [] if leaving[state.name] else [end]
            for one, other in pairwise(chain):
                self._flow(f"{one.id}_{other.id}", one, other)
            if state.is_end and leaving[state.name]:
                self._flow(f"{chain[-1].id}_{end.id}", chain[-1], end, self.words.stays)
            entry[state.name], leave[state.name] = chain[0], chain[-1]
        self._flow(f"start_{self.graph.start}", begin, entry[self.graph.start])
        for (source, target), labels in pairs.items():
            self._flow(f"{source}_{target}", leave[source], entry[target], " / ".join(labels))

    def _node(self, name: str, kind: str, label: str, state: str) -> Node:
        self.nodes[name] = node = Node(name, kind, label, state)
        return node

    def _flow(self, name: str, source: Node, target: Node, label: str = "") -> None:
        flow = Flow(f"flow_{name}", source, target, label)
        source.outgoing.append(flow.id)
        target.incoming.append(flow.id)
        self.flows.append(flow)

    # -- the diagram: columns as in the drawing, one lane under the other, every line in a track of its own

    def _place(self) -> None:
        self.column = {s.name: PLACES.get(s.name, (7, 0))[0] for s in self.graph.states}
        self.row: dict[str, int] = {}
        rows: dict[tuple[str, int], int] = {}
        order: list[tuple[str, int]] = []
        for lane in self.lanes:
            for state in (s.name for s in self.graph.states if self.lane_of[s.name] == lane):
                n = rows[lane, self.column[state]] = rows.get((lane, self.column[state]), -1) + 1
                if (lane, n) not in order:
                    order.append((lane, n))
        order.sort(key=lambda one: (self.lanes.index(one[0]), one[1]))
        taken: dict[tuple[str, int], int] = {}
        for node in self.graph.states:
            key = (self.lane_of[node.name], self.column[node.name])
            self.row[node.name] = order.index((key[0], taken.get(key, 0)))
            taken[key] = taken.get(key, 0) + 1
        self.rows = order
        self._measure()
        self._set_nodes()
        self._route()

    def _between(self) -> list[Flow]:
        """Flows from one state to another, or back to the same: those that need tracks."""
        return [f for f in self.flows if not self._is_inner(f)]

    def _leads_on(self, state: str) -> bool:
        """Whether something may follow after it."""
        return f"split_{state}" in self.nodes

    def _is_inner(self, flow: Flow) -> bool:
        """Within the cell of a state, from the left to the right."""
        names = [n.id for n in self._cell(flow.source.state)]
        same = flow.source.state == flow.target.state
        return same and names.index(flow.target.id) == names.index(flow.source.id) + 1

    def _cell(self, state: str) -> list[Node]:
        return [n for n in self.nodes.values() if n.state == state]

    def _measure(self) -> None:
        """How wide the gutter before each column is, and how high each row: by the lines that run there."""
        between = self._between()
        columns = max(self.column.values()) + 1
        self.before = [sum(self.column[f.target.state] == c for f in between) for c in range(columns)]
        self.behind = [sum(self.column[f.source.state] == c for f in between) for c in range(columns)]
        self.below = [sum(self.row[f.source.state] == r for f in between) for r in range(len(self.rows))]
        self.left: list[float] = []
        x = float(2 * HEADER)
        for c in range(columns):
            x += GAP + TRACK * self.before[c]
            self.left.append(x)
            widest = max((len(self._cell(s)) for s, at in self.column.items() if at == c), default=1)
            x += max(CELL, widest * 50 + (widest - 1) * GAP + 50) + GAP + TRACK * self.behind[c]
        self.width = x + GAP
        self.top: list[float] = []
        y = float(ABOVE)
        for r in range(len(self.rows)):
            self.top.append(y)
            y += PADDING + ROW + PADDING + TRACK * self.below[r]
        self.height = y

    def _set_nodes(self) -> None:
        for state in self.column:
            x = self.left[self.column[state]]
            for node in self._cell(state):
                width = SIZES[node.kind][0]
                if node.kind == "endEvent" and len(self._cell(state)) > 1 and self._leads_on(state):
                    node.x, node.y = x - GAP - 25, self.top[self.row[state]] + 18  # over the gateway
                    continue
                if node.kind == "startEvent":  # over the state, or lines to the state would run through it
                    node.x, node.y = x + SIZES["exclusiveGateway"][0] / 2, self.top[self.row[state]] - PADDING / 2
                    continue
                node.x, node.y = x + width / 2, self.top[self.row[state]] + PADDING + ROW / 2
                x += width + GAP

    def _route(self) -> None:
        before, behind, below = [0] * len(self.before), [0] * len(self.behind), [0] * len(self.below)
        for flow in self.flows:
            out, into = (flow.source.box, flow.target.box)
            begin, end = (out[0] + out[2], flow.source.y), (into[0], flow.target.y)
            if flow.source.kind == "startEvent":
                flow.points = [(flow.source.x, out[1] + out[3]), (flow.source.x, into[1])]
                continue
            if flow.name == self.words.stays:
                flow.points = [(flow.source.x, out[1]), (flow.source.x, into[1] + into[3])]
                continue
            if self._is_inner(flow):
                flow.points = [begin, end]
                continue
            c1, c2, r = self.column[flow.source.state], self.column[flow.target.state], self.row[flow.source.state]
            right = self.left[c1 + 1] - TRACK * self.before[c1 + 1] if c1 + 1 < len(self.left) else self.width
            x1 = right - GAP - TRACK * (self.behind[c1] - behind[c1])
            x2 = self.left[c2] - GAP / 2 - TRACK * (self.before[c2] - before[c2] - 1)
            y = self.top[r] + PADDING + ROW + PADDING / 2 + TRACK * (self.below[r] - below[r] - 1)
            behind[c1], before[c2], below[r] = behind[c1] + 1, before[c2] + 1, below[r] + 1
            flow.points = [begin, (x1, begin[1]), (x1, y), (x2, y), (x2, end[1]), end]


def to_bpmn(process: Process) -> str:
    """The process and its diagram as text."""
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES)
    title = quoteattr(process.graph.title)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<bpmn:definitions {spaces} id="zhuoluo" targetNamespace="https://bpmn.io/schema/bpmn">',
            '  <bpmn:collaboration id="collaboration">',
            f'    <bpmn:participant id="participant" name={title} processRef="life"/>',
            "  </bpmn:collaboration>",
            '  <bpmn:process id="life" isExecutable="false">',
            *_lane_set(process),
            *(line for node in process.nodes.values() for line in _node(node)),
            *(_flow(flow) for flow in process.flows),
            "  </bpmn:process>",
            '  <bpmndi:BPMNDiagram id="diagram">',
            '    <bpmndi:BPMNPlane id="plane" bpmnElement="collaboration">',
            *_diagram(process),
            "    </bpmndi:BPMNPlane>",
            "  </bpmndi:BPMNDiagram>",
            "</bpmn:definitions>",
            "",
        ]
    )


def _lane_set(process: Process) -> list[str]:
    lines = ['    <bpmn:laneSet id="lanes">']
    for n, lane in enumerate(process.lanes):
        lines.append(f'      <bpmn:lane id="lane_{n}" name={quoteattr(lane)}>')
        here = [node.id for node in process.nodes.values() if process.lane_of[node.state] == lane]
        lines += [f"        <bpmn:flowNodeRef>{one}</bpmn:flowNodeRef>" for one in here]
        lines.append("      </bpmn:lane>")
    return [*lines, "    </bpmn:laneSet>"]


def _node(node: Node) -> list[str]:
    name = f" name={quoteattr(node.name)}" if node.name else ""
    return [
        f'    <bpmn:{node.kind} id="{node.id}"{name}>',
        *(f"      <bpmn:incoming>{one}</bpmn:incoming>" for one in node.incoming),
        *(f"      <bpmn:outgoing>{one}</bpmn:outgoing>" for one in node.outgoing),
        f"    </bpmn:{node.kind}>",
    ]


def _flow(flow: Flow) -> str:
    name = f" name={quoteattr(flow.name)}" if flow.name else ""
    ends = f'sourceRef="{flow.source.id}" targetRef="{flow.target.id}"'
    return f'    <bpmn:sequenceFlow id="{flow.id}"{name} {ends}/>'


def _diagram(process: Process) -> list[str]:
    lines = _shape("participant", (HEADER / 2, 0, process.width - HEADER / 2, process.height), ' isHorizontal="true"')
    for n, lane in enumerate(process.lanes):
        rows = [r for r, (name, _) in enumerate(process.rows) if name == lane]
        top, last = (process.top[rows[0]] if rows[0] else 0), rows[-1] + 1
        bottom = process.top[last] if last < len(process.top) else process.height
        lines += _shape(f"lane_{n}", (HEADER, top, process.width - HEADER, bottom - top), ' isHorizontal="true"')
    for node in process.nodes.values():
        lines += _shape(node.id, node.box, ' isMarkerVisible="true"' if node.kind == "exclusiveGateway" else "")
    for flow in process.flows:
        lines.append(f'      <bpmndi:BPMNEdge id="{flow.id}_di" bpmnElement="{flow.id}">')
        lines += [f'        <di:waypoint x="{_n(x)}" y="{_n(y)}"/>' for x, y in flow.points]
        if flow.name:
            lines += _label(flow)
        lines.append("      </bpmndi:BPMNEdge>")
    return lines


def _label(flow: Flow) -> list[str]:
    width = 12 * len(flow.name)
    if len(flow.points) == 2:  # noqa: PLR2004  # straight up to an end
        (x, y), left = flow.points[0], flow.points[0][0] + 4
    else:
        (x, y), (towards, _) = flow.points[2:4]
        left = x + 4 if towards >= x else x - width - 4
    bounds = f'<dc:Bounds x="{_n(left)}" y="{_n(y - TRACK)}" width="{width}" height="{TRACK}"/>'
    return [f"        <bpmndi:BPMNLabel>{bounds}</bpmndi:BPMNLabel>"]


def _shape(name: str, box: tuple[float, float, float, float], more: str) -> list[str]:
    x, y, width, height = (_n(one) for one in box)
    return [
        f'      <bpmndi:BPMNShape id="{name}_di" bpmnElement="{name}"{more}>',
        f'        <dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/>',
        "      </bpmndi:BPMNShape>",
    ]


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
