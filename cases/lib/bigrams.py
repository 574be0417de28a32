"""Search terms: bigrams of Chinese characters and whole Latin words; two-character words never use a trigram index."""

import re
import unicodedata

PIECE = re.compile(r"[\u3007\u3400-\u9fff\U00020000-\U0003ffff]+|[a-z0-9]+")  # 〇 and rare characters of names too


def _pieces(text: str) -> list[str]:
    return PIECE.findall(unicodedata.normalize("NFKC", text).lower())


def _is_chinese(piece: str) -> bool:
    return piece[0] >= "\u3007"


def bigrams(text: str) -> str:
    """Each term once, between spaces, so that ` 路灯 ` is found as such."""
    terms: dict[str, None] = {}
    for piece in _pieces(text):
        if _is_chinese(piece) and len(piece) > 1:
            terms.update(dict.fromkeys(piece[n : n + 2] for n in range(len(piece) - 1)))
        else:
            terms[piece] = None
    return f" {' '.join(terms)} " if terms else ""


def query_terms(words: str) -> list[str]:
    """What must all be contained in `bigrams` of a text; a single character or a Latin word may be part of a term."""
    terms: dict[str, None] = {}
    for piece in _pieces(words):
        if _is_chinese(piece) and len(piece) > 1:
            terms.update(dict.fromkeys(f" {piece[n : n + 2]} " for n in range(len(piece) - 1)))
        else:
            terms[piece] = None
    return list(terms)
