"""The time limits of a list of cases, as its rows show them; templates of cases name this library, code does not."""

from collections.abc import Sequence
from datetime import datetime

from django import template

from cases.models import Case
from workflows.inboxes import Row, rows_of

register = template.Library()


@register.simple_tag
def lights(cases: Sequence[Case], now: datetime) -> list[Row]:
    """Each case with its light: `{% lights page.rows now as rows %}`, two queries however many cases."""
    return rows_of(cases, now=now)
