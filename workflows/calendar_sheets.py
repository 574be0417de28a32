"""The lists of the calendars' pages as files: years, special days, revisions."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.lib.sheets import Column, Sheet
from workflows.calendar_pages import CalendarCard, RevisionRow, Stretch, YearRow, calendar_cards

YearLine = tuple[CalendarCard, YearRow]
YEARS = Sheet[YearLine](
    "calendars",
    gettext_lazy("工作日历"),
    (
        Column(gettext_lazy("日历"), 24, lambda line: line[0].calendar.name),
        Column(gettext_lazy("代码"), 10, lambda line: line[0].calendar.code),
        Column(gettext_lazy("年份"), 8, lambda line: line[1].year),
        Column(gettext_lazy("状态"), 10, lambda line: _("已确认") if line[1].is_final else _("暂定")),
        Column(gettext_lazy("工作日"), 8, lambda line: line[1].workdays),
        Column(gettext_lazy("依据"), 40, lambda line: line[1].revision.source if line[1].revision else ""),
        Column(gettext_lazy("版次"), 8, lambda line: line[1].revision.number if line[1].revision else None),
    ),
    impersonal=True,
)
DAYS = Sheet[Stretch](
    "special-days",
    gettext_lazy("放假和补班"),
    (
        Column(gettext_lazy("自"), 12, lambda row: row.first),
        Column(gettext_lazy("至"), 12, lambda row: row.last),
        Column(gettext_lazy("类型"), 10, lambda row: row.mark),
        Column(gettext_lazy("说明"), 30, lambda row: row.names),
    ),
    impersonal=True,
)
REVISIONS = Sheet[RevisionRow](
    "revisions",
    gettext_lazy("版次"),
    (
        Column(gettext_lazy("版次"), 8, lambda row: row.revision.number),
        Column(gettext_lazy("发布时间"), 17, lambda row: row.revision.published_at),
        Column(gettext_lazy("依据"), 40, lambda row: row.revision.source),
        Column(gettext_lazy("上班与否变了的天数"), 12, lambda row: row.turned if row.revision.number > 1 else None),
        Column(gettext_lazy("确认的年份"), 16, lambda row: row.confirmed),
    ),
    impersonal=True,
)


def year_lines(*, now: datetime) -> Iterator[YearLine]:
    """Every year of every calendar, as the page shows them one below the other."""
    return ((card, row) for card in calendar_cards(now=now) for row in card.years)
