import pytest

from cases.lib.money import NotMoney, fen_of, yuan_of


@pytest.mark.parametrize(("typed", "fen"), [
    ("12345.67", 1_234_567), ("12,345.67", 1_234_567), ("0.1", 10), ("0.01", 1), ("0", 0), ("７.５", 750),
    ("￥80000元", 8_000_000), (" 1,000,000 ", 100_000_000), ("4.35", 435), ("90071992547.41", 9_007_199_254_741),
])  # fmt: skip
def test_yuan_are_read_exactly(typed: str, fen: int) -> None:
    assert fen_of(typed) == fen


def test_a_tenth_and_two_tenths_are_three() -> None:
    assert fen_of("0.1") + fen_of("0.2") == fen_of("0.3")


@pytest.mark.parametrize("typed", [
    "", "abc", "-1", "1.234", "1e5", "12,34.5", "1.", ".5", "1,2345", "100000000000.01", "9999999999999999", "1 2",
])  # fmt: skip
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(NotMoney):
        fen_of(typed)


@pytest.mark.parametrize(("fen", "shown"), [
    (0, "0.00"), (1, "0.01"), (1_234_567, "12,345.67"), (-5, "-0.05"), (-1_234_567, "-12,345.67"),
])  # fmt: skip
def test_fen_are_shown_as_yuan(fen: int, shown: str) -> None:
    assert yuan_of(fen) == shown
