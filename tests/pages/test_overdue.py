from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Area, Case, CaseEvent, User
from cases.terms import EventType
from tests.factories import World
from workflows.commands import handling

Read = Callable[..., Any]
TWO_WEEKS = timedelta(days=15)  # handling takes ten working days


@pytest.fixture(autouse=True)
def two_weeks_later(world: World) -> Iterator[None]:
    with time_machine.travel(world.now + TWO_WEEKS, tick=False):
        yield


@pytest.fixture
def read(client: Client) -> Read:
    """The list as somebody sees it; what is given goes into the address."""

    def page(viewer: User, lang: str = "zh-hans", **query: str) -> Any:
        client.force_login(viewer)
        return client.get("/overdue/", query, headers={"accept-language": lang})

    return page


def numbers(page: Any) -> list[str]:
    return [row.case.number for row in page.context["rows"]]


def urged(case: Case) -> list[str]:
    return [event.data["words"] for event in CaseEvent.objects.filter(case=case, type=EventType.URGED)]


def test_a_late_case_says_how_late_whose_and_which_limit(world: World, read: Read) -> None:
    case = world.case("in_progress")
    text = read(world.supervisor).content.decode()
    row = text[text.index("<tbody data-keys") :]
    for words in (
        "超期 1 个工作日",
        case.title,
        "处置中",
        case.number,
        "处置时限",
        "2026-03-16 17:30",
        "平山小区工作队 · 陈队员",
    ):
        assert words in row


def test_a_case_with_two_late_limits_is_one_row_by_the_one_that_was_due_first(world: World, read: Read) -> None:
    case = world.case()  # its acceptance is late, and so is the whole
    with time_machine.travel(world.now + timedelta(days=40), tick=False):
        page = read(world.supervisor)
    assert numbers(page) == [case.number]
    assert [row.clock.kind for row in page.context["rows"]] == ["accept"]
    assert (page.context["overdue"], page.context["soon"]) == (1, 0)


def test_near_ones_are_listed_after_late_ones_and_fresh_ones_not_at_all(world: World, read: Read) -> None:
    late = world.case()
    near = world.case("in_progress", now=world.now + timedelta(days=2))
    world.case(now=world.now + TWO_WEEKS)
    page = read(world.supervisor)
    assert numbers(page) == [late.number, near.number]
    assert [row.light.kind for row in page.context["rows"]] == ["overdue", "soon"]
    assert numbers(read(world.supervisor, limit="overdue")) == [late.number]
    assert numbers(read(world.supervisor, limit="soon")) == [near.number]


def test_what_waits_is_not_late(world: World, read: Read) -> None:
    world.case("deliberating")
    kinds = [row.clock.kind for row in read(world.supervisor).context["rows"]]
    assert "handle" not in kinds


def test_units_are_counted_and_each_opens_its_own(world: World, read: Read) -> None:
    at_team, at_desk = world.case("in_progress"), world.case()
    units = {unit.name: unit for unit in read(world.supervisor).context["units"]}
    assert {name: unit.total for name, unit in units.items()} == {"平山小区工作队": 1, "受理员": 1}
    assert numbers(read(world.supervisor, unit=units["平山小区工作队"].key)) == [at_team.number]
    assert numbers(read(world.supervisor, unit=units["受理员"].key)) == [at_desk.number]


def test_a_case_at_its_council_is_counted_there(world: World, read: Read) -> None:
    case = world.case("deliberating")
    with time_machine.travel(world.now + timedelta(days=60), tick=False):
        page = read(world.supervisor, unit=f"council-{world.council.pk}")
    assert numbers(page) == [case.number]
    assert page.context["unit"].name == "平山小区四方议事会"


@pytest.mark.parametrize("unit", ["team-x", "team-99999999999999999999", "role-nobody", "-", "x"])
def test_a_unit_that_is_not_understood_narrows_nothing(world: World, read: Read, unit: str) -> None:
    case = world.case()
    assert numbers(read(world.supervisor, unit=unit)) == [case.number]


