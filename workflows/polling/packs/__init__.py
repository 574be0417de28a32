"""The packs that are shipped, as data: each with its citation, each to be checked against the current text."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _read() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.json"))}


def shipped() -> dict[str, dict[str, Any]]:
    """Each pack by its code."""
    return {code: json.loads(text) for code, text in _read().items()}
