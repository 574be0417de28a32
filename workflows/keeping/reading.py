"""Asking for figures: sums of areas where the question is about whole areas, else what is kept of each case.

Always exact. Cases whose last events are not folded yet are folded while reading, and so is, for a question of a past
moment, whatever changed since: their kept share is taken out and the right one put in.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from typing import Any

from django.db.models import Q, QuerySet, Sum

from cases.lib.snapshot import one_moment
from cases.models import Area, Case, User
from cases.querysets import AREA_ROLES
from cases.scope import below
from cases.terms import Role
from workflows.figures.reading import Question, cases_of
from workflows.keeping.fold import DEPTH, fold, paths_of, shares
from workflows.keeping.shares import ALL, AREA, CAMPAIGN, CATEGORY, FLOWS, TEAM, Counts, Share, share_kept
from workflows.models import KeptFlow, KeptLife, KeptSum
from workflows.models.kept import COLUMNS

MOST_PENDING = 300  # more are folded for good before they are read
AT_ONCE = 2000
SUMS: dict[str, Any] = {f"sum_{name}": Sum(name) for name in COLUMNS}
FLOW_SUMS: dict[str, Any] = {f"sum_{name}": Sum(name) for name in FLOWS}
VALUE_OF: dict[str, str] = {TEAM: "team_id", CATEGORY: "category", CAMPAIGN: "campaign", AREA: "area__path"}
Days = tuple[date | None, date | None]  # from, to and excluding


@contextmanager
def reading(question: Question, viewer: User | None = None) -> Iterator["Reading"]:
    """Figures of one moment; whatever is asked within fits together."""
    while Case.objects.not_kept().count() > MOST_PENDING and fold(wait=True):
        pass
    with one_moment():
        yield Reading(question, viewer)


def subtrees(question: Question, viewer: User | None) -> list[str] | None:
    """The paths of the areas that hold exactly the cases that the viewer may see; None when it is not whole areas."""
    wanted = question.area.path if question.area else ""
    if viewer is None or viewer.grants().has(Role.AUDITOR):
        return [wanted] if wanted else list(Area.objects.filter(depth=1).values_list("path", flat=True))
    grants = viewer.grants()
    held = {*grants.area_paths(AREA_ROLES), *grants.posted_paths}
    roots = sorted(path for path in held if not any(path != other and path.startswith(other) for other in held))
    if any(wanted.startswith(root) for root in roots):
        return [wanted]
    elsewhere = Case.objects.filter(reported_by=viewer)
    for root in roots:
        elsewhere = elsewhere.exclude(area__path__startswith=root)
    if grants.team_ids() or grants.council_ids() or elsewhere.exists():
        return None
    return [root for root in roots if root.startswith(wanted)]


class Reading:
    """The figures of one question; made by `reading`."""

    def __init__(self, question: Question, viewer: User | None) -> None:
        self.question, self.viewer = question, viewer
        self.paths = subtrees(question, viewer)
        narrows = question.team or question.category or question.campaign
        deepest = DEPTH * Area.steplen
        self.has_sums = self.paths is not None and not narrows and all(len(path) <= deepest for path in self.paths)
        self._changes: dict[tuple[str, int | None, str, str], Counts] = {}
        self._flows: dict[str, list[int]] = {}
        self._stale: set[int] = set()  # cases whose kept row is not what is asked
        self._fresh: list[Share] = []  # what it should be, of those that are of the question
        self._set_right()

    def total(self) -> Counts:
        """Of all cases of the question."""
        found = Counts()
        if self.has_sums:
            for sums in self._months(ALL):
                found.add(_sum(sums.filter(path__in=self.paths or ())))
        for rows in self._rows_beside_sums():
            found.add(_sum(rows))
        for counts in self._changes.values():
            found.add(counts)
        return found

    def by(self, facet: str) -> dict[int | str | None, Counts]:
        """By team (its key), category or campaign (their codes); None for those that have none."""
        found: dict[int | str | None, Counts] = {}
        if self.has_sums:
            for sums in self._months(facet):
                for value, counts in _grouped(sums.filter(path__in=self.paths or ()), "value"):
                    key = int(value) if facet == TEAM and value else value
                    found.setdefault(key or None, Counts()).add(counts)
        for rows in self._rows_beside_sums():
            for value, counts in _grouped(rows, VALUE_OF[facet]):
                found.setdefault(value or None, Counts()).add(counts)
        at = (TEAM, CATEGORY, CAMPAIGN).index(facet) + 1
        for keys, counts in self._changes.items():
            found.setdefault(keys[at] or None, Counts()).add(counts)
        return {value: counts for value, counts in found.items() if counts}

    def by_area(self, roots: Sequence[str]) -> dict[str | None, Counts]:
        """By the areas one below the roots, under their paths; None for what lies outside. What is reported at a root
        itself stands under its own path."""
        found: dict[str | None, Counts] = {}
        child = child_of(roots)
        deepest = DEPTH * Area.steplen
        if self.has_sums and all(len(root) + Area.steplen <= deepest for root in roots):
            wanted = Q(pk__in=[])
            for root in roots:
                wanted |= Q(path__startswith=root, depth=len(root) // Area.steplen + 1)
            children = list(Area.objects.filter(wanted).values_list("path", flat=True))
            for sums in self._months(ALL):
                below = sums.filter(path__in=children)
                at_roots = self._rows(self._whole_months).filter(area__path__in=roots)
                for path, counts in chain(_grouped(below, "path"), _grouped(at_roots, "area__path")):
                    found.setdefault(path, Counts()).add(counts)
            sources = self._rows_beside_sums()
        else:
            sources = [self._rows(self._days)]
        for rows in sources:
            for path, counts in _grouped(rows, "area__path"):
                found.setdefault(child(path or ""), Counts()).add(counts)
        for keys, counts in self._changes.items():
            found.setdefault(child(keys[0]), Counts()).add(counts)
        return {path: counts for path, counts in found.items() if counts}

    def flows(self) -> dict[date, tuple[int, int, int, int]]:
        """What each day brought, whenever it was reported: received, ended, in hand and overdue more or less."""
        found: dict[str, list[int]] = {}
        if self.has_sums:
            days = KeptFlow.objects.filter(path__in=self.paths or ()).values("day").order_by()
            for day, *numbers in days.annotate(**FLOW_SUMS).values_list("day", *FLOW_SUMS):
                found[day.isoformat()] = numbers
        else:
            for steps in self._rows((None, None)).values_list("steps", flat=True).iterator(chunk_size=AT_ONCE):
                for day, *numbers in steps:
                    _add(found, day, numbers, 1)
        for day, numbers in self._flows.items():
            _add(found, day, numbers, 1)
        return {date.fromisoformat(day): (a, b, c, d) for day, (a, b, c, d) in sorted(found.items())}

    def keys(self, column: str) -> list[int] | QuerySet[KeptLife, int]:
        """The keys of the cases that stand in a column, newest first: a query where it can be one."""
        rows = self._rows(self._days).filter(**{column: 1}).order_by("-pk").values_list("pk", flat=True)
        if not self._stale:
            return rows
        right = {share.case for share in self._fresh if share.counts[column]}
        return sorted(set(rows) - self._stale | right, reverse=True)

    def longest_overdue(self, most: int) -> list[Share]:
        """What has been overdue for longest."""
        rows = self._rows(self._days).filter(overdue_since__isnull=False).exclude(pk__in=self._stale)
        found = [share_kept(row) for row in rows.order_by("overdue_since", "pk")[:most]]
        found += [share for share in self._fresh if share.overdue_since]
        return sorted(found, key=lambda share: (share.overdue_since or date.min, share.case))[:most]

    @property
    def _days(self) -> Days:
        until = self.question.until
        return self.question.since, until + timedelta(days=1) if until else None

    @property
    def _whole_months(self) -> Days:
        """The months that lie in the days altogether; from a day to an earlier one when none does."""
        since, until = self._days
        first = since and (since if since.day == 1 else (since.replace(day=1) + timedelta(days=32)).replace(day=1))
        return first, until and until.replace(day=1)

    def _months(self, facet: str) -> list[QuerySet[KeptSum]]:
        first, last = self._whole_months
        if first and last and first >= last:
            return []
        return [_between(KeptSum.objects.filter(facet=facet), "month", (first, last))]

    def _rows_beside_sums(self) -> list[QuerySet[KeptLife]]:
        """The rows to be counted one by one: of days outside of whole months, or all."""
        since, until = self._days
        first, last = self._whole_months
        if not self.has_sums or (first and last and first >= last):
            return [self._rows(self._days)]
        edges: list[Days] = []
        if since and first and since < first:
            edges.append((since, first))
        if until and last and last < until:
            edges.append((last, until))
        return [self._rows(days) for days in edges]

    def _scope(self, days: Days) -> QuerySet[KeptLife]:
        rows = _between(KeptLife.objects.filter(reported_on__isnull=False), "reported_on", days)
        if self.paths is None:
            return rows.filter(case__in=cases_of(replace(self.question, since=None, until=None), self.viewer))
        return rows.filter(below(self.paths, "area"))

    def _rows(self, days: Days) -> QuerySet[KeptLife]:
        rows, question = self._scope(days), self.question
        if question.team:
            rows = rows.filter(team=question.team.pk)
        if question.category:
            rows = rows.filter(category=question.category.code)
        if question.campaign:
            rows = rows.filter(campaign=question.campaign.code)
        return rows

    def _set_right(self) -> None:
        """What is kept of some cases is not what is asked: take it out, and put in what the history says."""
        as_of = self.question.as_of
        stale = set(Case.objects.not_kept().values_list("pk", flat=True))
        if as_of:
            stale.update(self._scope((None, None)).filter(changed_at__gt=as_of).values_list("pk", flat=True))
        keys = sorted(stale)
        for begin in range(0, len(keys), AT_ONCE):
            self._put_right(keys[begin : begin + AT_ONCE])

    def _put_right(self, keys: list[int]) -> None:
        cases = Case.objects.filter(pk__in=keys).only("version")
        if self.paths is None:
            cases = cases.filter(pk__in=cases_of(replace(self.question, since=None, until=None), self.viewer))
        found = list(cases)
        kept = [share_kept(row) for row in KeptLife.objects.filter(pk__in=[case.pk for case in found])]
        fresh = list(shares(found, self.question.as_of))
        areas = paths_of((*kept, *fresh))
        self._stale.update(case.pk for case in found)
        for share, sign in [*((one, -1) for one in kept), *((one, 1) for one in fresh)]:
            path = areas.get(share.area or 0, "")
            if not self._lies_in(share, path):
                continue
            for step in share.steps:
                _add(self._flows, step.day, step[1:], sign)
            if self._is_of_days(share):
                key = (path, share.team, share.category, share.campaign)
                self._changes.setdefault(key, Counts()).add(share.counts, sign)
                self._fresh += [share] if sign > 0 else []

    def _lies_in(self, share: Share, path: str) -> bool:
        """The question apart from its days."""
        asked = self.question
        return (
            share.reported_on is not None
            and (self.paths is None or any(path.startswith(root) for root in self.paths))
            and (asked.team is None or share.team == asked.team.pk)
            and (asked.category is None or share.category == asked.category.code)
            and (asked.campaign is None or share.campaign == asked.campaign.code)
        )

    def _is_of_days(self, share: Share) -> bool:
        since, until = self._days
        day = share.reported_on
        return day is not None and (since is None or since <= day) and (until is None or day < until)


def child_of(roots: Sequence[str]) -> Callable[[str], str | None]:
    """The path one below the root that holds a path."""

    def child(path: str) -> str | None:
        root = next((one for one in roots if path.startswith(one)), None)
        return None if root is None else path[: len(root) + Area.steplen]

    return child


def _sum(rows: QuerySet[Any]) -> Counts:
    return Counts(rows.aggregate(**SUMS).values())


def _grouped(rows: QuerySet[Any], column: str) -> Iterator[tuple[Any, Counts]]:
    found: Any = rows.order_by().values(column).annotate(**SUMS)
    for value, *numbers in found.values_list(column, *SUMS):
        yield value, Counts(numbers)


def _between(rows: QuerySet[Any], column: str, days: Days) -> QuerySet[Any]:
    since, until = days
    if since:
        rows = rows.filter(**{f"{column}__gte": since})
    return rows.filter(**{f"{column}__lt": until}) if until else rows


def _add(found: dict[str, list[int]], day: str, numbers: Iterable[int], sign: int) -> None:
    flow = found.setdefault(day, [0, 0, 0, 0])
    for at, number in enumerate(numbers):
        flow[at] += sign * number
