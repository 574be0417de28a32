"""The picture of the declared moves: columns of states, moves as rails between them, the same bytes each time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from workflows.graph import Graph, Move

# The main road is row 0, what waits stands above it, what ends early below. A state without a place gets one in row 1.
PLACES = {
    "reported": (0, 0), "accepted": (1, 0), "dispatched": (2, 0), "in_progress": (3, 0), "submitted": (4, 0),
    "answered": (5, 0), "closed": (6, 0),
    "info_requested": (0, -1), "deliberating": (2, -1), "on_hold": (3, -1), "reopen_requested": (5, -1),
    "rejected": (0, 1), "merged": (2, 1), "voided": (6, 1),
}  # fmt: skip
ANY_OPEN = "*"  # stands for every open state at once, or the picture would be nothing but lines to one box
BOX_W, BOX_H, PITCH, LANE, MARGIN, FREE = 132, 76, 232, 30, 96, 52
TOP = 84  # below the title
INK, LINE, PALETTE = "#16202c", "#3d4a5a", ("#0664bd", "#854a00", "#17703a", "#8a2f7f", "#ad1f1f", "#3d4a5a")


@dataclass(frozen=True)
class Tap:
    """One vertical of a move in a zone: at which state it leaves or, with an arrow, arrives."""

    move: str
    state: str
    arrives: bool


@dataclass
class Rail:
    """A move that runs in a lane of a zone, with a tap at each of its states."""

    move: Move
    sources: list[str]
    targets: list[str]
    lane: int = 0

    def taps(self) -> list[Tap]:
        return [Tap(self.move.name, s, False) for s in self.sources] + [
            Tap(self.move.name, t, True) for t in self.targets
        ]


@dataclass
class Layout:
    """Where everything stands; computed once, then written out."""

    graph: Graph
    places: dict[str, tuple[int, int]]
    steps: list[tuple[Move, str, str]] = field(default_factory=list)  # to the next column
    drops: list[tuple[Move, str, str]] = field(default_factory=list)  # straight up or down
    loops: dict[str, list[Move]] = field(default_factory=dict)
    rails: dict[int, list[Rail]] = field(default_factory=lambda: {-1: [], 1: []})
    slots: dict[tuple[int, int, str, str], float] = field(default_factory=dict)

    def left(self, state: str) -> float:
        return MARGIN + self.places[state][0] * PITCH

    def top(self, state: str) -> float:
        row = self.places[state][1]
        above = TOP + BOX_H + self.depth(-1)
        return {-1: TOP, 0: above, 1: above + BOX_H + self.depth(1)}[row]

    def depth(self, zone: int) -> float:
        """The height of the space between row 0 and the row of the zone."""
        return 2 * FREE + LANE * max((rail.lane for rail in self.rails[zone]), default=0)

    def lane_y(self, zone: int, lane: int) -> float:
        main = TOP + BOX_H + self.depth(-1)
        return main - FREE - LANE * lane if zone == -1 else main + BOX_H + FREE + LANE * lane

    def edge_y(self, zone: int, state: str) -> float:
        """The side of a box that faces the zone."""
        is_above = self.places[state][1] == min(zone, 0)
        return self.top(state) + (BOX_H if is_above else 0)

    def slot(self, zone: int, state: str, move: str, other: str = "") -> float:
        return self.slots[self.places[state][0], zone, move, other or state]


def lay_out(graph: Graph) -> Layout:
    """Give every state a place and every move a way."""
    places = {s.name: PLACES[s.name] for s in graph.states if s.name in PLACES}
    for state in graph.states:
        if state.name not in places:
            places[state.name] = (max(c for c, _ in places.values()) + 1, 1)
    layout = Layout(graph, places)
    for move in graph.moves:
        _route(layout, move)
    for zone in (-1, 1):
        _give_lanes(layout, zone)
        _give_slots(layout, zone)
    return layout


def _route(layout: Layout, move: Move) -> None:
    open_states = {s.name for s in layout.graph.states if not s.is_end}
    if open_states <= set(move.sources):
        target = move.targets[0]
        column, row = layout.places[target]
        layout.places[ANY_OPEN] = (column - 1, row)
        layout.steps.append((move, ANY_OPEN, target))
        return
    rest: list[tuple[str, str]] = []
    for source in move.sources:
        for target in move.targets:
            (c1, r1), (c2, r2) = layout.places[source], layout.places[target]
            if source == target:
                layout.loops.setdefault(source, []).append(move)
            elif r1 == r2 and c2 == c1 + 1:
                layout.steps.append((move, source, target))
            else:
                rest.append((source, target))
    for zone in (-1, 1):
        here = [pair for pair in rest if (-1 if -1 in {layout.places[s][1] for s in pair} else 1) == zone]
        if len({layout.places[state][0] for pair in here for state in pair}) == 1:
            layout.drops += [(move, *pair) for pair in here]
        elif here:
            sources, targets = (list(dict.fromkeys(ends)) for ends in zip(*here, strict=True))
            layout.rails[zone].append(Rail(move, sources, targets))


def _span(layout: Layout, rail: Rail) -> tuple[int, int]:
    columns = [layout.places[state][0] for state in (*rail.sources, *rail.targets)]
    return min(columns), max(columns)


def _give_lanes(layout: Layout, zone: int) -> None:
    taken: list[list[tuple[int, int]]] = []
    for rail in sorted(layout.rails[zone], key=lambda r: (_span(layout, r)[1] - _span(layout, r)[0], r.move.name)):
        first, last = _span(layout, rail)
        free = (n for n, spans in enumerate(taken) if all(last < a or b < first for a, b in spans))
        rail.lane = next(free, len(taken))
        if rail.lane == len(taken):
            taken.append([])
        taken[rail.lane].append((first, last))


def _give_slots(layout: Layout, zone: int) -> None:
    """Verticals of one column share its width, those towards the left on the left: no two lie on each other."""
    wanted: dict[int, list[tuple[float, str, str]]] = {}
    for rail in layout.rails[zone]:
        first, last = _span(layout, rail)
        for tap in rail.taps():
            column = layout.places[tap.state][0]
            wanted.setdefault(column, []).append(((first + last) / 2 - column, tap.move, tap.state))
    for n, (move, source, target) in enumerate(layout.drops):
        if zone in (layout.places[source][1], layout.places[target][1]):
            wanted.setdefault(layout.places[source][0], []).append((n / 1000, move.name, f"{source}>{target}"))
    for column, taps in wanted.items():
        for n, (_, move_name, key) in enumerate(sorted(taps)):
            x = MARGIN + column * PITCH + BOX_W * (n + 1) / (len(taps) + 1)
            layout.slots[column, zone, move_name, key] = x


def to_svg(graph: Graph) -> str:
    """The picture as text."""
    layout = lay_out(graph)
    width = 2 * MARGIN + max(c for c, _ in layout.places.values()) * PITCH + BOX_W
    height = TOP + 3 * BOX_H + layout.depth(-1) + layout.depth(1) + 76
    size = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}">',
        f"<title>{escape(graph.title)}</title>",
        f'<rect width="{_n(width)}" height="{_n(height)}" fill="#fff"/>',
        _text(MARGIN, 42, graph.title, size=22, anchor="start", weight=600),
    ]
    for zone in (-1, 1):
        for n, rail in enumerate(sorted(layout.rails[zone], key=lambda r: (r.lane, r.move.name))):
            parts += _rail(layout, zone, rail, PALETTE[n % len(PALETTE)])
    for n, (move, source, target) in enumerate(layout.drops):
        parts += _drop(layout, move, source, target, n)
    parts += _steps(layout)
    parts += _begin(layout)
    for state, moves in layout.loops.items():
        parts += _loop(layout, state, moves)
    parts += _boxes(layout)
    parts.append(_text(MARGIN, height - 26, graph.legend, anchor="start", size=14))
    words_last = sorted(parts[1:], key=lambda part: part.startswith("<text"))
    return "\n".join([parts[0], *words_last, "</svg>", ""])


FONT = "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Source Han Sans SC',sans-serif"


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _text(  # noqa: PLR0913  # as many as the element has attributes
    x: float, y: float, words: str, *, size: int = 15, anchor: str = "middle", colour: str = INK, weight: int = 400
) -> str:
    halo = 'stroke="#fff" stroke-width="6" stroke-linejoin="round" paint-order="stroke"'
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}" {halo}>{escape(words)}</text>'
    )


def _path(commands: Iterable[object], colour: str, *, dashed: bool) -> str:
    d = " ".join(c if isinstance(c, str) else _n(c) for c in commands)  # type: ignore[arg-type]
    dash = ' stroke-dasharray="7 5"' if dashed else ""
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def _arrow(x: float, y: float, dx: int, dy: int, colour: str) -> str:
    """A head whose point is at (x, y), coming from the direction (-dx, -dy)."""
    bx, by = x - 11 * dx, y - 11 * dy
    points = [(x, y), (bx - 5 * dy, by - 5 * dx), (bx + 5 * dy, by + 5 * dx)]
    return f'<polygon points="{" ".join(f"{_n(a)},{_n(b)}" for a, b in points)}" fill="{colour}"/>'


def _words(move: Move) -> str:
    return move.label + ("*" if move.two_people else "")


def _rail(layout: Layout, zone: int, rail: Rail, colour: str) -> list[str]:
    y = layout.lane_y(zone, rail.lane)
    ends = sorted((layout.slot(zone, t.state, t.move), layout.edge_y(zone, t.state), t.arrives) for t in rail.taps())
    (x1, y1, _), (x2, y2, _) = ends[0], ends[-1]
    r1, r2 = (12 if y1 < y else -12), (12 if y2 < y else -12)
    dashed = rail.move.two_people
    trunk = ["M", x1, y1, "V", y - r1, "Q", x1, y, x1 + 12, y, "H", x2 - 12, "Q", x2, y, x2, y - r2, "V", y2]
    parts = [_path(trunk, colour, dashed=dashed)]
    for x, end, _ in ends[1:-1]:
        parts.append(_path(["M", x, y, "V", end], colour, dashed=dashed))
        parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="4" fill="{colour}"/>')
    parts += [_arrow(x, end, 0, 1 if end > y else -1, colour) for x, end, arrives in ends if arrives]
    first, last = _span(layout, rail)
    gap = (first + last - 1) // 2  # a gap between two columns, where no vertical runs
    middle = MARGIN + gap * PITCH + BOX_W + (PITCH - BOX_W) / 2
    words = _words(rail.move)
    room = 15 * len(rail.move.label) + 18
    gap_in_line = f'<rect x="{_n(middle - room / 2)}" y="{_n(y - 4)}" width="{room}" height="8" fill="#fff"/>'
    return [*parts, gap_in_line, _text(middle, y + 5, words, colour=colour)]


def _drop(layout: Layout, move: Move, source: str, target: str, n: int) -> list[str]:
    zone = layout.places[source][1] or layout.places[target][1]
    column = layout.places[source][0]
    x = layout.slots[column, zone, move.name, f"{source}>{target}"]
    y1, y2 = layout.edge_y(zone, source), layout.edge_y(zone, target)
    colour = PALETTE[n % len(PALETTE)]
    side = max(source, target, key=lambda s: abs(layout.places[s][1]))  # the box away from the main road
    crowded = any(t.state == side for rail in layout.rails[zone] for t in rail.taps())
    near = layout.edge_y(zone, target if side == source else source) if crowded else layout.edge_y(zone, side)
    far = y1 + y2 - near
    here = sorted(x for (c, z, _, key), x in layout.slots.items() if (c, z) == (column, zone) and ">" in key)
    leftmost = len(here) > 1 and x == here[0]
    label = _text(
        x + (-7 if leftmost else 7),
        near + (28 if far > near else -20),
        _words(move),
        anchor="end" if leftmost else "start",
        colour=colour,
    )
    line = _path(["M", x, y1, "V", y2], colour, dashed=move.two_people)
    return [line, _arrow(x, y2, 0, 1 if y2 > y1 else -1, colour), label]


def _steps(layout: Layout) -> list[str]:
    parts = []
    pairs: dict[tuple[str, str], list[Move]] = {}
    for move, source, target in layout.steps:
        pairs.setdefault((source, target), []).append(move)
    for (source, target), moves in pairs.items():
        for n, move in enumerate(moves):
            y = layout.top(source) + BOX_H / 2 + (n - (len(moves) - 1) / 2) * 28
            x1, x2 = layout.left(source) + BOX_W, layout.left(target)
            parts += [
                _path(["M", x1, y, "H", x2 - 4], LINE, dashed=move.two_people),
                _arrow(x2, y, 1, 0, LINE),
                _text((x1 + x2) / 2 - 4, y - 7, _words(move)),
            ]
    return parts


def _begin(layout: Layout) -> list[str]:
    x, y = layout.left(layout.graph.start), layout.top(layout.graph.start) + BOX_H / 2
    return [
        f'<circle cx="{_n(x - 68)}" cy="{_n(y)}" r="8" fill="{INK}"/>',
        _path(["M", x - 60, y, "H", x - 4], LINE, dashed=False),
        _arrow(x, y, 1, 0, LINE),
        _text(x - 38, y - 10, layout.graph.birth),
    ]


def _loop(layout: Layout, state: str, moves: Sequence[Move]) -> list[str]:
    x, y = layout.left(state) + BOX_W, layout.top(state) + BOX_H
    d = ["M", x - 10, y, "C", x - 10, y + 30, x + 30, y + 10, x + 2, y - 10]
    words = "、".join(_words(move) for move in moves)
    return [_path(d, LINE, dashed=False), _arrow(x, y - 11, -1, 0, LINE), _text(x + 22, y + 16, words, anchor="start")]


def _boxes(layout: Layout) -> list[str]:
    parts = []
    for state in layout.graph.states:
        x, y = layout.left(state.name), layout.top(state.name)
        fill, stroke, width = ("#eef2f6", LINE, 4) if state.is_end else ("#e2eefb", "#0664bd", 2)
        lines = [state.label, *state.notes]
        parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{BOX_W}" height="{BOX_H}" rx="10" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="{width}"/>'
        )
        for n, line in enumerate(lines):
            baseline = y + BOX_H / 2 + 6 + (n - (len(lines) - 1) / 2) * 20
            parts.append(
                f'<text x="{_n(x + BOX_W / 2)}" y="{_n(baseline)}" font-size="{13 if n else 18}" text-anchor="middle" '
                f'fill="{INK}" font-weight="{400 if n else 600}">{escape(line)}</text>'
            )
    if ANY_OPEN in layout.places:
        x, y = layout.left(ANY_OPEN), layout.top(ANY_OPEN)
        parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{BOX_W}" height="{BOX_H}" rx="10" fill="#fff" stroke="#0664bd" '
            f'stroke-width="2" stroke-dasharray="7 5"/>'
        )
        parts.append(
            f'<text x="{_n(x + BOX_W / 2)}" y="{_n(y + BOX_H / 2 + 6)}" font-size="16" text-anchor="middle" '
            f'fill="{INK}">{escape(layout.graph.any_open)}</text>'
        )
    return parts
