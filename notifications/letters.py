"""Plain words as the HTML of a mail: paragraphs, links of our own, and what stands in lists as tables."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

LINKED = re.compile(r"(?P<words>.+?)[：:]\s*(?P<url>https?://\S+)")
FOOT = "--"
Lists = Mapping[str, "Listing"]  # by the mark that stands for each in a text


@dataclass(frozen=True)
class Listing:
    """Several lines that a text names by one variable: as they are read plain, and as a table."""

    lines: str
    table: SafeString


def listing(lines: Iterable[str], rows: Iterable[Sequence[str]]) -> Listing:
    """What stands in a list; without lines it is as good as nothing."""
    cells = ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    body = format_html_join("\n", "<tr>{}</tr>", cells)
    return Listing("\n".join(lines), format_html('<table border="1" cellpadding="6" cellspacing="0">{}</table>', body))


def link(words: str, url: str) -> SafeString:
    """Words that lead somewhere."""
    return format_html('<a href="{}">{}</a>', url, words)


def marked(words: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Listing]]:
    """The words with a mark where each list goes, and the lists by their marks."""
    lists = {f"\ue000{name}\ue001": value for name, value in words.items() if isinstance(value, Listing)}
    marks = {mark[1:-1]: mark if value.lines else "" for mark, value in lists.items()}
    return {**words, **marks}, lists


def plain(text: str, lists: Lists) -> str:
    """The text with its lists in it, and never two empty lines in a row."""
    for mark, value in lists.items():
        text = text.replace(mark, value.lines)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()


def letter(subject: str, text: str, *, links: Collection[str], lists: Lists) -> str:
    """The same as HTML; only lines that end with one of these links become links."""
    body, in_foot = [], False
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.strip().splitlines() if line.strip()]
        if lines and lines[0].strip() == FOOT:
            in_foot, lines = True, lines[1:]
        made = list(_paragraph(lines, links, lists))
        body += [format_html("<p><small>{}</small></p>", _joined(made))] if in_foot and made else made
    shown = {"subject": subject, "body": mark_safe("\n".join(body))}  # noqa: S308  # each part of it is escaped above
    return render_to_string("notifications/letter.html", shown)


def _joined(parts: Iterable[str]) -> SafeString:
    """Parts of a foot, without the paragraphs that they would be elsewhere."""
    return mark_safe("<br>".join(re.sub(r"^<p>|</p>$", "", part) for part in parts))  # noqa: S308  # escaped already


def _paragraph(lines: Sequence[str], links: Collection[str], lists: Lists) -> Iterator[SafeString]:
    """Lines together, links each by itself; what stands right above a list is its title."""
    together: list[str] = []
    for line in lines:
        table = lists.get(line.strip())
        linked = None if table else _linked(line.strip(), links)
        if table is None and linked is None:
            together.append(_with_lists(line, lists))
            continue
        if together:
            yield format_html("<h2>{}</h2>" if table else "<p>{}</p>", _lines(together))
            together = []
        yield table.table if table else format_html("<p>{}</p>", linked)
    if together:
        yield format_html("<p>{}</p>", _lines(together))


def _lines(lines: Iterable[str]) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}", ((conditional_escape(line),) for line in lines))


def _with_lists(line: str, lists: Lists) -> SafeString:
    """A line in whose middle a list stands, too."""
    shown = escape(line)
    for mark, value in lists.items():
        shown = mark_safe(shown.replace(mark, value.table))  # noqa: S308  # both are escaped
    return shown


def _linked(line: str, links: Collection[str]) -> SafeString | None:
    """“words: address” as words that lead there, when the address is one of ours."""
    found = LINKED.fullmatch(line)
    if found is None or not any(one and found["url"].startswith(one) for one in links):
        return None
    return link(found["words"], found["url"])
