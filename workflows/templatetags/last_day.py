"""The last day of a stretch whose end is excluded, as people say it."""

from datetime import date, timedelta

from django import template

register = template.Library()


@register.filter
def last_day(end: date) -> date:
    """The day before."""
    return end - timedelta(days=1)
