"""Search terms and numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.lib.bigrams import bigrams, query_terms
from cases.lib.numbering import case_number, parse_number
from cases.lib.similarity import similar


@pytest.mark.parametrize("query", ["路灯", "灯", "东门路灯", "LED", "ｌｅｄ灯", "路灯 东门"])
def test_what_is_in_the_text_is_found(query: str) -> None:
    terms = bigrams("小区东门路灯不亮，LED灯 三天")
    assert all(term in terms for term in query_terms(query))


@pytest.mark.parametrize("query", ["停车", "灯路", "西门路灯"])
def test_what_is_not_in_the_text_is_not_found(query: str) -> None:
    terms = bigrams("小区东门路灯不亮，LED灯 三天")
    assert not all(term in terms for term in query_terms(query))


def test_nothing_to_search_asks_for_nothing() -> None:
    assert query_terms(" ，。") == []


def test_a_number_is_read_back() -> None:
    assert parse_number(f" {case_number(2026, 123)} ") == (2026, 123)
    with pytest.raises(ValueError, match="2026-000123"):
        parse_number("123")


def test_alike_texts_score_higher() -> None:
    a, b, c = "平山小区东门路灯不亮", "平山小区东门的路灯坏了不亮", "地铁口违规停车"
    assert similar(a, b) > 0.5
    assert similar(a, c) < 0.1
    assert similar(a, a) == 1.0
    assert similar("", a) == 0.0


@given(st.text("路灯不亮〇𠮷aB1，　 ", min_size=1), st.data())
def test_any_piece_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, len(text)))
    terms = bigrams(text)
    assert all(term in terms for term in query_terms(text[first:last]))


def test_rare_characters_of_names_are_found() -> None:
    assert query_terms("二〇二六") == [" 二〇 ", " 〇二 ", " 二六 "]
    assert " 𠮷野 " in bigrams("𠮷野家")


def test_a_term_is_kept_once() -> None:
    assert bigrams("路灯，路灯 LED led") == " 路灯 led "
