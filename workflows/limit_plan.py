"""What a table would make of the newest version of limits: the next version, not saved, and what differs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases.lib.spreadsheet import clean_text
from cases.models import Category
from cases.terms import ClockKind, Priority
from workflows import limits
from workflows.limit_tables import LimitRow, LimitTable, StandardRow
from workflows.limit_words import ANY
from workflows.limit_words import said as said_amount
from workflows.models import Calendar, PolicyVersion, SlaPolicy, Standard

TEXTS = ("filing", "closing", "unit")
Key = tuple[int | None, str, str]  # category, priority, clock


@dataclass(frozen=True)
class Change:
    """One limit that is new, another one or gone."""

    category: Category | None
    priority: str
    clock: str
    was: SlaPolicy | None
    to: SlaPolicy | None


@dataclass(frozen=True)
class Plan:
    """The next version: all its limits and standards, what differs from `base`, and what one should know before."""

    base: PolicyVersion
    policies: list[SlaPolicy]
    standards: list[Standard]
    changes: list[Change]
    restated: int
    notes: list[str]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not self.changes and not self.restated


def newest_version() -> PolicyVersion | None:
    """The version with the highest number: what is copied, whether it is live yet or not."""
    return PolicyVersion.objects.order_by("-number").first()


def planned(table: LimitTable, base: PolicyVersion) -> Plan:
    """Put the limits and standards of a table in the place of those of `base`; everything else stays as it is."""
    before = list(base.policies.select_related("category", "calendar"))
    known = {(row.category_id, row.priority, row.clock): row for row in before}
    after = dict(known)
    for row in table.limits:
        key = (row.category_id, row.priority, row.clock)
        if row.amount is None:
            after.pop(key, None)
        else:
            after[key] = _limit(row, row.amount, known.get(key), before)
    categories = Category.objects.in_bulk([key[0] for key in after.keys() | known.keys() if key[0]])
    changes = [
        Change(categories.get(key[0] or 0), key[1], key[2], known.get(key), after.get(key))
        for key in sorted(after.keys() | known.keys(), key=_order)
        if not _same(known.get(key), after.get(key))
    ]
    standards, restated = _standards(table.standards, base)
    return Plan(base, list(after.values()), standards, changes, restated, _notes(changes, after))


def _order(key: Key) -> tuple[int, int, int]:
    category, priority, clock = key
    return category or 0, list(ClockKind).index(ClockKind(clock)), [ANY, *Priority].index(priority)


def _limit(row: LimitRow, amount: int, same: SlaPolicy | None, before: list[SlaPolicy]) -> SlaPolicy:
    """A limit of the table; warning, ladder and calendar are those of the limit that held in its place."""
    held = same or limits.fitting(before, row.category_id, row.priority).get(row.clock)
    calendar_id = held.calendar_id if held else Calendar.objects.order_by("pk").values_list("pk", flat=True)[0]
    percent = row.warn_percent or (held.warn_percent if held else SlaPolicy._meta.get_field("warn_percent").default)
    return SlaPolicy(
        category_id=row.category_id,
        priority=row.priority,
        clock=row.clock,
        amount=amount,
        unit=row.unit,
        warn_percent=percent,
        calendar_id=calendar_id,
        ladder=held.ladder if held else [],
    )


def _same(was: SlaPolicy | None, to: SlaPolicy | None) -> bool:
    if was is None or to is None:
        return was is to
    return (was.amount, was.unit, was.warn_percent) == (to.amount, to.unit, to.warn_percent)


def _standards(rows: Iterable[StandardRow], base: PolicyVersion) -> tuple[list[Standard], int]:
    """All standards of the next version, and how many differ. What a table leaves empty stays as it was."""
    after = {row.category_id: row for row in base.standards.all()}
    restated = 0
    for row in rows:
        was = after.get(row.category_id) or Standard(category_id=row.category_id)
        said = {name: text for name in TEXTS if (text := getattr(row, name)) and text != clean_text(getattr(was, name))}
        if said:
            texts = {name: getattr(was, name) for name in TEXTS} | said
            after[row.category_id] = Standard(category_id=row.category_id, **texts)
            restated += 1
    return list(after.values()), restated


def _notes(changes: list[Change], after: dict[Key, SlaPolicy]) -> list[str]:
    """A limit of a category for any urgency also holds where urgent matters had a shorter general one: say so."""
    hidden: Counter[tuple[str, str]] = Counter()
    for change in changes:
        if change.category is None or change.priority or change.to is None:
            continue
        for priority in (Priority.URGENT.value, Priority.CRITICAL.value):
            is_general = (None, priority, change.clock) in after
            if is_general and (change.category.pk, priority, change.clock) not in after:
                hidden[priority, change.clock] += 1
    text = _("有 %(n)s 个小类没有写紧急程度：%(priority)s件的%(clock)s也按表中所写，不再是通用的 %(amount)s。")
    said = []
    for (priority, clock), n in sorted(hidden.items()):
        general_limit = after[None, priority, clock]
        amount = said_amount(general_limit.amount, general_limit.unit)
        words = {"priority": Priority(priority).label, "clock": ClockKind(clock).label, "amount": amount}
        said.append(text % {"n": n, **words})
    if longer := _longer_than_the_whole(changes, after):
        text = _("有 %(n)s 个小类的处置时限比总时限长，总时限会先到：请核对，或同时写总时限。")
        said.append(text % {"n": longer})
    return said


def _longer_than_the_whole(changes: list[Change], after: dict[Key, SlaPolicy]) -> int:
    """Of how many categories the limit of handling would be longer than that of the whole, in the same unit."""
    found = set()
    for change in changes:
        if change.clock != ClockKind.HANDLE or change.to is None:
            continue
        category = change.category.pk if change.category else None
        whole = limits.fitting(after.values(), category, change.priority).get(ClockKind.OVERALL)
        if whole and whole.unit == change.to.unit and change.to.amount > whole.amount:
            found.add(category)
    return len(found)
