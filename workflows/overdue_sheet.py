"""The overdue list as a file: the rows of the page with their reasons, read in chunks."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases.lib.masking import mask_text
from cases.lib.sheets import Column, Sheet
from cases.models import User
from workflows.models import Clock
from workflows.overdue import OverdueRow, overdue_rows, with_cases

CHUNK = 500

OVERDUE = Sheet[OverdueRow](
    "overdue",
    _("超期与临期"),
    (
        Column(_("编号"), 14, lambda row: row.case.number),
        Column(_("标题"), 30, lambda row: mask_text(row.case.title)),
        Column(_("已超或剩余"), 16, lambda row: row.light.words),
        Column(_("时限种类"), 14, lambda row: row.clock.get_kind_display()),
        Column(_("时限"), 17, lambda row: row.clock.due_at),
        Column(_("环节"), 10, lambda row: row.case.get_state_display()),
        Column(_("责任单位"), 24, lambda row: row.holder),
        Column(_("自何时起等"), 17, lambda row: row.why.since),
        Column(_("等谁，为什么"), 50, lambda row: "；".join([row.why.waits, *row.why.lines])),
        Column(_("主办"), 20, lambda row: str(row.case.team or "")),
        Column(_("区域"), 36, lambda row: str(row.case.area)),
        Column(_("类别"), 12, lambda row: str(row.case.category or "")),
        Column(_("紧急程度"), 10, lambda row: row.case.get_priority_display()),
        Column(_("上报时间"), 17, lambda row: row.case.reported_at),
    ),
)


def sheet_rows(found: QuerySet[Clock], viewer: User, *, now: datetime) -> Iterator[OverdueRow]:
    """The clocks in the order asked for as the page shows them; the reasons of each chunk in three queries."""
    clocks = with_cases(found).iterator(chunk_size=CHUNK)
    while chunk := list(islice(clocks, CHUNK)):
        yield from overdue_rows(chunk, viewer, now=now)
