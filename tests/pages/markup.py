"""What every page must hold to: a strict content policy, one heading, no particulars of residents."""

import re
from html.parser import HTMLParser

PARTICULARS = ("13800138000", "王小明", "wang@example.com", "2 单元 501")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.headings = 0
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.headings += tag == "h1"
        if tag == "style" or (tag == "script" and "src" not in given):
            self.faults.append(f"inline <{tag}>")
        self.faults += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if "id" in given:
            self.ids.append(str(given["id"]))


def faults(html: str) -> list[str]:
    """Everything that breaks the rules of a page; nothing when it holds to them."""
    reader = _Reader()
    reader.feed(html)
    found = reader.faults
    if reader.headings != 1:
        found.append(f"{reader.headings} headings")
    found += [f"id twice: {name}" for name in {*reader.ids} if reader.ids.count(name) > 1]
    found += [f"shows {text}" for text in PARTICULARS if text in html]
    return found


def moves_shown(html: str) -> set[str]:
    """The moves that a page of a case offers: links and the form that is open."""
    return set(re.findall(r"/transitions/(\w+)/", html))


def requests_shown(html: str) -> set[str]:
    """The requests that a page of a case offers."""
    return set(re.findall(r"/cases/[\d-]+/requests/(\w+)/", html))
