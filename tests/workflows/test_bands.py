"""The bands of the supervisor's list hold what the lights say of each limit."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows import sla
from workflows.bands import LABELS, bands
from workflows.calendars import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
SPRING = {date(2026, 2, 15) + timedelta(days=n): False for n in range(9)} | {date(2026, 2, 14): True}
CALENDAR = WorkCalendar(date(2025, 10, 1), date(2026, 12, 31), SPRING)
MOMENTS = st.datetimes(datetime(2026, 1, 20), datetime(2026, 3, 20)).map(lambda t: t.replace(tzinfo=ZONE))


def band_of(due: datetime, now: datetime) -> str:
    held = [b for b in bands(CALENDAR, now) if (not b.since or due >= b.since) and (not b.until or due < b.until)]
    assert len(held) == 1
    return held[0].key


def said(due: datetime, now: datetime) -> str:
    """By the count that the lights show, one limit at a time."""
    late = due <= now
    days = sla.workdays_between(CALENDAR, *((due, now) if late else (now, due)))
    if due.date() == now.date():
        return "late-today" if late else "soon-today"
    word = "late" if late else "soon"
    return f"{word}-3" if days <= 3 else f"{word}-10" if days <= 10 else f"{word}-more"


@given(MOMENTS, MOMENTS)
@settings(max_examples=300, deadline=None)
def test_a_limit_lies_in_the_band_that_its_light_says(due: datetime, now: datetime) -> None:
    assert band_of(due, now) == said(due, now)


@pytest.mark.parametrize(
    ("due", "band"),
    [
        ("2026-03-02T09:00", "late-today"),
        ("2026-03-02T09:00:00.000001", "soon-today"),
        ("2026-03-02T23:59:59", "soon-today"),
        ("2026-03-05T17:30", "soon-3"),
        ("2026-03-05T17:30:00.000001", "soon-10"),
        ("2026-02-25T00:00", "late-3"),
        ("2026-02-24T23:59", "late-10"),
    ],
)
def test_the_edges_on_a_monday_at_nine(due: str, band: str) -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
    assert band_of(datetime.fromisoformat(due).replace(tzinfo=ZONE), now) == band


def test_every_band_has_its_words() -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
    assert [band.key for band in bands(CALENDAR, now)] == list(LABELS)
