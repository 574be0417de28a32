from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import User
from cases.views import ledgers
from tests.factories import World

Read = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def read(client: Client) -> Read:
    """The ledger as somebody sees it; what is given goes into the address."""

    def page(viewer: User, lang: str = "zh-hans", **query: str) -> Any:
        client.force_login(viewer)
        return client.get("/cases/", query, headers={"accept-language": lang})

    return page


def numbers(page: Any) -> list[str]:
    return [case.number for case in page.context["page"].rows]


def test_who_is_not_logged_in_is_sent_to_the_login(world: World, client: Client) -> None:
    assert client.get("/cases/").headers["location"] == "/accounts/login/?next=/cases/"


def test_the_ledger_shows_what_is_in_scope_and_how_many(world: World, read: Read) -> None:
    old, new = world.case("closed"), world.case()
    page = read(world.desk)
    assert set(numbers(page)) == {old.number, new.number}
    text = page.content.decode()
    assert "共 2 件" in text
    assert "已办结 2026-03-02" in text
    assert "剩余 1 个工作日" in text


def test_a_grid_worker_of_another_street_sees_an_empty_ledger(world: World, read: Read) -> None:
    case = world.case()
    page = read(world.other_grid_worker)
    assert numbers(page) == []
    assert case.title not in page.content.decode()
    assert "台账还是空的" in page.content.decode()


def test_filters_narrow_the_list_and_stay_in_the_links(world: World, read: Read) -> None:
    wanted = [world.case("in_progress").number for _ in range(31)]
    other = world.case().number
    first = read(world.desk, state="in_progress", q="路灯", order="pressing")
    assert other not in numbers(first)
    link = (
        f'href="?state=in_progress&amp;q=%E8%B7%AF%E7%81%AF&amp;order=pressing&amp;after={first.context["page"].next}"'
    )
    assert link in first.content.decode()
    second = read(world.desk, state="in_progress", q="路灯", order="pressing", after=first.context["page"].next)
    assert sorted(numbers(first) + numbers(second)) == sorted(wanted)
    assert numbers(read(world.desk, state="in_progress", order="pressing", before=second.context["page"].previous)) == (
        numbers(first)
    )


def test_what_was_asked_for_is_still_in_the_form(world: World, read: Read) -> None:
    text = read(world.desk, q="路灯", source="grid", later_than="5").content.decode()
    assert 'value="路灯"' in text
    assert '<option value="grid" selected>' in text
    assert '<details class="filters__more" open>' in text


def test_folded_filters_stay_folded_when_none_is_used(world: World, read: Read) -> None:
    assert '<details class="filters__more">' in read(world.desk, q="路灯").content.decode()


def test_a_filter_that_cannot_be_read_is_named_and_the_page_is_shown(world: World, read: Read) -> None:
    case = world.case()
    page = read(world.desk, reported_from="gestern", state="reported")
    assert numbers(page) == [case.number]
    assert "输入一个有效的日期" in page.content.decode()


def test_nothing_found_says_why_and_offers_to_clear(world: World, read: Read) -> None:
    world.case()
    text = read(world.desk, q="不存在的词").content.decode()
    assert "没有符合条件的件" in text
    assert 'href="/cases/">清除条件' in text


def test_a_phone_in_full_finds_a_case_without_showing_the_phone(world: World, read: Read) -> None:
    case = world.case(resident=True)
    page = read(world.desk, q="13800138000")
    assert numbers(page) == [case.number]
    text = page.content.decode()
    assert "13800138000" not in text[text.index("<tbody") : text.index("</tbody>")]
    assert numbers(read(world.auditor, q="13800138000")) == []


def test_counting_stops_at_the_bound_and_says_so(world: World, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "MOST_COUNTED", 2)
    for _ in range(3):
        world.report()
    assert "共 2+ 件" in read(world.desk).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(world: World, read: Read, client: Client) -> None:
    def queries(more: int) -> int:
        for _ in range(more):
            world.case("deliberating")
        read(world.desk)
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/cases/")
        assert len(page.context["page"].rows) == (1 if more == 1 else 3)
        return len(seen)

    assert queries(1) == queries(2) <= 11


def test_titles_and_places_are_masked(world: World, read: Read) -> None:
    world.case(title="请回电 13912345678", place="身份证 440101199001011234")
    text = read(world.desk).content.decode()
    assert "13912345678" not in text
    assert "440101199001011234" not in text


def test_the_page_speaks_english_too(world: World, read: Read) -> None:
    world.case()
    page = read(world.desk, lang="en", reported_from="2026-03-02")
    assert page.status_code == 200
    assert 'value="2026-03-02"' in page.content.decode()


def test_only_reading_is_possible(world: World, client: Client) -> None:
    client.force_login(world.desk)
    assert client.post("/cases/").status_code == 405
