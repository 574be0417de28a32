"""Bring what is kept in line with the history: what changed is folded anew, and the sums move by what differs.

The path of a move knows nothing of it: whose last events are not known yet is found by the index `case_not_kept_yet`.
One folder works at a time, so the sums of a whole district are no place where moves would meet.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from django.db import connection, transaction

from cases.lib.bulk import merge_many, update_many
from cases.models import Area, Case, CaseEvent
from workflows.figures.lives import ASKED_FOR, Life, Said, lives
from workflows.figures.reading import COLUMNS as EVENT_COLUMNS
from workflows.keeping.shares import FLOWS, Counts, Share, row_of, share_kept, share_of
from workflows.models import KeptFlow, KeptLife, KeptSum
from workflows.models.kept import COLUMNS

BATCH = 500
LOOK = 4  # batches
DEPTH = 3  # sums are kept for districts, streets and communities; what lies below has few cases
FOLDER = 0x6B657074  # the number of the lock
KEPT = [field.name for field in KeptLife._meta.concrete_fields if not field.primary_key]
SUM_KEY, FLOW_KEY = ("path", "facet", "month", "value"), ("path", "day")


class Moved:
    """What differs in the sums."""

    def __init__(self, paths: dict[int, str]) -> None:
        self.paths = paths
        self.sums: dict[tuple[str, str, date, str], Counts] = {}
        self.flows: dict[tuple[str, str], list[int]] = {}

    def add(self, share: Share, sign: int) -> None:
        """Count a share into all areas above it, or out of them."""
        if share.area is None or share.reported_on is None:
            return
        month = share.reported_on.replace(day=1)
        path = self.paths[share.area]
        for node in (path[: depth * Area.steplen] for depth in range(1, min(DEPTH, len(path) // Area.steplen) + 1)):
            for facet, value in share.values():
                self.sums.setdefault((node, facet, month, value), Counts()).add(share.counts, sign)
            for step in share.steps:
                flow = self.flows.setdefault((node, step.day), [0, 0, 0, 0])
                for at, number in enumerate(step[1:]):
                    flow[at] += sign * number

    def write(self) -> None:
        """Move the sums."""
        sums = [
            KeptSum(path=path, facet=facet, month=month, value=value, **dict(zip(COLUMNS, counts.numbers, strict=True)))
            for (path, facet, month, value), counts in sorted(self.sums.items())
            if counts
        ]
        merge_many(sums, key=SUM_KEY, added=COLUMNS)
        flows = [
            KeptFlow(path=path, day=date.fromisoformat(day), **dict(zip(FLOWS, numbers, strict=True)))
            for (path, day), numbers in sorted(self.flows.items())
            if any(numbers)
        ]
        merge_many(flows, key=FLOW_KEY, added=FLOWS)


def fold(*, wait: bool = False, batch: int = BATCH) -> int:
    """Fold some cases that changed; returns how many. None when another folder is at work, unless told to wait."""
    with transaction.atomic():
        if not _is_alone(wait=wait):
            return 0
        cases = _claimed(batch)
        if cases:
            _keep(cases)
    return len(cases)


def fold_all() -> int:
    """Fold whatever changed; cases that somebody is moving right now are left for the next time."""
    total = 0
    while folded := fold(wait=True):
        total += folded
    return total


def fold_some() -> int:
    """What the sweep folds at a look: most of the time all there is, and never so much that clocks ring late."""
    total = 0
    for _ in range(LOOK):
        folded = fold()
        total += folded
        if folded < BATCH:
            break
    return total


def _is_alone(*, wait: bool) -> bool:
    """SQLite has one writer at a time as it is."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_{'' if wait else 'try_'}advisory_xact_lock(%s)", [FOLDER])
        return wait or bool(cursor.fetchone()[0])


def _claimed(batch: int) -> list[Case]:
    """Lock what nobody is moving right now; no longer than it takes to fold, or a move would wait."""
    rows = Case.objects.not_kept().only("version", "kept_version").order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, no_key=True)
    return list(rows[:batch])


def _keep(cases: list[Case]) -> None:
    kept = [share_kept(row) for row in KeptLife.objects.filter(pk__in=[case.pk for case in cases])]
    fresh = list(shares(cases))
    moved = Moved(paths_of((*kept, *fresh)))
    for share in kept:
        moved.add(share, -1)
    for share in fresh:
        moved.add(share, 1)
    moved.write()
    merge_many([row_of(share) for share in fresh], key=("case",), replaced=KEPT)
    for case in cases:
        case.kept_version = case.version
    update_many(cases, ["kept_version"])


def shares(cases: Iterable[Case], as_of: datetime | None = None) -> Iterator[Share]:
    """What cases add by their history, up to a moment when one is given; each case gives one."""
    keys = sorted(case.pk for case in cases)
    rows = CaseEvent.objects.filter(case__in=keys, type__in=[kind.value for kind in ASKED_FOR])
    if as_of:
        rows = rows.filter(at__lte=as_of)
    said = rows.order_by("case_id", "seq").values_list(*EVENT_COLUMNS)
    found = {life.case: life for life in lives(Said(*row) for row in said.iterator(chunk_size=5000))}
    return (share_of(found.get(key) or Life(key)) for key in keys)


def paths_of(given: Iterable[Share]) -> dict[int, str]:
    """The paths of the areas of shares, by their keys."""
    return dict(Area.objects.filter(pk__in={share.area for share in given if share.area}).values_list("pk", "path"))
