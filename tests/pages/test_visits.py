"""走访: my households, a visit in few taps, a case from it; for supervisors how many are reached."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.campaign_terms import VisitWay
from cases.households import Door, assign_contact, record_visit, save_household
from cases.models import Case, Household, HouseholdContact, Visit
from tests.factories import NOW, World
from tests.pages.conftest import ZH
from tests.pages.markup import faults
from workflows.visit_pages import PAGE

Post = Callable[..., Any]
DAY = NOW.date()


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


def door(world: World, unit: str = "2 单元 501", *, kept: bool = True) -> Household:
    home = save_household(area=world.grid, door=Door(unit, "王小明", "13800138000"), actor=world.admin, now=world.now)
    if kept:
        assign_contact(households=[home], user=world.contact, actor=world.admin, valid_from=DAY)
    return home


def test_who_was_not_visited_for_longest_comes_first(world: World, read: Post, client: Client) -> None:
    seen, never, long_ago = (door(world, unit) for unit in ("A", "B", "C"))
    record_visit(household=seen, actor=world.contact, now=NOW)
    record_visit(household=long_ago, actor=world.contact, now=NOW, visited_on=DAY - timedelta(days=40))
    record_visit(household=never, actor=world.contact, now=NOW, way=VisitWay.NOBODY)
    page = read(world.contact, "/visits/")
    assert faults(page) == []
    places = [page.index(f"/visits/households/{home.pk}/") for home in (never, long_ago, seen)]
    assert places == sorted(places)
    assert "40 天前" in page
    assert "还没走访过" in page
    assert "王**" in page
    with CaptureQueriesContext(connection) as before:
        client.get("/visits/", headers=ZH)
    door(world, "D")
    door(world, "E")
    with CaptureQueriesContext(connection) as after:
        client.get("/visits/", headers=ZH)
    assert len(before) == len(after)


def test_a_visit_takes_two_taps_and_is_kept_once(world: World, read: Post, post: Post) -> None:
    home = door(world, "501")
    path = f"/visits/households/{home.pk}/"
    page = read(world.contact, path)
    assert faults(page) == []
    typed = {"way": "home", "visited_on": "2026-03-02", "words": "电话 13800138000", "draft_id": "d1"}
    assert post(world.contact, path, **typed).status_code == 302
    assert post(world.contact, path, **typed).status_code == 302
    assert Visit.objects.count() == 1
    assert "138****8000" in read(world.contact, path)
    late = post(world.contact, path, **(typed | {"visited_on": "2026-03-03", "draft_id": "d2"}))
    assert (late.status_code, "走访日期不能晚于今天" in late.content.decode()) == (422, True)
    assert "电话 13800138000" in late.content.decode()  # what was typed is still there
    assert post(world.supervisor, path, **typed).status_code == 403
    assert post(world.other_grid_worker, path, **typed).status_code == 404


def test_a_case_is_raised_from_a_visit_with_what_is_known(world: World, read: Post, post: Post) -> None:
    home = door(world, "501")
    answer = post(
        world.contact, f"/visits/households/{home.pk}/", way="home", visited_on="2026-03-02", words="楼道灯不亮",
        draft_id="d1", **{"raise": "1"},
    )  # fmt: skip
    visit = Visit.objects.get()
    assert answer["Location"] == f"/report/?visit={visit.pk}"
    page = read(world.contact, answer["Location"])
    assert faults(page) == []
    assert "来访人是这户：王** 138****8000 501" in page
    assert "楼道灯不亮" in page
    typed = {"description": "楼道灯不亮", "area": world.grid.pk, "priority": "normal", "visit": visit.pk}
    assert post(world.contact, "/report/", of_household="on", **typed).status_code == 302
    case = Case.objects.get()
    assert (case.source, case.reporter and case.reporter.name) == ("household", "王小明")
    assert list(visit.cases.all()) == [case]
    assert f"/visits/households/{home.pk}/" in read(world.contact, f"/cases/{case.number}/")
    assert f"/visits/households/{home.pk}/" not in read(world.desk, f"/cases/{case.number}/")
    assert case.number in read(world.contact, f"/visits/households/{home.pk}/")


def test_nobody_raises_a_case_from_the_visit_of_another(world: World, read: Post, post: Post) -> None:
    visit = record_visit(household=door(world, "501"), actor=world.contact, now=NOW, words="悄悄话")
    assert "悄悄话" not in read(world.grid_worker, f"/report/?visit={visit.pk}")
    typed = {"description": "灯", "area": world.grid.pk, "priority": "normal", "visit": visit.pk}
    assert post(world.grid_worker, "/report/", **typed).status_code == 302
    assert not visit.cases.exists()


def test_a_supervisor_sees_how_many_are_reached(world: World, read: Post) -> None:
    record_visit(household=door(world, "A"), actor=world.contact, now=NOW)
    door(world, "B", kept=False)
    page = read(world.supervisor, "/visits/")
    assert faults(page) == []
    for words in ("平山小区", "50.0%", "登记在住的住户"):
        assert words in page
    read(world.member, "/visits/", 403)
    assert "联系和走访覆盖" not in read(world.contact, "/visits/")


def test_households_are_entered_and_given_to_contacts(world: World, read: Post, post: Post) -> None:
    assert faults(read(world.grid_worker, "/visits/households/new/")) == []
    typed = {"area": world.grid.pk, "unit": "2单元501", "head_name": "王小明", "phone": "13800138000", "active": "on"}
    assert post(world.grid_worker, "/visits/households/new/", **typed).status_code == 302
    again = post(world.grid_worker, "/visits/households/new/", **typed)
    assert (again.status_code, "这个门牌已经登记过了" in again.content.decode()) == (422, True)
    home = Household.objects.get()
    edit = f"/visits/households/{home.pk}/edit/"
    assert "王小明" not in read(world.grid_worker, edit)
    post(world.grid_worker, edit, area=world.grid.pk, unit="2单元502", active="on")
    home.refresh_from_db()
    assert (home.unit, home.head_name) == ("2单元502", "王小明")  # left empty: as it was
    listed = "/visits/households/"
    assert faults(read(world.supervisor, listed)) == []
    none = post(world.supervisor, listed, user=world.contact.pk, valid_from="2026-03-02")
    assert (none.status_code, "请先勾选住户" in none.content.decode()) == (422, True)
    given = {"households": [home.pk], "user": world.contact.pk, "valid_from": "2026-03-01"}
    assert post(world.supervisor, listed, **given).status_code == 302
    contact = HouseholdContact.objects.get()
    assert post(world.contact, f"/visits/contacts/{contact.pk}/end/").status_code == 403
    assert post(world.supervisor, f"/visits/contacts/{contact.pk}/end/").status_code == 302
    contact.refresh_from_db()
    assert contact.valid_to == DAY
    read(world.contact, listed, 403)


def test_the_log_is_narrowed_and_exported_masked(world: World, read: Post, client: Client) -> None:
    home = door(world, "501")
    record_visit(household=home, actor=world.contact, now=NOW, words="电话 13800138000")
    record_visit(household=home, actor=world.contact, now=NOW, visited_on=DAY - timedelta(days=9), words="很久以前")
    page = read(world.supervisor, "/visits/log/?since=2026-03-01")
    assert faults(page) == []
    assert "很久以前" not in page
    answer = client.get("/visits/log/?since=2026-03-01&export=csv", headers=ZH)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "138****8000" in text
    assert "很久以前" not in text
    assert "501" not in read(world.other_grid_worker, "/visits/log/")


def sheet(*lines: str) -> SimpleUploadedFile:
    head = "区域,门牌,户主姓名,电话,联系人账号"
    return SimpleUploadedFile("homes.csv", "\n".join([head, *lines]).encode(), "text/csv")


def test_a_sheet_of_households_is_taken_whole_or_not_at_all(world: World, read: Post, post: Post) -> None:
    path = "/visits/households/import/"
    assert faults(read(world.supervisor, path)) == []
    read(world.contact, path, 403)
    wrong = sheet("S1C1E1G1,501,王小明,13800138000,contact", "S9,502,,123,nobody", "S1C1E1G1,501,,,")
    answer = post(world.supervisor, path, file=wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not Household.objects.exists()
    for words in ("有 4 处需要改正", "没有这个区域代码", "请核对电话号码", "没有这个账号", "和第 2 行重复"):
        assert words in page
    assert faults(page) == []
    right = sheet("S1C1E1G1,501,王小明,13800138000,contact", "和平区 · 梅园街道 · 平山社区 · 平山小区,502,,,")
    assert post(world.supervisor, path, file=right).status_code == 302
    assert {(row.unit, row.head_name) for row in Household.objects.all()} == {("501", "王小明"), ("502", "")}
    assert HouseholdContact.objects.get().household.unit == "501"
    bare = post(world.supervisor, path, file=SimpleUploadedFile("x.csv", "楼,门\n1,2\n".encode(), "text/csv"))
    assert (bare.status_code, "找不到这些列：区域、门牌" in bare.content.decode()) == (422, True)
    assert post(world.supervisor, path).status_code == 422


def test_the_template_has_the_columns(world: World, client: Client) -> None:
    client.force_login(world.admin)
    answer = client.get("/visits/households/template.xlsx")
    assert answer.content.startswith(b"PK")


def test_households_and_visits_come_fifty_at_a_time(world: World, read: Post) -> None:
    homes = [door(world, f"{n:03}") for n in range(PAGE + 1)]
    last = homes[-1]
    for home in homes:
        record_visit(household=home, actor=world.contact, now=NOW, words=f"第 {home.unit} 户")
    first, second = (read(world.supervisor, f"/visits/households/?page={n}") for n in (1, 2))
    assert (first.count('name="households"'), second.count('name="households"')) == (PAGE, 1)
    assert f"/visits/households/{last.pk}/" not in first
    assert f"/visits/households/{last.pk}/" in second
    assert "page=2" in first
    told = [read(world.supervisor, f"/visits/log/?page={n}") for n in (1, 2)]
    assert ["第 000 户" in page for page in told] == [False, True]


def test_the_log_links_only_the_cases_that_the_reader_may_open(world: World, read: Post) -> None:
    visit = record_visit(household=door(world, "501"), actor=world.contact, now=NOW, words="灯不亮")
    case = world.report(actor=world.contact)
    visit.cases.add(case)
    link = f'href="/cases/{case.number}/"'
    assert link in read(world.supervisor, "/visits/log/")
    page = read(world.admin, "/visits/log/")
    assert case.number in page
    assert link not in page


def test_a_page_of_the_log_takes_as_many_queries_whatever_its_length(world: World, client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/visits/log/").status_code == 200
        return len(captured)

    client.force_login(world.supervisor)
    record_visit(household=door(world, "1"), actor=world.contact, now=NOW).cases.add(world.report())
    client.get("/visits/log/")
    few = queries()
    for n in range(2, 9):
        record_visit(household=door(world, str(n)), actor=world.contact, now=NOW).cases.add(world.report())
    assert queries() == few
