"""Writing a version of limits as the table that the office keeps: reading it again changes nothing."""

from collections.abc import Iterable, Iterator
from typing import IO

import xlsxwriter

from cases.models import Category
from cases.terms import ClockKind, Priority
from workflows import limit_words as words
from workflows.limit_tables import COLUMNS, Categories
from workflows.models import PolicyVersion, SlaPolicy, Standard

WIDTHS = (14, 16, 10, 14, 40, 14, 40, 20, 8)
KINDS = {kind.value: n for n, kind in enumerate(ClockKind)}
PRIORITIES = {"": 0, **{priority.value: n for n, priority in enumerate(Priority, start=1)}}


def write_table(version: PolicyVersion, file: IO[bytes]) -> None:
    """Write a version as .xlsx. Whatever somebody typed stays text: it never becomes a formula or a link."""
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet = book.add_worksheet("时限标准")
    cell = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    head = book.add_format({"bold": True, "valign": "vcenter", "border": 1, "bg_color": "#E2EEFB"})
    for column, (name, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, head)
    for number, row in enumerate(table_rows(version), start=1):
        for column, text in enumerate(row):
            sheet.write_string(number, column, text, cell)
    sheet.freeze_panes(1, 2)
    book.close()


def table_rows(version: PolicyVersion) -> Iterator[tuple[str, ...]]:
    """The lines of the table, in the order of its columns: limits of all categories first, then by category."""
    categories = Categories(Category.objects.all())
    standards = {row.category_id: row for row in version.standards.select_related("category")}
    policies = version.policies.select_related("category")
    for category, limits in _by_category(policies, standards.values()):
        standard = standards.get(category.pk) if category else None
        place = (category.group if category else "", categories.written(category))
        texts = (standard.filing, standard.closing, standard.unit) if standard else ("", "", "")
        if not limits:
            yield _row(place, texts, None)
        for limit in limits:
            yield _row(place, texts, limit)
            texts = ("", "", "")  # once for each category


def _row(place: tuple[str, str], texts: tuple[str, str, str], limit: SlaPolicy | None) -> tuple[str, ...]:
    filing, closing, unit = texts
    if limit is None:
        return (*place, "", "", filing, words.BY_THE_GENERAL, closing, unit, "")
    amount = str(words.Amount(limit.amount, limit.unit))
    kind, urgency = words.written_kind(limit.clock), words.written_urgency(limit.priority)
    return (*place, urgency, kind, filing, amount, closing, unit, f"{limit.warn_percent}%")


def _by_category(
    policies: Iterable[SlaPolicy], standards: Iterable[Standard]
) -> Iterator[tuple[Category | None, list[SlaPolicy]]]:
    """Limits of each category, and of none first, in the order of clocks and urgency."""
    groups: dict[int | None, tuple[Category | None, list[SlaPolicy]]] = {}
    rows: list[SlaPolicy | Standard] = [*policies, *standards]
    for row in rows:
        limits = groups.setdefault(row.category_id, (row.category, []))[1]
        if isinstance(row, SlaPolicy):
            limits.append(row)
    for category, limits in sorted(groups.values(), key=_place):
        yield category, sorted(limits, key=lambda p: (KINDS[p.clock], PRIORITIES[p.priority]))


def _place(group: tuple[Category | None, list[SlaPolicy]]) -> tuple[str, str]:
    category = group[0]
    return (category.group, category.code) if category else ("", "")
