"""`add_working_time`: moments checked by hand, what was counted, and answers where there is no database at all."""

import json
from datetime import date, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.db.models import QuerySet

from tests.factories import NOW, World
from workflows.commands.calendar import publish_calendar
from workflows.models import Calendar, CalendarDay
from workflows.seed import seed_calendar

pytestmark = pytest.mark.django_db


def run(*asked: str) -> Any:
    out = StringIO()
    call_command("add_working_time", *asked, "--json", stdout=out)
    return json.loads(out.getvalue())


def printed(*asked: str) -> str:
    out = StringIO()
    call_command("add_working_time", *asked, stdout=out)
    return out.getvalue()


@pytest.fixture
def seeded() -> None:
    seed_calendar(range(2025, 2028), now=NOW)


def test_eight_hours_on_a_friday_end_on_the_make_up_saturday(seeded: None) -> None:
    found = run("2026-02-13T16:00+08:00", "8h")
    assert found == {
        "start": "2026-02-13T16:00:00+08:00",
        "amount": "8h",
        "unit": "working_hours",
        "due_at": "2026-02-14T17:00:00+08:00",
        "calendar": "cn",
        "revision": 1,
        "intervals": [
            {"from": "2026-02-13T16:00:00+08:00", "to": "2026-02-13T17:30:00+08:00", "seconds": 5400, "total": 5400},
            {"from": "2026-02-14T08:30:00+08:00", "to": "2026-02-14T12:00:00+08:00", "seconds": 12600, "total": 18000},
            {"from": "2026-02-14T14:00:00+08:00", "to": "2026-02-14T17:00:00+08:00", "seconds": 10800, "total": 28800},
        ],
        "skipped": [],
        "provisional": [],
    }


def test_three_days_before_the_national_holiday_end_on_the_tenth_of_october(seeded: None) -> None:
    found = run("2026-09-30T10:00+08:00", "3d")
    assert (found["due_at"], found["unit"]) == ("2026-10-10T17:30:00+08:00", "working_days")
    assert found["intervals"] == [
        {"date": "2026-10-08", "n": 1},
        {"date": "2026-10-09", "n": 2},
        {"date": "2026-10-10", "n": 3},
    ]
    assert [day["date"] for day in found["skipped"]] == [f"2026-10-0{n}" for n in range(1, 8)]
    assert [day["why"] for day in found["skipped"][:4]] == ["国庆节", "国庆节", "周六", "周日"]
    assert found["provisional"] == []


def test_the_plain_answer_can_be_checked_with_a_pencil(seeded: None) -> None:
    assert printed("2026-02-13T16:00+08:00", "8h").splitlines() == [
        "到期：2026-02-14 周六 17:00",
        "自 2026-02-13 周五 16:00 起，计入的工作时间：",
        "  2026-02-13 周五 16:00–17:30 1:30，累计 1:30",
        "  2026-02-14 周六 08:30–12:00 3:30，累计 5:00",
        "  2026-02-14 周六 14:00–17:00 3:00，累计 8:00",
        "日历：cn 第 1 版。",
    ]
    days = printed("2026-09-30T10:00+08:00", "3d")
    for words in (
        "2026-10-01 周四 不计：国庆节",
        "2026-10-03 周六 不计：周六",
        "2026-10-10 周六 第 3 个工作日（调休补班）",
    ):
        assert words in days


def test_a_year_without_a_notice_is_said_to_be_provisional(seeded: None) -> None:
    for asked in (("2026-12-31T16:00", "8h"), ("2026-12-30T16:00", "3d")):
        assert run(*asked)["provisional"] == [2027]
        assert "暂定：2027 年的放假通知还没有录入" in printed(*asked)
    assert "暂定" not in printed("2026-12-30T16:00", "1d")


