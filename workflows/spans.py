"""Weeks and months of the calendar on the wall."""

from datetime import date, timedelta

WEEK, MONTH = "week", "month"


def begin_of(day: date, grain: str) -> date:
    """The Monday of its week, or the first of its month."""
    return day.replace(day=1) if grain == MONTH else day - timedelta(days=day.weekday())


def next_begin(day: date, grain: str) -> date:
    """The Monday after, or the first of the next month."""
    begins = begin_of(day, grain)
    return begin_of(begins + timedelta(days=32), MONTH) if grain == MONTH else begins + timedelta(days=7)
