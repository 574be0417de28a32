"""Going round all addresses: which there are, what lists a page shows, and what the files say that it offers."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import lxml.html
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver, reverse

ZH = {"accept-language": "zh-hans"}
LISTS = (
    "//main//table[tbody/tr][not(contains(@class, 'month'))] | //main//ul[contains(@class, 'rows')]"
    " | //main//ol[@class='hits'] | //main//ol[contains(@class, 'timeline')]"
    " | //main//section[.//article[not(contains(@class, 'figure'))] and not(.//section)]"
)
# For those who cannot see, to be pressed, a picture, the word over something: nothing that stands in the row.
APART = (
    ".//*[contains(@class, 'visually-hidden')] | .//form | .//button | .//a[contains(@class, 'btn')] | .//svg | .//dt"
)
SIGNS = re.compile(r"[\s·、，：；。…%+（）()÷→–—×/]+")
Words = list[str]


@dataclass(frozen=True)
class Address:
    """A pattern of an address: the whole name, and the parts that it wants."""

    name: str
    parts: tuple[str, ...]


@dataclass
class Listed:
    """A list on a page: what it is called, and the words of each row."""

    title: str
    rows: list[Words]


@dataclass
class Page:
    """What a page shows: its lists, and where it says that they are to be had as files."""

    lists: list[Listed] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def addresses(outside: Sequence[str] = ("admin", "djdt")) -> list[Address]:
    """Every address with a name but those of the named libraries, whose pages are not ours."""
    return [one for one in _below(get_resolver().url_patterns, ()) if one.name.split(":")[0] not in outside]


def _below(patterns: Sequence[Any], spaces: tuple[str, ...], parts: tuple[str, ...] = ()) -> Iterator[Address]:
    for one in patterns:
        own = parts + tuple(one.pattern.converters) + tuple(getattr(one.pattern.regex, "groupindex", ()))
        own = tuple(dict.fromkeys(own))
        if isinstance(one, URLResolver):
            yield from _below(one.url_patterns, (*spaces, one.namespace) if one.namespace else spaces, own)
        elif isinstance(one, URLPattern) and one.name:
            yield Address(":".join((*spaces, one.name)), own)


def body(answer: HttpResponseBase) -> bytes:
    """All of an answer, whether it came at once or in parts."""
    if not answer.streaming:
        return answer.content  # type: ignore[attr-defined,no-any-return]
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    for close in answer._resource_closers:  # a file that was sent; the end of the request is not ours to call
        close()
    return content


def page_of(html: str, url: str) -> Page:
    """The lists and the files of a page; the links of its files are made whole."""
    tree = lxml.html.fromstring(html)
    tree.make_links_absolute(f"http://testserver{url}")
    found = Page()
    for one in tree.xpath("//main//a[contains(@href, 'export=csv') or contains(@href, '/csv/')]/@href"):
        found.files.append(str(one).removeprefix("http://testserver"))
    for element in tree.xpath(LISTS):
        rows = element.xpath("./tbody/tr | ./li | .//article")
        found.lists.append(Listed(_title(element), [_words(row) for row in rows]))
    return found


def _title(element: Any) -> str:
    heads = element.xpath("./caption") or element.xpath("ancestor::section[1]//h2") or element.xpath("//h1")
    return " ".join(heads[0].text_content().split()) if heads else ""


def _words(row: Any) -> Words:
    for apart in row.xpath(APART):
        apart.drop_tree()
    text = " ".join(row.itertext())
    return [word for word in SIGNS.split(text) if word]


def rows_of(text: str) -> list[str]:
    """The rows of a file, each as one text; the head is none."""
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    return [" ".join(row) for row in read[1:]]


def missing(shown: Listed, rows: Sequence[str], known: Collection[str] = ()) -> Words:
    """The words of the list that the file does not have: row after row in their order; others may stand between.

    `known` are words that the page puts around what it shows.
    """
    lacks: Words = []
    at = 0
    for row in shown.rows:
        words = [word for word in row if word not in known]
        left = [[word for word in words if word not in line] for line in rows[at:]]
        if not left:
            lacks += words or ["?"]
            continue
        best = min(range(len(left)), key=lambda n: len(left[n]))
        lacks += left[best]
        at += best + 1
    return lacks


def url_of(address: Address, keys: Mapping[str, Mapping[str, Any]], queries: Mapping[str, str]) -> str:
    """One address to open; who wants parts finds them in `keys`, who shows nothing unasked in `queries`."""
    url = reverse(address.name, kwargs=keys[address.name] if address.parts else None)
    return url + queries.get(address.name, "")
