"""Cases as an XES log (IEEE 1849): one trace a case, one event an event of its history; written as it is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TextIO
from xml.sax.saxutils import quoteattr

from workflows.event_log.naming import Naming, codes, moment
from workflows.event_log.scope import Scope

EXTENSIONS = (
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
)
# In a trace, then in an event: what every one of them has.
GLOBAL_OF_TRACES = (("string", "concept:name", ""),)
GLOBAL_OF_EVENTS = (
    ("string", "concept:name", ""),
    ("date", "time:timestamp", "1970-01-01T00:00:00.000000+00:00"),
    ("string", "lifecycle:transition", "complete"),
    ("string", "org:resource", ""),
)
TRACE_COLUMNS = ("case__number", "case__source", "case__area__code", "case__category__code", "case__team__code")
COLUMNS = ("case_id", *TRACE_COLUMNS, "type", "at", "actor_id", "state", "data")
CHUNK = 2000


@dataclass(frozen=True)
class Written:
    """How much a file holds."""

    events: int
    traces: int = 0
    objects: int = 0


def write_xes(out: TextIO, scope: Scope, names: Naming) -> Written:
    """Write the log; memory stays the same however long it is."""
    traces = events = 0
    out.write(_head())
    rows = scope.case_events().order_by("case_id", "seq").values_list(*COLUMNS).iterator(chunk_size=CHUNK)
    for _case, said in groupby(rows, key=lambda row: row[0]):
        traces += 1
        for n, row in enumerate(said):
            if n == 0:
                out.write(_trace(row))
            out.write(_event(row, names))
            events += 1
        out.write("  </trace>\n")
    out.write("</log>\n")
    return Written(events, traces=traces)


def _head() -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append('<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">')
    lines += [f'  <extension name="{name}" prefix="{prefix}" uri="{uri}"/>' for name, prefix, uri in EXTENSIONS]
    for scope, attributes in (("trace", GLOBAL_OF_TRACES), ("event", GLOBAL_OF_EVENTS)):
        lines.append(f'  <global scope="{scope}">')
        lines += [f"    {_attribute(kind, key, value)}" for kind, key, value in attributes]
        lines.append("  </global>")
    lines.append('  <classifier name="Activity" keys="concept:name"/>')
    lines.append(f"  {_attribute('string', 'concept:name', 'Zhuoluo')}")
    return "\n".join(lines) + "\n"


def _trace(row: tuple[Any, ...]) -> str:
    number, source, area, category, team = row[1:6]
    said = (("concept:name", number), ("source", source), ("area", area), ("category", category), ("org:group", team))
    lines = [f"    {_attribute('string', key, value)}\n" for key, value in said if value]
    return "".join(["  <trace>\n", *lines])


def _event(row: tuple[Any, ...], names: Naming) -> str:
    kind, at, actor_id, state, data = row[6:]
    attributes = [
        ("string", "concept:name", names.activity(kind, data)),
        ("date", "time:timestamp", moment(at)),
        ("string", "lifecycle:transition", "complete"),
        ("string", "org:resource", names.resource(actor_id, data)),
        ("string", "type", kind),
        ("string", "state", state),
        *((_kind(value), key, value) for key, value in codes(data).items()),
    ]
    inner = "".join(f"      {_attribute(*one)}\n" for one in attributes)
    return f"    <event>\n{inner}    </event>\n"


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "int" if isinstance(value, int) else "string"


def _attribute(kind: str, key: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{kind} key={quoteattr(key)} value={quoteattr(''.join(_allowed(text)))}/>"


def _allowed(text: str) -> Iterator[str]:
    """Without the control characters that no XML may hold."""
    return (c for c in text if c >= " " or c in "\t\n\r")
