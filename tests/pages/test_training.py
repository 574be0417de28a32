"""培训: courses with participants, cases written up and agreed on; 片组邻: who heads a place."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.campaigns import appoint_head
from cases.models import AreaHead, Course, ExemplaryCase, Lecturer, SharingSession, TeachingSite
from cases.terms import AreaLevel
from tests.factories import World, area
from tests.pages.conftest import ZH
from tests.pages.markup import faults
from workflows import training_pages as pages

Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


def new(post: Post, world: World, what: str, **typed: Any) -> Any:
    return post(world.admin, f"/training/{what}/new/", **typed)


def test_an_administrator_enters_what_the_training_consists_of(world: World, read: Post, post: Post) -> None:
    assert new(post, world, "lecturers", name="张教授", organisation="党校", active="on").status_code == 302
    site = {"name": "河长馆", "kind": "ecology", "area": world.street.pk, "active": "on"}
    assert new(post, world, "sites", **site).status_code == 302
    course = {"name": "第一期", "code": "c1", "starts_on": "2026-03-01", "ends_on": "2026-02-28", "modes": ["lecture"]}
    wrong = new(post, world, "courses", **course)
    assert (wrong.status_code, "结束日期不能早于开始日期" in wrong.content.decode()) == (422, True)
    right = course | {"ends_on": "2026-03-03", "lecturers": [Lecturer.objects.get().pk]}
    right |= {"sites": [TeachingSite.objects.get().pk]}
    assert new(post, world, "courses", **right).status_code == 302
    assert new(post, world, "sessions", name="第一场", held_on="2026-03-02", attendance="30").status_code == 302
    page = read(world.grid_worker, "/training/")
    assert faults(page) == []
    for words in ("张教授", "河长馆", "生态文明", "第一期", "第一场"):
        assert words in page
    assert "/edit/" not in page
    assert SharingSession.objects.get().attendance == 30
    for person in (world.chief, world.member):
        assert post(person, "/training/lecturers/new/", name="李").status_code == 403
    for kind in ("courses", "lecturers", "sites", "sessions"):
        assert faults(read(world.admin, f"/training/{kind}/new/")) == []
    read(world.admin, "/training/nothing/new/", 404)


def test_participants_are_added_a_line_each(world: World, read: Post, post: Post, client: Client) -> None:
    Course.objects.create(code="c1", name="第一期", starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 3))
    path = "/training/courses/c1/"
    wrong = post(world.admin, path, lines="张三，街道\n@nobody")
    assert (wrong.status_code, "没有这些账号：nobody" in wrong.content.decode()) == (422, True)
    assert post(world.admin, path, lines="张三，街道\n@member\n李四").status_code == 302
    page = read(world.grid_worker, path)
    assert faults(page) == []
    assert all(words in page for words in ("张三", "陈队员", "李四", "到课 3 人"))
    assert "添加学员" not in page
    course = Course.objects.get()
    row = course.enrolments.get(name="李四")
    assert post(world.grid_worker, f"/training/participants/{row.pk}/", absent="1").status_code == 403
    assert post(world.admin, f"/training/participants/{row.pk}/", absent="1").status_code == 302
    assert "到课 2 人" in read(world.admin, path)
    text = b"".join(client.get(f"{path}?export=csv", headers=ZH).streaming_content)  # type: ignore[attr-defined]
    assert "张三" in text.decode()
    assert post(world.grid_worker, path, lines="王五").status_code == 403


def test_a_closed_case_is_written_up_and_read_when_a_second_person_agreed(world: World, read: Post, post: Post) -> None:
    case = world.case("closed", resident=True)
    write = f"/training/write/{case.number}/"
    assert write in read(world.member, f"/cases/{case.number}/")
    typed = {"title": "一盏灯", "situation": "王小明家门口黑", "done": "换灯", "lesson": "先问居民"}
    wrong = post(world.member, write, **typed)
    assert (wrong.status_code, "里面有来访人的姓名" in wrong.content.decode()) == (422, True)
    assert post(world.member, write, **(typed | {"situation": "门口黑"})).status_code == 302
    row = ExemplaryCase.objects.get()
    path = f"/training/cases/{row.pk}/"
    read(world.supervisor, path, 404)
    assert faults(read(world.member, path)) == []
    assert post(world.member, f"{path}propose/").status_code == 302
    assert "同意发布" not in read(world.member, path)
    assert "同意发布" in read(world.supervisor, path)
    empty = post(world.supervisor, f"{path}send_back/", note="")
    assert empty.status_code == 422
    assert post(world.grid_worker, f"{path}agree/").status_code == 404
    assert post(world.supervisor, f"{path}agree/").status_code == 302
    page = read(world.other_grid_worker, path)
    assert "先问居民" in page
    assert f"/cases/{case.number}/" not in page  # who may not see the case gets no link to it
    assert "一盏灯" in read(world.other_grid_worker, "/training/")
    assert write not in read(world.member, f"/cases/{case.number}/")
    assert path in read(world.desk, f"/cases/{case.number}/")


def test_only_closed_cases_are_written_up(world: World, post: Post) -> None:
    case = world.case("answered")
    assert post(world.member, f"/training/write/{case.number}/", title="x").status_code == 403


def test_heads_are_named_followed_and_ended(world: World, read: Post, post: Post) -> None:
    typed = {"area": world.estate.pk, "name": "老王", "valid_from": "2026-01-01"}
    assert faults(read(world.supervisor, "/heads/")) == []
    both = post(world.supervisor, "/heads/", **typed, user=world.leader.pk)
    assert (both.status_code, "两者填一项" in both.content.decode()) == (422, True)
    assert post(world.supervisor, "/heads/", **typed).status_code == 302
    assert (
        post(
            world.supervisor, "/heads/", area=world.estate.pk, user=world.leader.pk, valid_from="2026-02-01"
        ).status_code
        == 302
    )
    read(world.supervisor, "/heads/")  # what was said to the supervisor
    page = read(world.grid_worker, "/heads/")
    assert "周队长" in page
    assert "老王" not in page
    assert "登记负责人" not in page
    assert "老王" in read(world.grid_worker, "/heads/?history=1")
    case = world.report()
    assert "小区负责人 <b>周队长</b>" in read(world.desk, f"/cases/{case.number}/")
    head = AreaHead.objects.get(user=world.leader)
    assert post(world.grid_worker, f"/heads/{head.pk}/end/").status_code == 403
    assert post(world.supervisor, f"/heads/{head.pk}/end/").status_code == 302
    read(world.supervisor, "/heads/")
    assert "周队长" not in read(world.desk, f"/cases/{case.number}/")
    assert post(world.grid_worker, "/heads/", **typed).status_code == 403
    assert "周队长" not in read(world.other_grid_worker, "/heads/?history=1")


def test_heads_are_found_by_name_or_place_and_come_a_page_at_a_time(world: World, read: Post) -> None:
    day = date(2026, 1, 1)
    for n in range(pages.SHOWN):
        place = area(world.grid, f"B{n:02}", f"{n}栋", AreaLevel.BUILDING)
        AreaHead.objects.create(area=place, name=f"甲{n:02}", valid_from=day)
    AreaHead.objects.create(area=world.other_street, name="远处的人", valid_from=day)
    first = read(world.admin, "/heads/")
    assert first.count("卸任") == pages.SHOWN
    assert "远处的人" not in first
    assert "远处的人" in read(world.admin, "/heads/?page=2")
    for words in ("远处", str(world.other_street)):
        found = read(world.admin, f"/heads/?q={words}")
        assert found.count("卸任") == 1
        assert "远处的人" in found
    assert "没有这样的负责人" in read(world.admin, "/heads/?q=谁也不是")


@pytest.mark.parametrize("path", ["/training/", "/heads/"])
def test_the_lists_cost_the_same_for_one_row_and_for_three(world: World, read: Post, client: Client, path: str) -> None:
    def more(n: int) -> None:
        Course.objects.create(code=f"c{n}", name=f"{n}", starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 3))
        TeachingSite.objects.create(name=f"馆{n}", kind="ecology", area=world.street)
        SharingSession.objects.create(name=f"场{n}", held_on=date(2026, 3, 1))
        place = (world.estate, world.community, world.grid)[n]
        appoint_head(area=place, actor=world.admin, valid_from=date(2026, 1, 1), user=world.leader, now=world.now)

    more(0)
    read(world.admin, path)
    with CaptureQueriesContext(connection) as before:
        client.get(path, headers=ZH)
    more(1)
    more(2)
    with CaptureQueriesContext(connection) as after:
        client.get(path, headers=ZH)
    assert len(before) == len(after)
