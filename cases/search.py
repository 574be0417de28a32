"""One box for everything: a number, words, a phone, the name of a place; the surest hits first, all within scope.

Each question is asked by an index and takes the first few: a box answers while somebody waits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.lib.bigrams import query_terms
from cases.lib.masking import mask_text
from cases.lib.numbering import case_number
from cases.lib.sheets import Column, Sheet
from cases.models import Area, Case, User
from cases.querysets import AREA_ROLES, CaseQuerySet
from cases.scope import below
from cases.selectors import PHONE, SEPARATORS, by_words
from cases.terms import Role, Source

SHOWN, AREAS_SHOWN, WINDOW = 30, 8, 36
LONGEST_KEY = 12
LATELY = 20_000  # in so many cases, the newest ones, a part of a word is looked for
NUMBER = re.compile(r"(\d{4})-(\d{1,12})")
COLUMNS = ("number", "title", "description", "place", "state", "reported_at", "area", "category", "external_ref")
WHOLE_NUMBER = re.compile(r"20\d\d-\d{6,12}")
LONG_DIGITS = re.compile(r"[\d\s\-]{7,}")
WHY: dict[str, Promise | str] = {
    "number": _("编号相符"), "external": _("外部编号相符"), "phone": _("电话相符"),
}  # fmt: skip
Piece = tuple[str, bool]  # some text, and whether it is what was looked for


@dataclass(frozen=True)
class Hit:
    """A case that was found, why, and the place in its words; private data are masked."""

    case: Case
    why: str  # number, external, phone or words
    title: list[Piece]
    snippet: list[Piece]

    @property
    def reason(self) -> str:
        """Why it is here, where its words do not show it."""
        return str(WHY.get(self.why, ""))


def _text(pieces: list[Piece]) -> str:
    return "".join(text for text, _is_mark in pieces)


HITS = Sheet[Hit](
    "search",
    _("搜索"),
    (
        Column(_("编号"), 14, lambda hit: hit.case.number),
        Column(_("标题"), 36, lambda hit: _text(hit.title)),
        Column(_("环节"), 10, lambda hit: hit.case.get_state_display()),
        Column(_("区域"), 36, lambda hit: str(hit.case.area)),
        Column(_("上报时间"), 17, lambda hit: hit.case.reported_at),
        Column(_("相符之处"), 16, lambda hit: hit.reason),
        Column(_("情况"), 50, lambda hit: _text(hit.snippet)),
    ),
)


@dataclass(frozen=True)
class Found:
    """What a search came to. `is_all`: nothing was left out."""

    hits: list[Hit]
    areas: list[Area]
    is_phone: bool
    is_all: bool


def is_phone(words: str) -> bool:
    """Whether somebody looks for a telephone number."""
    return PHONE.fullmatch(SEPARATORS.sub("", words)) is not None


def search(viewer: User, words: str) -> Found:
    """The best hits: numbers that are meant exactly, then the cases of a phone, then words, the newest first."""
    words = words.strip()
    if not words:
        return Found([], [], is_phone=False, is_all=True)
    seen = Case.objects.visible_to(viewer).select_related("area", "category").only(*COLUMNS, "area__full_name")
    phone = is_phone(words)
    found: dict[int, tuple[Case, str]] = {}
    for why, cases in _asked(seen, viewer, words, phone=phone):
        if why == "part" and found:
            break
        for case in cases[: SHOWN + 1]:
            found.setdefault(case.pk, (case, why))
        if len(found) > SHOWN:
            break
    marks = [] if phone else _marks(words)
    hits = [Hit(case, why, marked(mask_text(case.title), marks), _snippet(case, marks)) for case, why in found.values()]
    areas = [] if phone else list(areas_named(viewer, words))
    return Found(hits[:SHOWN], areas, is_phone=phone, is_all=len(hits) <= SHOWN)


def _asked(seen: CaseQuerySet, viewer: User, words: str, *, phone: bool) -> Iterator[tuple[str, CaseQuerySet]]:
    """One question after the other, the surest first; the next is asked only while there is room."""
    newest = seen.order_by("-reported_at", "-pk")
    if phone:
        yield "phone", by_words(newest, viewer, words)
        return
    for numbers in _numbers(words):
        yield "number", seen.filter(numbers)
    yield "external", seen.filter(source__in=Source.values, external_ref=words)
    if LONG_DIGITS.fullmatch(words) and not WHOLE_NUMBER.fullmatch(words):
        return  # a part of a phone would tell, hit by hit, what is masked
    terms = query_terms(words)
    if terms:
        yield "words", newest.holding([term.strip() for term in terms])
    if any(term == term.strip() for term in terms):  # of a Latin word or of a number, a part: among the newest
        yield "part", newest.filter(pk__in=newest.values("pk")[:LATELY]).matching(words)


def _numbers(words: str) -> list[Q]:
    """2026-000123, 2026-123 and 123 are one case; 2026-00 begins many."""
    digits = words.replace(" ", "")
    if match := NUMBER.fullmatch(digits):
        return [Q(number=case_number(int(match[1]), int(match[2]))), Q(number__startswith=digits)]
    if digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_KEY:
        return [Q(pk=int(digits))]
    return []


def areas_named(viewer: User, words: str) -> Iterator[Area]:
    """Places in the viewer's reach of that name, the larger first: each leads to its part of the ledger."""
    grants = viewer.grants()
    rows = Area.objects.filter(name__icontains=words)
    if not grants.has(Role.AUDITOR):
        rows = rows.filter(below({*grants.area_paths(AREA_ROLES), *grants.posted_paths}))
    yield from rows.order_by("depth", "path")[:AREAS_SHOWN]


def _marks(words: str) -> list[str]:
    """What is to be marked: each word as it was typed, else its pairs of characters."""
    return [*words.split(), *(term.strip() for term in query_terms(words))]


def marked(text: str, marks: list[str]) -> list[Piece]:
    """The text in pieces, those that were looked for marked; a longer mark goes before a part of it."""
    wanted = [re.escape(mark) for mark in sorted(dict.fromkeys(marks), key=len, reverse=True) if mark]
    if not wanted or not text:
        return [(text, False)] if text else []
    pattern = re.compile(f"({'|'.join(wanted)})", re.IGNORECASE)
    return [(piece, n % 2 == 1) for n, piece in enumerate(pattern.split(text)) if piece]


def _snippet(case: Case, marks: list[str]) -> list[Piece]:
    """The words around the first hit in the description or the place; its beginning when the hit is elsewhere."""
    text = " ".join(mask_text(f"{case.description} {case.place}").split())
    low = text.lower()
    at = next((n for mark in marks if (n := low.find(mark.lower())) >= 0), 0)
    begin = max(at - WINDOW // 2, 0)
    cut = text[begin : begin + 2 * WINDOW]
    return marked(f"{'…' if begin else ''}{cut}{'…' if begin + 2 * WINDOW < len(text) else ''}", marks)
