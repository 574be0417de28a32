"""The number of a case: 2026-000123, from the year of its report and its primary key."""

import re

PATTERN = re.compile(r"(?P<year>\d{4})-(?P<n>\d{6,})")


def case_number(year: int, n: int) -> str:
    """The number for life."""
    return f"{year:04d}-{n:06d}"


def parse_number(text: str) -> tuple[int, int]:
    """(year, n) of a number; raises ValueError when it is none."""
    match = PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a case number such as 2026-000123")
    return int(match["year"]), int(match["n"])
