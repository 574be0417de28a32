"""Which words a message has: those of an administrator where a version is in use, else those of the program.

All that leaves the building is put together here, and nowhere else: subject, body, and what stands under it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.template import Context, NodeList, engines
from django.template.loader_tags import ExtendsNode
from django.utils import translation

from notifications.channels.base import Message
from notifications.letters import Lists, letter, marked, plain
from notifications.models import TextVersion
from notifications.safe_text import Text, filled
from notifications.standing_words import BUTTON, STANDING, SUBSTITUTE, foot_of
from notifications.text_variables import MOMENT
from notifications.wordings import event_type_of, sample_words, template_name, variables_of

LONGEST_SUBJECT = 150
Key = tuple[str, bool, str]  # which message, whether to the resident, language
Texts = Mapping[Key, Text]
LINKS = ("url", "messages_url", "survey_url")
NO_LISTS: Lists = {}


def current_texts() -> Texts:
    """Every version that is in use: one query, for a page or a run of messages."""
    rows = TextVersion.objects.filter(is_current=True)
    return {(row.event_type, row.resident, row.language): Text(row.subject, row.body) for row in rows}


def worded(name: str, words: dict[str, Any], *, resident: bool, texts: Texts | None = None) -> Message:
    """The message of an event in the language that is active now."""
    known = current_texts() if texts is None else texts
    template = template_name(name, resident=resident)
    if text := known.get(_key(name, resident=resident)):
        words = words | {"details": _block(template, "more", words).strip()}
        subject, body = filled(text.subject, words), filled(text.body, words)
    else:
        subject, lead, more = (_block(template, block, words) for block in ("subject", "lead", "more"))
        body = f"{lead.strip()}\n\n{more.strip()}"
    foot = _standing_text(foot_of(event_type_of(name), resident=resident), known)
    under = filled(foot.body, words).strip()
    return _message(subject, f"{body.strip()}\n\n{under}", words, known, resident=resident)


def stood(name: str, words: dict[str, Any], *, texts: Texts | None = None) -> Message:
    """A message that is about no single event, in the language that is active now."""
    known = current_texts() if texts is None else texts
    text = _standing_text(name, known)
    words, lists = marked(words)
    subject = plain(filled(text.subject, words), lists)
    return _message(subject, filled(text.body, words), words, known, lists=lists)


def told_for(message: Message, name: str, *, texts: Texts | None = None) -> Message:
    """The same message, which says for whom the reader stands in."""
    known = current_texts() if texts is None else texts
    text, words = _standing_text(SUBSTITUTE, known), {"name": name, "subject": message.subject}
    subject, why = _one_line(filled(text.subject, words)), filled(text.body, words).strip()
    return replace(message, subject=subject, text=f"{message.text}\n{why}")


def _message(
    subject: str,
    text: str,
    words: Mapping[str, Any],
    texts: Texts,
    *,
    resident: bool = False,
    lists: Lists = NO_LISTS,
) -> Message:
    """The only place where words become a message; those with lists and those to residents are letters, too."""
    subject = _one_line(subject)
    links = [words[name] for name in LINKS if words.get(name)]
    return Message(
        subject=subject,
        text=plain(text, lists),
        html=letter(subject, text, links=links, lists=lists) if lists or resident else "",
        url=words.get("url", ""),
        button="" if resident else _one_line(_standing_text(BUTTON, texts).subject),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_SUBJECT]


def _key(name: str, *, resident: bool) -> Key:
    return name, resident, translation.get_language() or settings.LANGUAGE_CODE


def _standing_text(name: str, texts: Texts) -> Text:
    return texts.get(_key(name, resident=STANDING[name].resident)) or STANDING[name].built_in()


def preview(
    name: str, *, resident: bool, language: str, text: Text | None = None, texts: Texts | None = None
) -> Message:
    """What a made-up message would say, in these words or in those of the program; a part, where it stands.

    `texts` are what is in use for all that stands around it.
    """
    known = {key: kept for key, kept in (texts or {}).items() if key != (name, resident, language)}
    known |= {(name, resident, language): text} if text else {}
    with translation.override(language):
        words = sample_words(name, resident=resident)
        if name not in STANDING:
            return worded(name, words, resident=resident, texts=known)
        around = STANDING[name].in_message_of
        if around is None:
            return stood(name, words, texts=known)
        whole = worded(around, sample_words(around, resident=resident) | words, resident=resident, texts=known)
        return told_for(whole, words["name"], texts=known) if name == SUBSTITUTE else whole


def builtin_text(name: str, *, resident: bool, language: str) -> Text:
    """The words of the program as a text that can be edited: each variable stands for itself."""
    with translation.override(language):
        if name in STANDING:
            return STANDING[name].built_in()
        template = template_name(name, resident=resident)
        words, moments = _placeholders(name, resident=resident)
        parts = {block: _block(template, block, words).strip() for block in ("subject", "lead", "more")}
        for shown, variable in moments.items():
            parts = {block: part.replace(shown, variable) for block, part in parts.items()}
    details = "\n\n{% if details %}{{ details }}{% endif %}" if _has(template, "more") else ""
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


def _nodes(name: str, block: str) -> tuple[Any, NodeList | None]:
    template = engines["django"].engine.get_template(f"notifications/{name}.txt")  # type: ignore[attr-defined]
    [extends] = template.nodelist.get_nodes_by_type(ExtendsNode)
    found = extends.blocks.get(block)
    return template, found.nodelist if found else None


def _has(name: str, block: str) -> bool:
    return any(str(getattr(node, "s", node)).strip() for node in _nodes(name, block)[1] or ())


def _block(name: str, block: str, words: dict[str, Any]) -> str:
    """One block of a template: the engine itself can leave text unescaped."""
    template, nodes = _nodes(name, block)
    context = Context(words, autoescape=False)
    with context.render_context.push_state(template), context.bind_template(template):
        return str(nodes.render(context)) if nodes is not None else ""
