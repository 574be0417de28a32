"""The time limits of a list of cases, as its rows show them; templates of cases name this library, code does not."""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cases.models import Case
from workflows.inboxes import Row, rows_of
from workflows.lights import Light, provisional_year
from workflows.models import Clock

register = template.Library()


@register.simple_tag
def lights(cases: Sequence[Case], now: datetime) -> list[Row]:
    """Each case with its light: `{% lights page.rows now as rows %}`, two queries however many cases."""
    return rows_of(cases, now=now)


@register.filter
def provisional(limit: Light | Clock | int | None) -> SafeString | str:
    """暂定, beside a limit that falls in a year whose notice of holidays is not in yet; nothing beside any other.

    The limit is a light, a clock read with its policy and calendar, or the year (0: none) where only that is known.
    """
    year = _year(limit)
    if not year:
        return ""
    return format_html('<span class="tag tag--provisional" title="{}">{}</span>', why_provisional(year), _("暂定"))


@register.filter
def why_provisional(year: int) -> str:
    """The sentence that says why a limit is provisional."""
    return _("%(year)s 年的放假通知还没有发布，通知到了会重新计算。") % {"year": year}


def _year(limit: Light | Clock | int | None) -> int:
    if isinstance(limit, Light):
        return limit.provisional
    if isinstance(limit, Clock):
        return provisional_year(limit)
    return limit or 0
