"""Reading what is written as a process miner does, and the schema that OCEL 2.0 logs in JSON keep to."""

import json
import warnings
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

KINDS = ["string", "time", "integer", "float", "boolean"]


def _list(**item: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "additionalProperties": False} | item}


def _text(*names: str) -> dict[str, Any]:
    return {name: {"type": "string"} for name in names}


MOMENT = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
}
TYPES = _list(
    required=["name", "attributes"],
    properties=_text("name")
    | {
        "attributes": _list(
            required=["name", "type"], properties=_text("name") | {"type": {"type": "string", "enum": KINDS}}
        )
    },
)
RELATED = _list(required=["objectId", "qualifier"], properties=_text("objectId", "qualifier"))
# From the specification (OCEL 2.0, section on JSON): these keys and no others; values of attributes are text.
OCEL_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["objectTypes", "eventTypes", "objects", "events"],
    "additionalProperties": False,
    "properties": {
        "objectTypes": TYPES,
        "eventTypes": TYPES,
        "objects": _list(
            required=["id", "type"],
            properties=_text("id", "type")
            | {
                "attributes": _list(
                    required=["name", "time", "value"], properties=_text("name", "value") | {"time": MOMENT}
                ),
                "relationships": RELATED,
            },
        ),
        "events": _list(
            required=["id", "type", "time"],
            properties=_text("id", "type")
            | {
                "time": MOMENT,
                "attributes": _list(required=["name", "value"], properties=_text("name", "value")),
                "relationships": RELATED,
            },
        ),
    },
}


def read(what: str, path: Path) -> Any:
    """`pm4py.read_…` of a file. It warns of things of its own when it is imported and when it reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pm4py  # noqa: PLC0415  # two seconds that only the tests of logs are to spend

        return getattr(pm4py, f"read_{what}")(str(path))


def checked() -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of `check_conformance`."""
    out, code = StringIO(), 0
    try:
        call_command("check_conformance", "--json", stdout=out)
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, json.loads(out.getvalue())
