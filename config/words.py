"""Finds every word that is shown and keeps the English catalogue in step, without the gettext programs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "config" / "locale" / "en" / "LC_MESSAGES" / "django.po"
APPS = ("cases", "workflows", "notifications", "config")
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
TEXT = r"""(u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")"""
IN_TEMPLATE = re.compile(rf"(?:\bn?p?gettext|(?<!\w)_)\({TEXT}(?:,\s*{TEXT})?")

Message = tuple[str, str | None]  # the words and, for counts, their plural


def messages() -> dict[Message, list[str]]:
    """Every message with the files that show it."""
    found: dict[Message, list[str]] = {}
    for path, message in _all():
        places = found.setdefault(message, [])
        name = str(path.relative_to(ROOT))
        if name not in places:
            places.append(name)
    return found


def _all() -> Iterator[tuple[Path, Message]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                yield from ((path, message) for message in in_python(path.read_text(encoding="utf-8")))
            elif path.suffix in (".html", ".txt") and "templates" in path.parts:
                yield from ((path, message) for message in in_template(path.read_text(encoding="utf-8")))


def in_python(source: str) -> Iterator[Message]:
    """Messages of the calls of gettext in Python."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CALLS:
            continue
        words = [a.value for a in node.args[: CALLS[node.func.id]] if isinstance(a, ast.Constant)]
        if words and all(isinstance(w, str) for w in words):
            yield str(words[0]), str(words[1]) if len(words) > 1 else None


def in_template(source: str) -> Iterator[Message]:
    """Messages of translate and blocktranslate in a template."""
    for one, many in IN_TEMPLATE.findall(templatize(source)):
        yield ast.literal_eval(one), ast.literal_eval(many) if many else None
