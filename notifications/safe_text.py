"""The part of the template language that an administrator may write: variables, `if`, three filters. Nothing else.

What is checked here is then filled in by Django's own engine, without loaders and libraries: a tag that loads, includes
or walks to an attribute is refused before it is kept, by the line in which it stands.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.template import Context, Engine, Template
from django.utils.translation import gettext as _

PARTS = re.compile(r"({{.*?}}|{%.*?%}|{#.*?#})")
NAME = r"[a-z_]+(?:\.[a-z_]+)?"
FILTER = r"""(?:\|date:"[YmdHi年月日时分 /.:-]{1,30}"|\|truncatechars:[1-9][0-9]{0,2}|\|default:"[^"{}%|]{0,50}")"""
VARIABLE = re.compile(rf"{{{{ *({NAME})({FILTER}{{0,2}}) *}}}}")
TAG = re.compile(r"{% *(if|elif|else|endif)(?: +(.*?))? *%}")
TERM = re.compile(rf'(?:not +)?({NAME})(?: *(?:==|!=) *"[^"{{}}%]{{0,50}}")?')
BROKEN = re.compile(r"{{|}}|{%|%}|{#|#}")
JOIN = re.compile(r" +(?:and|or) +")
MOST_NESTED = 5
ENGINE = Engine(autoescape=False)


@dataclass(frozen=True)
class Text:
    """A subject and a body with variables in them; of a part of messages one of them may be empty."""

    subject: str
    body: str


@dataclass(frozen=True)
class Problem:
    """What cannot stand in a text, and in which line of it."""

    line: int
    words: str


def problems_of(source: str, names: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with a text in which these variables may be used; empty when it may be kept."""
    found: list[Problem] = []
    opened: list[tuple[int, str]] = []  # the line of each `if` that is not closed, and its newest branch
    line = 1
    for part in PARTS.split(source):
        words = ""
        if not PARTS.fullmatch(part):
            if broken := BROKEN.search(part):
                said = _("“%(sign)s”没有写完整：变量写成 {{ 名称 }}，条件写在一行里。") % {"sign": broken[0]}
                found.append(Problem(line + part[: broken.start()].count("\n"), said))
        elif part.startswith("{{"):
            words = _of_variable(part, names)
        else:
            words = _of_tag(part, names, opened, line)
        if words:
            found.append(Problem(line, words))
        line += part.count("\n")
    found += [Problem(at, _("这里的 if 没有 endif。")) for at, _branch in opened]
    return found


def _of_variable(part: str, names: Mapping[str, Any]) -> str:
    match = VARIABLE.fullmatch(part)
    if match is None:
        name = part.strip("{} ").partition("|")[0].strip()
        if name in names:
            return _('“%(part)s”的过滤器不能用：只有 date:"Y-m-d H:i"、truncatechars:30 和 default:"…"。') % {
                "part": part
            }
        return _unknown(part.strip("{} "))
    if match[1] not in names:
        return _unknown(match[1])
    if match[2] and getattr(names[match[1]], "is_list", False):
        return _("“%(name)s”是几行文字，后面不能有过滤器。") % {"name": match[1]}
    return ""


def _unknown(name: str) -> str:
    return _("没有变量“%(name)s”：能用的都列在右边的表里。") % {"name": name[:50]}


def _of_tag(part: str, names: Mapping[str, Any], opened: list[tuple[int, str]], line: int) -> str:
    match = TAG.fullmatch(part)
    if match is None:
        return _("“%(part)s”不能用：标签只有 if、elif、else、endif。") % {"part": part[:50]}
    tag, condition = match[1], match[2] or ""
    misplaced = _misplaced(tag, condition, opened)
    if misplaced:
        return misplaced
    if tag == "endif":
        opened.pop()
    elif tag == "if":
        opened.append((line, tag))
    else:
        opened[-1] = (opened[-1][0], tag)
    return next(_of_condition(condition, names), "") if tag in ("if", "elif") else ""


def _misplaced(tag: str, condition: str, opened: list[tuple[int, str]]) -> str:
    if tag in ("else", "endif") and condition:
        return _("%(tag)s 后面不能有别的内容。") % {"tag": tag}
    if tag != "if" and not opened:
        return _("%(tag)s 前面没有 if。") % {"tag": tag}
    if tag in ("elif", "else") and opened[-1][1] == "else":
        return _("else 之后只能是 endif。")
    if tag == "if" and len(opened) == MOST_NESTED:
        return _("条件套得太深，最多 %(n)s 层。") % {"n": MOST_NESTED}
    return ""


def _of_condition(condition: str, names: Mapping[str, Any]) -> Iterator[str]:
    for term in JOIN.split(condition):
        match = TERM.fullmatch(term.strip())
        if match is None:
            yield _('看不懂条件“%(term)s”：写成 变量、not 变量 或 变量 == "文字"，用 and、or 连接。') % {
                "term": term[:50]
            }
        elif match[1] not in names:
            yield _unknown(match[1])


def filled(source: str, words: Mapping[str, Any]) -> str:
    """A checked text with its variables."""
    return _compiled(source).render(Context(dict(words), autoescape=False))


@lru_cache(maxsize=512)
def _compiled(source: str) -> Template:
    """What stands under every message is read once, not with each of ten thousand."""
    return ENGINE.from_string(source)
