"""Rolls and ballots as files: `voter,party,head,area_m2` (and `recused`) and `voter,choice`."""

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation

from workflows.polling.facts import Ballot, Choice, Elector

CM2_IN_M2 = 10_000
ROLL_COLUMNS = ("voter", "party", "head", "area_m2")
BALLOT_COLUMNS = ("voter", "choice")
WORDS = {"同意": "for", "赞成": "for", "反对": "against", "弃权": "abstain", "无效": "invalid"}
YES = ("1", "true", "yes", "是", "回避")


class FileFaults(ValueError):
    """Every line that cannot be read, with its number."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def read_roll(lines: Iterable[str]) -> list[Elector]:
    """The roll of a file. Raises FileFaults."""
    roll: dict[str, Elector] = {}
    faults: list[str] = []
    for n, row in _rows(lines, ROLL_COLUMNS):
        try:
            elector = _elector(row)
        except ValueError as error:
            faults.append(f"line {n}: {error}")
            continue
        if elector.voter in roll:
            faults.append(f"line {n}: {elector.voter} stands on the roll twice")
        roll[elector.voter] = elector
    if faults:
        raise FileFaults(faults)
    return list(roll.values())


def read_ballots(lines: Iterable[str]) -> list[Ballot]:
    """The ballots of a file. Raises FileFaults."""
    ballots, faults = [], []
    for n, row in _rows(lines, BALLOT_COLUMNS):
        choice = row["choice"].strip()
        try:
            ballots.append(Ballot(_named(row), Choice(WORDS.get(choice, choice))))
        except ValueError as error:
            known = "for, against, abstain or invalid"
            faults.append(
                f"line {n}: {error if not choice or not row['voter'].strip() else f'{choice} is not {known}'}"
            )
    if faults:
        raise FileFaults(faults)
    return ballots


def area_cm2(text: str) -> int:
    """Square metres with at most four decimals as whole square centimetres. Raises ValueError."""
    try:
        exact = Decimal(text.strip() or "0") * CM2_IN_M2
    except InvalidOperation:
        raise ValueError(f"{text} is not an area in square metres") from None
    if not exact.is_finite() or exact < 0 or exact != exact.to_integral_value():
        raise ValueError(f"{text} is not an area in square metres with at most four decimals")
    return int(exact)


def _rows(lines: Iterable[str], wanted: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(lines)
    names = [name.strip().lstrip("\ufeff") for name in reader.fieldnames or ()]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise FileFaults([f"line 1: the column {name} is missing" for name in missing])
    reader.fieldnames = names
    for row in reader:
        if any((value or "").strip() for value in row.values() if isinstance(value, str)):
            yield reader.line_num, {key: value or "" for key, value in row.items() if key}


def _named(row: dict[str, str]) -> str:
    voter = row["voter"].strip()
    if not voter:
        raise ValueError("voter is empty")
    return voter


def _elector(row: dict[str, str]) -> Elector:
    head = row["head"].strip() or "1"
    if not head.isascii() or not head.isdigit():
        raise ValueError(f"head must be a whole number, not {head}")
    return Elector(
        voter=_named(row),
        party=row["party"].strip(),
        head=int(head),
        area_cm2=area_cm2(row["area_m2"]),
        recused=row.get("recused", "").strip().lower() in YES,
    )
