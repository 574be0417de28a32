"""Is what is kept what the history says? And making it again."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import transaction

from cases.lib.snapshot import one_moment
from cases.models import Case
from workflows.keeping.fold import Moved, fold_all, paths_of, shares
from workflows.keeping.shares import FLOWS, share_kept
from workflows.models import KeptFlow, KeptLife, KeptSum
from workflows.models.kept import COLUMNS

AT_ONCE = 1000


@dataclass(frozen=True)
class Checked:
    """What was compared, and what differs: the numbers of cases, and the sums by their keys."""

    cases: int
    pending: int  # with events that are not folded yet: what is kept of them is not compared
    wrong_cases: list[str]
    wrong_sums: list[str]
    sums: int

    @property
    def holds(self) -> bool:
        """Nothing differs."""
        return not (self.wrong_cases or self.wrong_sums)


def check() -> Checked:
    """Compare the share of every case, and every sum, with the history; memory grows with the sums only."""
    with one_moment():
        moved = Moved({})
        total, pending, wrong = 0, 0, list[str]()
        for cases in _batches():
            rows = KeptLife.objects.in_bulk([case.pk for case in cases])
            kept = {key: share_kept(row) for key, row in rows.items()}
            known = [case for case in cases if case.kept_version == case.version]
            right = {share.case: share for share in shares(known)}
            moved.paths = paths_of((*kept.values(), *right.values()))
            for case in cases:
                total += 1
                pending += case.pk not in right
                if case.pk in right and right[case.pk] != kept.get(case.pk):
                    wrong.append(case.number)
                share = right.get(case.pk) or kept.get(case.pk)
                if share is not None:
                    moved.add(share, 1)
        sums = _wrong_sums(moved)
    return Checked(total, pending, wrong, sums, len(moved.sums) + len(moved.flows))


def rebuild() -> int:
    """Make everything that is kept again from the history; returns the number of cases."""
    with transaction.atomic():
        for table in (KeptSum, KeptFlow, KeptLife):
            table._default_manager.all().delete()  # noqa: SLF001
        Case.objects.filter(kept_version__gt=0).update(kept_version=0)
    return fold_all()


def _batches() -> Iterator[list[Case]]:
    rows = Case.objects.order_by("pk").only("number", "version", "kept_version").iterator(AT_ONCE)
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


def _wrong_sums(right: Moved) -> list[str]:
    """The sums that are not those of the cases, in words that name their key."""
    expected: dict[tuple[str, ...], list[int]] = {
        (path, facet, month.isoformat(), value): counts.numbers
        for (path, facet, month, value), counts in right.sums.items()
    }
    expected.update(right.flows.items())
    found: dict[tuple[str, ...], list[int]] = {}
    for row in KeptSum.objects.iterator(AT_ONCE):
        found[row.path, row.facet, row.month.isoformat(), row.value] = [getattr(row, name) for name in COLUMNS]
    for flow in KeptFlow.objects.iterator(AT_ONCE):
        found[flow.path, flow.day.isoformat()] = [getattr(flow, name) for name in FLOWS]
    nothing: list[int] = []
    keys = sorted(expected.keys() | found.keys())
    return ["/".join(key) for key in keys if _told(expected.get(key, nothing)) != _told(found.get(key, nothing))]


def _told(numbers: list[int]) -> list[int]:
    """A row of zeros says as much as no row."""
    return numbers if any(numbers) else []