@pytest.mark.parametrize(
    ("amount", "due"),
    [
        ("30m", "2026-03-02T09:30"),
        ("1h30m", "2026-03-02T10:30"),
        ("210m", "2026-03-02T14:30"),
        ("1d", "2026-03-03T17:30"),
    ],
)
def test_amounts_are_minutes_hours_or_days(seeded: None, amount: str, due: str) -> None:
    assert run("2026-03-02T09:00", amount)["due_at"] == f"{due}:00+08:00"


def test_a_moment_of_another_zone_is_the_same_moment_here(seeded: None) -> None:
    found = run("2026-03-02T01:00+00:00", "30m")
    assert datetime.fromisoformat(found["due_at"]) == datetime.fromisoformat("2026-03-02T09:30+08:00")


def test_seconds_are_kept(seeded: None) -> None:
    assert run("2026-03-02T09:00:20", "30m")["due_at"] == "2026-03-02T09:30:20+08:00"
    assert "09:00:20–09:30:20 0:30" in printed("2026-03-02T09:00:20", "30m")


def test_another_calendar_counts_by_its_own_hours(world: World) -> None:
    night = Calendar.objects.create(
        code="night", name="夜班", weekdays=[1, 2, 3, 4, 5, 6, 7], periods=[["00:00", "06:00"], ["22:00", "24:00"]]
    )
    CalendarDay.objects.create(calendar=night, date=date(2026, 3, 4), is_working=False, name="轮休")
    publish_calendar(night, source="夜班", now=NOW)
    found = run("2026-03-03T23:00", "2h", "--calendar", "night")
    assert (found["due_at"], found["calendar"]) == ("2026-03-05T01:00:00+08:00", "night")
    assert found["skipped"] == [{"date": "2026-03-04", "why": "轮休"}]
    assert "23:00–24:00 1:00，累计 1:00" in printed("2026-03-03T23:00", "2h", "--calendar", "night")


def test_without_any_calendar_the_one_that_comes_along_is_used_and_said(db: None) -> None:
    found = run("2026-02-13T16:00+08:00", "8h")
    assert (found["due_at"], found["revision"]) == ("2026-02-14T17:00:00+08:00", None)
    assert "按程序自带的日历（cn）计算" in printed("2026-02-13T16:00+08:00", "8h")
    assert run("2026-12-31T16:00", "8h")["provisional"] == [2027]


def test_without_tables_it_answers_too(seeded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_table(*_args: Any, **_kwargs: Any) -> None:
        raise DatabaseError("no such table: workflows_calendar")

    monkeypatch.setattr(QuerySet, "first", no_such_table)
    assert run("2026-09-30T10:00+08:00", "3d")["due_at"] == "2026-10-10T17:30:00+08:00"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("gestern", "8h"), "看不懂的时刻“gestern”：请写成 2026-02-13T16:00"),
        (("2026-02-30T16:00", "8h"), "看不懂的时刻"),
        (("2026-03-02T09:00", "8"), "看不懂的时长“8”：请写成 8h、30m、1h30m（工作时）或 3d（工作日）"),
        (("2026-03-02T09:00", "0d"), "至少为 1"),
        (("2026-03-02T09:00", "0h"), "至少为 1"),
        (("2026-03-02T09:00", ""), "看不懂的时长"),
        (("2026-03-02T09:00", "1d2h"), "看不懂的时长"),
        (("2026-03-02T09:00", "99999d"), "日历只有 2000-01-01 至 2045-12-31"),
        (("1970-01-01T09:00", "1h"), "日历只有 2000-01-01 至 2045-12-31"),
        (("0001-01-01T00:00", "1d"), "日历只有 2000-01-01 至 2045-12-31"),
        (("2026-03-02T09:00", "8h", "--calendar", "zz"), "没有代码为 zz 的日历，请写现有的：cn"),
    ],
)
def test_what_cannot_be_answered_says_in_one_line_what_to_write(
    seeded: None, asked: tuple[str, ...], said: str
) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        printed(*asked)
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