@pytest.mark.parametrize(
    ("viewer", "status"),
    [("supervisor", 200), ("chief", 200), ("desk", 200), ("auditor", 200), ("member", 403), ("grid_worker", 403)],
)
def test_the_list_is_for_those_who_watch(world: World, read: Read, viewer: str, status: int) -> None:
    assert read(getattr(world, viewer)).status_code == status


@pytest.mark.parametrize("viewer", ["desk", "auditor"])
def test_who_only_reads_has_nothing_to_tick(world: World, read: Read, client: Client, viewer: str) -> None:
    case = world.case()
    assert 'type="checkbox" name="case"' not in read(getattr(world, viewer)).content.decode()
    assert client.post("/overdue/", {"case": [case.pk], "words": "请抓紧"}).status_code == 403
    assert urged(case) == []


def test_several_are_urged_at_once(world: World, client: Client) -> None:
    cases = [world.case("in_progress"), world.case()]
    client.force_login(world.supervisor)
    sent = {"case": [case.pk for case in cases], "words": "请抓紧办理"}
    answer = client.post("/overdue/?limit=overdue", sent, headers={"accept-language": "zh-hans"}, follow=True)
    assert answer.redirect_chain == [("/overdue/?limit=overdue", 302)]
    assert "已催办 2 件" in answer.content.decode()
    assert [urged(case) for case in cases] == [["请抓紧办理"], ["请抓紧办理"]]


def test_one_that_has_ended_meanwhile_is_named_and_the_others_are_urged(world: World, client: Client) -> None:
    ended, late = world.case("rejected"), world.case()
    client.force_login(world.supervisor)
    sent = {"case": [ended.pk, late.pk], "words": "请抓紧"}
    text = client.post("/overdue/", sent, headers={"accept-language": "zh-hans"}, follow=True).content.decode()
    assert "已催办 1 件" in text
    assert f"没有催办：{ended.number}" in text
    assert urged(late) == ["请抓紧"]


@pytest.mark.parametrize(
    ("words", "picks", "said"),
    [("", 1, "请写明催办意见"), ("请抓紧", 0, "请先在列表里选择"), ("请抓紧", 21, "一次最多催办 20 件")],
)
def test_what_cannot_be_sent_says_why_and_keeps_words_and_ticks(
    world: World, client: Client, words: str, picks: int, said: str
) -> None:
    cases = [world.report() for _ in range(max(picks, 1))]
    client.force_login(world.supervisor)
    sent = {"case": [case.pk for case in cases[:picks]], "words": words}
    answer = client.post("/overdue/", sent, headers={"accept-language": "zh-hans"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert text.count(" checked><span") == picks
    assert words in text
    assert [urged(case) for case in cases] == [[]] * len(cases)


def test_a_case_out_of_scope_cannot_be_urged(world: World, client: Client) -> None:
    elsewhere = world.case(area=Area.objects.get(code="S2G1"), actor=world.other_grid_worker)
    client.force_login(world.supervisor)
    assert client.post("/overdue/", {"case": [elsewhere.pk], "words": "请抓紧"}).status_code == 422
    assert urged(elsewhere) == []


def test_the_number_of_queries_does_not_grow_with_the_rows(world: World, read: Read, client: Client) -> None:
    def queries(more: int) -> int:
        for _ in range(more):
            case = world.case("dispatched")
            handling.sign_case(case_id=case.pk, actor=world.member, now=world.now, handler=world.member)
        read(world.supervisor)
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/overdue/")
        assert len(page.context["rows"]) == (1 if more == 1 else 3)
        return len(seen)

    assert queries(1) == queries(2) <= 7


def test_nothing_late_says_what_comes_here(world: World, read: Read) -> None:
    assert "没有超期，也没有临期" in read(world.supervisor).content.decode()
    assert "现在没有需要过问的件" in read(world.supervisor, limit="soon").content.decode()


def test_the_page_speaks_english_too(world: World, read: Read) -> None:
    world.case()
    assert read(world.supervisor, lang="en").status_code == 200
