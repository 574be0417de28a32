from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from workflows.calendars import WorkCalendar
from workflows.lights import done, light

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(date(2026, 1, 1), date(2026, 12, 31))
FRIDAY = datetime(2026, 3, 6, 17, 30, tzinfo=ZONE)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "kind", "words"),
    [
        (at(2, 9), "ok", "剩余 4 个工作日"),
        (at(5, 16), "soon", "剩余 1 个工作日"),
        (at(6, 9), "soon", "剩余 6 小时"),
        (at(6, 17), "soon", "剩余 30 分钟"),
        (at(6, 17, 30), "overdue", "超期 1 分钟"),
        (at(7, 10), "overdue", "超期 1 个工作日"),
        (at(9, 9), "overdue", "超期 1 个工作日"),
        (at(10, 9), "overdue", "超期 2 个工作日"),
    ],
)
def test_a_limit_of_working_time_is_told_in_working_days_hours_or_minutes(now: datetime, kind: str, words: str) -> None:
    shown = light(now, due_at=FRIDAY, warn_at=at(5, 12), calendar=CALENDAR)
    assert (shown.kind, shown.words) == (kind, words)


def test_a_limit_of_plain_days_counts_rest_days_too() -> None:
    shown = light(at(6, 9), due_at=at(9, 9), warn_at=at(8, 9), calendar=CALENDAR, working=False)
    assert (shown.kind, shown.words) == ("ok", "剩余 3 天")


def test_at_its_moment_a_limit_is_past() -> None:
    before = FRIDAY - timedelta(seconds=1)
    assert light(before, due_at=FRIDAY, warn_at=FRIDAY, calendar=CALENDAR).kind == "ok"
    assert light(FRIDAY, due_at=FRIDAY, warn_at=FRIDAY, calendar=CALENDAR).kind == "overdue"


def test_what_has_ended_says_on_which_local_day() -> None:
    assert done(datetime(2026, 3, 6, 23, 0, tzinfo=ZoneInfo("UTC"))).words == "已办结 2026-03-07"
    assert done(None).words == "已办结"
