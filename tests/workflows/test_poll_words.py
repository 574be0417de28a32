"""The words of a result in English: one person, two people, and what each number is of."""

import pytest
from django.utils import translation

from workflows.poll_words import amount_words, totals_words

TOTALS = {"votes_for": 1, "votes_against": 0, "abstained": 2, "invalid": 0, "participating": 3, "unreturned": 1,
          "roll": 4}  # fmt: skip


@pytest.mark.parametrize(("amount", "words"), [(0, "0 people"), (1, "1 person"), (2, "2 people")])
def test_one_is_a_person(amount: int, words: str) -> None:
    with translation.override("en"):
        assert amount_words("head", amount) == words


def test_each_number_says_what_it_is_of() -> None:
    with translation.override("en"):
        assert totals_words(TOTALS, "head") == (
            "1 person for, 0 people against, 2 people abstaining, 0 people invalid; "
            "3 people took part, 1 person did not, 4 people on the roll"
        )
    assert totals_words(TOTALS, "head").startswith("同意 1 人，反对 0 人")
