"""Which words a message has: those of an administrator where a version is in use, else those of the program."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.template import Context, NodeList, TemplateDoesNotExist, engines
from django.template.loader_tags import ExtendsNode
from django.utils import translation

from cases.terms import COUNCIL_EVENTS
from notifications.channels.base import Message
from notifications.models import TextVersion
from notifications.safe_text import filled
from notifications.text_variables import MOMENT, sample_words, template_name, variables_of

LONGEST_SUBJECT = 150
Key = tuple[str, bool, str]  # event type, whether to the resident, language


@dataclass(frozen=True)
class Text:
    """A subject and a body with variables in them."""

    subject: str
    body: str


Texts = Mapping[Key, Text]


def current_texts() -> Texts:
    """Every version that is in use: one query, for a page or a run of messages."""
    rows = TextVersion.objects.filter(is_current=True)
    return {(row.event_type, row.resident, row.language): Text(row.subject, row.body) for row in rows}


def worded(event_type: str, words: dict[str, Any], *, resident: bool, texts: Texts | None = None) -> Message:
    """The message of an event in the language that is active now."""
    known = current_texts() if texts is None else texts
    text = known.get((event_type, resident, translation.get_language() or settings.LANGUAGE_CODE))
    name = template_name(event_type, resident=resident)
    return in_own_words(text, event_type, words, resident=resident) if text else written(name, words)


def in_own_words(text: Text, event_type: str, words: dict[str, Any], *, resident: bool) -> Message:
    """A text of an administrator, in the frame that every message of its kind has: links, limits, how to switch off."""
    given = words | {"details": _block(template_name(event_type, resident=resident), "more", words).strip()}
    own = {"own_subject": filled(text.subject, given), "own_body": filled(text.body, given).strip()}
    frame = "own.resident" if resident else "own.council" if event_type in COUNCIL_EVENTS else "own"
    return written(frame, words | own)


def preview(event_type: str, *, resident: bool, language: str, text: Text | None = None) -> Message:
    """What a made-up event would say: in these words, or in those of the program."""
    with translation.override(language):
        words = sample_words(event_type, resident=resident)
        if text is None:
            return written(template_name(event_type, resident=resident), words)
        return in_own_words(text, event_type, words, resident=resident)


def builtin_text(event_type: str, *, resident: bool, language: str) -> Text:
    """The words of the program as a text that can be edited: each variable stands for itself."""
    name = template_name(event_type, resident=resident)
    with translation.override(language):
        words, moments = _placeholders(event_type, resident=resident)
        parts = {block: _block(name, block, words).strip() for block in ("subject", "lead", "more")}
        for shown, variable in moments.items():
            parts = {block: part.replace(shown, variable) for block, part in parts.items()}
    details = "\n\n{% if details %}{{ details }}{% endif %}" if _has(name, "more") else ""
    return Text(" ".join(parts["subject"].split()), parts["lead"] + details)


def _placeholders(event_type: str, *, resident: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """Words that are their own names, and moments by which a formatted one is known again."""
    words: dict[str, Any] = {"said": {}}
    moments: dict[str, str] = {}
    for name, variable in variables_of(event_type, resident=resident).items():
        into, _dot, key = name.rpartition(".")
        value: Any = variable.sample and f"{{{{ {name} }}}}"  # what the sample lacks is asked for in a condition
        if isinstance(variable.sample, datetime):
            value = MOMENT + timedelta(minutes=len(moments) + 1)
            moments[f"{value:%Y-%m-%d %H:%M}"] = f'{{{{ {name}|date:"Y-m-d H:i" }}}}'
        (words["said"] if into else words)[key] = value
    return words, moments


def _engine() -> Any:
    return engines["django"].engine  # type: ignore[attr-defined]  # the engine itself can leave text unescaped


def _nodes(name: str, block: str) -> tuple[Any, NodeList | None]:
    template = _engine().get_template(f"notifications/{name}.txt")
    [extends] = template.nodelist.get_nodes_by_type(ExtendsNode)
    found = extends.blocks.get(block)
    return template, found.nodelist if found else None


def _has(name: str, block: str) -> bool:
    return any(str(getattr(node, "s", node)).strip() for node in _nodes(name, block)[1] or ())


def _block(name: str, block: str, words: dict[str, Any]) -> str:
    """One block of a template, without the frame around it."""
    template, nodes = _nodes(name, block)
    context = Context(words, autoescape=False)
    with context.render_context.push_state(template), context.bind_template(template):
        return str(nodes.render(context)) if nodes is not None else ""


def written(name: str, words: dict[str, Any]) -> Message:
    """A message from its templates: the first line of the plain one is the subject."""
    engine = _engine()
    plain = engine.get_template(f"notifications/{name}.txt").render(Context(words, autoescape=False))
    subject, _, text = plain.strip().partition("\n")
    try:
        html = engine.get_template(f"notifications/{name}.html").render(Context(words))
    except TemplateDoesNotExist:
        html = ""
    return Message(
        subject=" ".join(subject.split())[:LONGEST_SUBJECT],
        text=re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip(),
        html=html,
        url=words["url"],
    )
