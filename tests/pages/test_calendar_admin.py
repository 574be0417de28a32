"""Calendars in the admin: a change is published at once, revisions are only read, a team may have its own."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from cases.models import CaseEvent, Team, User
from tests.factories import SHANGHAI, World
from workflows.commands.calendar import publish_calendar
from workflows.models import Calendar, CalendarRevision, Clock, TeamCalendar

ZH = {"accept-language": "zh-hans"}
DECEMBER = datetime(2026, 12, 22, 9, tzinfo=SHANGHAI)


def opened(person: User) -> Client:
    person.is_staff = True
    person.save()
    client = Client(headers=ZH)
    client.force_login(person)
    return client


def change(world: World, **more: str) -> Any:
    given = {
        "code": "cn", "name": "国家法定工作日", "zone": "Asia/Shanghai", "weekdays": "[1, 2, 3, 4, 5]",
        "periods": '[["08:30", "12:00"], ["14:00", "17:30"]]', "years-TOTAL_FORMS": "0", "years-INITIAL_FORMS": "0",
        "days-TOTAL_FORMS": "0", "days-INITIAL_FORMS": "0",
    }  # fmt: skip
    path = f"/admin/workflows/calendar/{world.calendar.pk}/change/"
    with time_machine.travel(DECEMBER, tick=False):
        return opened(world.admin).post(path, given | more, follow=True)


def test_a_day_that_an_administrator_adds_moves_limits_at_once_and_is_told(world: World) -> None:
    case = world.case("in_progress", now=DECEMBER)
    day = {
        "days-TOTAL_FORMS": "1",
        "days-0-date": "2026-12-25",
        "days-0-name": "雪天",
        "days-0-calendar": str(world.calendar.pk),
    }
    page = change(world, source="区政府通知", **day)
    assert "已发布日历第 2 版：改动 2 个时限" in page.content.decode()
    assert CalendarRevision.objects.get(number=2).source == "区政府通知"
    assert CaseEvent.objects.filter(case=case, type="clock.recomputed").count() == 1


def test_saving_a_calendar_that_did_not_change_publishes_nothing(world: World) -> None:
    page = change(world)
    assert (page.status_code, CalendarRevision.objects.count()) == (200, 1)
    assert "已发布" not in page.content.decode()


def test_a_change_without_grounds_names_who_made_it(world: World) -> None:
    change(world, periods='[["09:00", "12:00"]]')
    assert CalendarRevision.objects.get(number=2).source == "后台修改（管理员）"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("zone", "Mars/Olympus", "没有这个时区"),
        ("periods", '[["12:00", "08:30"]]', "作息时段须为按先后排列的成对时刻"),
        ("periods", '[["08:30", "12:00"], ["11:00", "17:30"]]', "作息时段须为按先后排列的成对时刻"),
        ("periods", '[["22:00", "25:00"]]', "作息时段须为按先后排列的成对时刻"),
        ("weekdays", "[0, 1]", "上班的星期须为"),
        ("weekdays", "[8]", "上班的星期须为"),
    ],
)
def test_what_no_calendar_can_be_made_of_is_refused(world: World, field: str, value: str, said: str) -> None:
    page = change(world, **{field: value})
    assert said in page.content.decode()
    assert CalendarRevision.objects.count() == 1


def test_revisions_are_read_and_never_changed(world: World) -> None:
    client, revision = opened(world.admin), CalendarRevision.objects.get()
    assert "测试" in client.get("/admin/workflows/calendarrevision/").content.decode()
    path = f"/admin/workflows/calendarrevision/{revision.pk}/"
    assert client.get(f"{path}change/").status_code == 200
    assert client.post(f"{path}change/", {"source": "x"}).status_code == 403
    assert client.get(f"{path}delete/").status_code == 403
    assert client.get("/admin/workflows/calendarrevision/add/").status_code == 403


def test_a_team_gets_a_calendar_of_its_own_and_loses_it_again(world: World) -> None:
    night = Calendar.objects.create(code="night", name="夜班", periods=[["00:00", "06:00"], ["22:00", "24:00"]])
    publish_calendar(night, source="夜班", now=world.now)
    client = opened(world.admin)
    client.post("/admin/workflows/teamcalendar/add/", {"team": world.team.pk, "calendar": night.pk})
    case = world.case("dispatched", now=DECEMBER)
    assert Clock.objects.get(case=case, kind="sign").calendar == night
    path = f"/admin/workflows/teamcalendar/{TeamCalendar.objects.get().pk}/delete/"
    assert client.post(path, {"post": "yes"}).status_code == 302
    world.team = Team.objects.get(pk=world.team.pk)  # as the next request reads it
    assert Clock.objects.get(case=world.case("dispatched", now=DECEMBER), kind="sign").calendar == world.calendar
