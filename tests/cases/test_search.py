"""One box: the number that is meant first, then words of two characters, Latin words, places; nothing beyond scope."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F, Value
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import querysets
from cases.models import Case, PersonAccess, User
from cases.querysets import HoldsTerms
from cases.search import marked, search
from tests.factories import World

pytestmark = pytest.mark.django_db


def numbers(viewer: User, words: str) -> list[str]:
    return [hit.case.number for hit in search(viewer, words).hits]


def plain(pieces: list[tuple[str, bool]]) -> str:
    return "".join(f"[{text}]" if is_mark else text for text, is_mark in pieces)


def test_a_number_is_found_however_it_is_written_and_stands_first(world: World) -> None:
    case = world.report(title="电梯异响")
    other = world.report(title=f"还是 {case.number} 那件事", now=world.now + timedelta(days=1))
    year = case.number[:4]
    for words in (case.number, f" {case.number} ", f"{year}-{case.pk}", str(case.pk)):
        found = numbers(world.auditor, words)
        assert found[0] == case.number, words
    assert numbers(world.auditor, case.number) == [case.number, other.number]
    assert set(numbers(world.auditor, case.number[:8])) >= {case.number, other.number}
    assert search(world.auditor, case.number).hits[0].why == "number"


def test_a_number_of_elsewhere_is_found(world: World) -> None:
    case = world.report(external_ref="12345-AB-77")
    hit = search(world.auditor, "12345-AB-77").hits[0]
    assert (hit.case.pk, hit.why) == (case.pk, "external")


def test_two_characters_latin_words_and_parts_of_them_are_enough(world: World) -> None:
    lamp = world.report(title="路灯不亮", description="东门 LED 路灯坏了，型号 Philips77")
    lift = world.report(title="电梯异响", description="三单元电梯")
    assert numbers(world.auditor, "路灯") == [lamp.number]
    assert numbers(world.auditor, "灯路") == []
    assert numbers(world.auditor, "led") == numbers(world.auditor, "phil") == [lamp.number]
    assert numbers(world.auditor, "路灯 LED") == [lamp.number]
    assert numbers(world.auditor, "三单元电梯") == [lift.number]
    assert numbers(world.auditor, "路灯 电梯") == []
    assert numbers(world.auditor, "梯") == [lift.number]


def test_the_newest_come_first_and_no_more_than_a_page(world: World) -> None:
    made = [world.report(title="井盖缺失", now=world.now + timedelta(hours=n)) for n in range(33)]
    found = search(world.auditor, "井盖")
    assert [hit.case.number for hit in found.hits] == [case.number for case in reversed(made[3:])]
    assert not found.is_all


def test_nothing_beyond_the_scope_is_found(world: World) -> None:
    there = world.report(area=world.other_grid_worker.roles.get().area, actor=world.other_grid_worker, title="井盖缺失")
    assert numbers(world.supervisor, "井盖") == []
    assert numbers(world.supervisor, there.number) == []
    assert numbers(world.auditor, "井盖") == [there.number]
    assert search(world.supervisor, "东湖").areas == []
    assert [a.name for a in search(world.auditor, "东湖").areas] == ["东湖街道", "东湖第一网格"]


def test_a_phone_finds_the_cases_of_its_owner_for_those_who_may_and_tells_nothing_else(world: World) -> None:
    case = world.report(resident=True, description="请打 13800138000")
    assert numbers(world.desk, "138 0013 8000") == [case.number]
    assert search(world.desk, "13800138000").is_phone
    assert numbers(world.auditor, "13800138000") == []  # sees the case, not whose it is
    assert numbers(world.auditor, "1380013800") == numbers(world.desk, "380013800") == []
    (hit,) = search(world.desk, "13800138000").hits
    assert "13800138000" not in plain(hit.title) + plain(hit.snippet)


def test_what_was_looked_for_is_marked_and_private_data_are_masked(world: World) -> None:
    long = "第一段说别的事情，" * 12
    world.report(title="路灯不亮", description=f"{long}东门路灯坏了，电话 13912345678。")
    (hit,) = search(world.auditor, "路灯").hits
    assert plain(hit.title) == "[路灯]不亮"
    assert "东门[路灯]坏了" in plain(hit.snippet)
    assert plain(hit.snippet).startswith("…")
    assert "13912345678" not in plain(hit.snippet)
    assert len(plain(hit.snippet)) < 90
    assert marked("LED 灯", ["led"]) == [("LED", True), (" 灯", False)]
    assert marked("a.b", ["."]) == [("a", False), (".", True), ("b", False)]
    assert marked("", ["x"]) == []


def test_odd_words_find_nothing_and_break_nothing(world: World) -> None:
    world.report()
    for words in ("", " ", "%", "_", "！！", "2026-", "9" * 40, "99999-1", "'", "\0", "٣٣"):
        search(world.auditor, words.replace("\0", ""))
    assert numbers(world.auditor, "%") == []


def test_the_box_stands_on_every_page_and_leads_to_the_hits(world: World, client: Client) -> None:
    case = world.report(title="<b>路灯</b>不亮")
    client.force_login(world.desk)
    zh = {"accept-language": "zh-hans"}
    assert 'action="/search/"' in client.get("/", headers=zh).content.decode()
    html = client.get("/search/", {"q": "路灯"}, headers=zh).content.decode()
    assert "&lt;b&gt;<mark>路灯</mark>&lt;/b&gt;不亮" in html
    assert f'href="/cases/{case.number}/"' in html
    assert "没有找到" in client.get("/search/", {"q": "没有这回事"}, headers=zh).content.decode()
    assert f'href="/cases/?area={world.estate.pk}"' in client.get("/search/", {"q": "平山小区"}).content.decode()
    answer = client.get("/search/", {"q": "长" * 101}, headers=zh)
    assert answer.status_code == 422
    assert "最多 100 个字" in answer.content.decode()
    client.logout()
    assert client.get("/search/", {"q": "路灯"}).status_code == 302


def test_looking_for_a_phone_is_written_down_without_the_number(world: World, client: Client) -> None:
    client.force_login(world.desk)
    client.get("/search/", {"q": "13800138000"})
    row = PersonAccess.objects.get()
    assert (row.kind, row.by, row.details) == ("searched", world.desk, {"phone": "138****8000", "hits": 0})
    client.get("/search/", {"q": "路灯"})
    assert PersonAccess.objects.count() == 1


def test_the_number_of_queries_does_not_grow(world: World, client: Client) -> None:
    client.force_login(world.auditor)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            client.get("/search/", {"q": "路灯"})
        return len(caught)

    world.report(title="路灯不亮")
    queries()
    one = queries()
    for _ in range(2):
        world.report(title="路灯不亮")
    assert queries() == one <= 24


@pytest.mark.pg
def test_words_are_found_by_the_index_and_the_planner_is_free_again(world: World) -> None:
    world.report(title="路灯不亮")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        plan = Case.objects.filter(HoldsTerms(F("search_terms"), Value(["路灯", "不亮"]))).explain()
        assert "case_terms" in plan
        assert Case.objects.all().holding(["路灯"]).count() == 1
        for name in ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan"):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == ("on",)


@pytest.mark.parametrize("few", [0, 2000])
def test_many_hits_and_few_are_the_same_hits(world: World, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(querysets, "FEW", few)
    made = [world.report(title="井盖缺失", now=world.now + timedelta(hours=n)).number for n in range(3)]
    assert numbers(world.supervisor, "井盖") == made[::-1]
    assert Case.objects.all().matching("井盖 缺失").count() == 3
