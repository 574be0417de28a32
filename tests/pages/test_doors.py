"""One row in the book of doors for each way to see, change, enter or take out what is known of people."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.test import Client

from cases.campaigns import appoint_head
from cases.households import Door, enter_households, record_visit, save_household
from cases.models import Course, Household, PersonAccess, Seat
from cases.training import Participant, enrol
from notifications.models import Address
from tests.councils import make_body
from tests.decided import photo
from tests.factories import World
from tests.owners import at, opened, register, vote
from tests.pages.test_imports import matched, worked
from tests.touring import body

Read = Callable[..., str]


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World, settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(world.now, tick=False):
        yield


def rows() -> list[tuple[str, str, str, dict[str, Any]]]:
    """All rows so far: which door, who, where, what."""
    found = PersonAccess.objects.order_by("pk").select_related("by", "area")
    titles = [row.details.pop("title", "") for row in found]
    assert all(titles[n] for n, row in enumerate(found) if row.kind == "exported")
    return [
        (row.kind, row.by.username if row.by else "", row.area.code if row.area else "", row.details) for row in found
    ]


def home(world: World, unit: str = "501") -> Household:
    return save_household(area=world.grid, door=Door(unit, "王小明", "13800138000"), actor=world.admin, now=world.now)


def test_a_household_that_is_entered_seen_or_visited(world: World, read: Read) -> None:
    made = home(world)
    assert rows() == [("changed", "admin", "S1C1E1G1", {"household": made.pk})]
    record_visit(household=made, actor=world.grid_worker, now=world.now, words="孩子上学不便")
    read(world.grid_worker, f"/visits/households/{made.pk}/")
    read(world.supervisor, "/visits/log/")
    assert rows()[1:] == [
        ("household", "grid", "S1C1E1G1", {"household": made.pk}),
        ("household", "supervisor", "", {"list": "visits", "shown": 1}),
    ]
    read(world.other_grid_worker, f"/visits/households/{made.pk}/", 404)
    assert len(rows()) == 3


def test_households_from_a_sheet_by_place_and_only_those_that_were_new_or_changed(world: World) -> None:
    home(world)
    doors = [Door("501", "王小明", "13800138000"), Door("502", "李四"), Door("503", "赵六")]
    given = [*((world.grid, door) for door in doors), (world.estate, Door("门卫"))]
    enter_households(rows=given, actor=world.supervisor, now=world.now)
    assert rows()[1:] == [
        ("entered", "supervisor", "S1C1E1", {"list": "households", "new": 1, "changed": 0}),
        ("entered", "supervisor", "S1C1E1G1", {"list": "households", "new": 2, "changed": 0}),
    ]
    enter_households(rows=[(world.grid, Door("501", "王小红")), *given[1:]], actor=world.supervisor, now=world.now)
    assert rows()[3:] == [("entered", "supervisor", "S1C1E1G1", {"list": "households", "new": 0, "changed": 1})]
    enter_households(rows=given[1:], actor=world.supervisor, now=world.now)
    with pytest.raises(PermissionDenied):
        enter_households(rows=given, actor=world.contact, now=world.now)
    assert len(rows()) == 4


def test_what_is_taken_back_leaves_no_row_and_no_row_leaves_nothing(world: World) -> None:
    with transaction.atomic():
        home(world)
        transaction.set_rollback(True)
    assert (rows(), Household.objects.count()) == ([], 0)
    home(world)
    with pytest.raises(ValidationError):
        home(world)
    assert len(rows()) == 1


def test_heads_and_participants_who_are_named_and_taken_out(world: World, client: Client) -> None:
    head = appoint_head(area=world.street, actor=world.chief, valid_from=date(2026, 1, 1), name="老王", now=world.now)
    course = Course.objects.create(code="c1", name="第一期", starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 2))
    for _twice in range(2):
        enrol(course=course, people=[Participant(name="张三")], actor=world.admin, now=world.now)
    client.force_login(world.grid_worker)
    assert client.get("/heads/?history=1&export=csv").status_code == 200
    assert b"xl/workbook.xml" in body(client.get("/training/courses/c1/?export=xlsx"))
    assert rows() == [
        ("changed", "chief", "S1", {"list": "heads", "key": head.pk}),
        ("entered", "admin", "", {"list": "participants", "new": 1}),
        ("exported", "grid", "", {"list": "heads", "query": "history=1"}),
        ("exported", "grid", "", {"list": "participants", "query": ""}),
    ]


def test_a_ledger_that_comes_in_with_residents_and_the_report_on_it(world: World, client: Client) -> None:
    client.force_login(world.desk)
    lines = "标题,上报时间,来访人,电话\n灯,2026-01-05 09:00,王小明,13800138000\n路,2026-01-05 09:00,,\n"
    ledger = matched(client, lines, world)
    assert b"xl/workbook.xml" in body(client.get(f"/imports/{ledger.pk}/report.xlsx"))
    assert rows() == [("exported", "desk", "", {"list": "import-report", "query": ""})]
    client.post(f"/imports/{ledger.pk}/load/", {"rows": "all"})
    worked(ledger, world)
    assert rows()[1:] == [("entered", "desk", "S1", {"list": "cases", "key": ledger.pk, "new": 1})]
    nobody = matched(client, "标题,上报时间\n树,2026-01-05 09:00\n", world)
    client.post(f"/imports/{nobody.pk}/load/", {"rows": "all"})
    worked(nobody, world)
    assert len(rows()) == 2


def test_owners_and_the_papers_of_their_ballot(world: World, client: Client, tmp_path: Path) -> None:
    register(world, tmp_path, "1-1-101,张三丰,A1,85.3,不动产登记,13912345678")
    client.force_login(world.secretary)
    code = world.estate.code
    assert client.get(f"/councils/registers/{code}/?q=101&export=csv").status_code == 200
    assert [row[:3] for row in rows()] == [("changed", "secretary", code), ("exported", "secretary", code)]
    poll = opened(world)
    vote(world, poll, 1, "for", scan=photo("white"))
    ballot = poll.ballots.get()
    path = f"/councils/owners-ballots/{poll.pk}/papers/{ballot.pk}/scan/"
    with time_machine.travel(at(world, 1), tick=False):
        client.force_login(world.secretary)
        assert body(client.get(path)).startswith(b"\xff\xd8")
        client.force_login(world.grid_worker)
        assert client.get(path).status_code == 404
    assert rows()[2:] == [("scan", "secretary", code, {"poll": poll.pk, "ballot": ballot.pk})]


def test_a_phone_that_is_looked_for_in_the_ledger(world: World, client: Client) -> None:
    world.report(resident=True)
    client.force_login(world.desk)
    assert client.get("/cases/?q=路灯").status_code == 200
    assert rows() == []
    assert client.get("/cases/?q=138 0013 8000").status_code == 200
    assert rows() == [("searched", "desk", "", {"phone": "138****8000", "hits": 1})]
    assert client.get("/ledger/csv/?q=13800138000").status_code == 200
    assert rows()[1:] == [("exported", "desk", "", {"list": "ledger", "query": "q=138****8000"})]


def test_what_administrators_change_of_people_and_take_out(world: World, client: Client) -> None:
    seat = make_body(world).chair
    world.admin.is_staff = True
    world.admin.save()
    client.force_login(world.admin)
    typed = {"party": seat.party_id, "name": "改名", "role": "chair", "has_vote": "on", "valid_from": "2020-01-01"}
    assert client.post(f"/admin/cases/seat/{seat.pk}/change/", typed).status_code == 302
    assert Seat.objects.get(pk=seat.pk).name == "改名"
    number = {"user": world.member.pk, "channel": "sms", "new_value": "13911112222"}
    assert client.post("/admin/notifications/address/add/", number).status_code == 302
    address = Address.objects.get()
    assert client.post(f"/admin/notifications/address/{address.pk}/delete/", {"post": "yes"}).status_code == 302
    assert client.get("/admin/cases/user/?q=陈&export=csv").status_code == 200
    assert client.get("/admin/cases/team/?export=csv").status_code == 200  # names nobody
    assert rows() == [
        ("changed", "admin", "", {"list": "seat", "key": seat.pk}),
        ("changed", "admin", "", {"list": "address", "key": address.pk}),
        ("changed", "admin", "", {"list": "address", "key": address.pk}),
        ("exported", "admin", "", {"list": "user", "query": "q=陈"}),
    ]


def test_the_book_says_what_each_row_was_about(world: World, read: Read) -> None:
    home(world)
    enter_households(rows=[(world.grid, Door("502"))], actor=world.admin, now=world.now)
    appoint_head(area=world.street, actor=world.chief, valid_from=date(2026, 1, 1), name="老王", now=world.now)
    page = read(world.auditor, "/audit/accesses/")
    for words in ("更改个人信息", "批量录入个人信息", "住户 · 新增 1，更改 0", "片组邻负责人 ", "住户 "):
        assert words in page
    assert "老王" not in page
