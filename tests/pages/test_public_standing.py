"""What a resident reads besides the state: who is responsible, what was decided and promised, in large type."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from cases.commands import link_token, resident_link
from cases.models import Case
from cases.terms import ResultCode
from tests.factories import World
from tests.posted import posted
from workflows.commands import handling, review
from workflows.lifecycle import MAX_ROUNDS


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[Any]:
    cache.clear()
    with time_machine.travel(world.now, tick=False) as clock:
        yield clock


def link(world: World, case: Case) -> str:
    return f"/r/{link_token(resident_link(case, now=world.now))}/"


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("state", "unit"),
    [
        ("reported", "受理窗口"),
        ("accepted", "派遣窗口"),
        ("in_progress", "平山小区工作队"),
        ("deliberating", "平山小区四方议事会"),
        ("submitted", "网格员"),
        ("answered", "回访窗口"),
    ],
)
def test_the_unit_that_is_responsible_is_named_and_no_person(
    world: World, client: Client, state: str, unit: str
) -> None:
    html = read(client, link(world, world.case(state, resident=True)))
    assert f"<dd>{unit}</dd>" in html
    for person in (world.member, world.secretary, world.grid_worker, world.desk):
        assert person.name not in html


def test_an_ended_case_names_nobody_responsible_but_who_did_it(world: World, client: Client) -> None:
    html = read(client, link(world, world.case("closed")))
    assert "现在由谁负责" not in html
    assert "平山小区工作队" in html


def test_what_a_council_decided_stands_there_once_its_notice_hangs(world: World, client: Client) -> None:
    case = world.case("deliberating")
    url = link(world, case)
    assert "改建十二个车位" not in read(client, url)
    notice = posted(world, case=case)
    html = read(client, url)
    assert "改建十二个车位" in html
    assert f"/n/{notice.slug}/" in html


def test_a_promise_stands_with_its_date_until_it_is_kept(world: World, client: Client) -> None:
    case, day = world.case("in_progress"), world.now.date() + timedelta(days=20)
    handling.submit_case(
        case_id=case.pk, actor=world.member, now=world.now, result_code=ResultCode.PLANNED,
        result_text="下月施工。", promised_date=day,
    )  # fmt: skip
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=world.now, finding="属实")
    url = link(world, case)
    before = read(client, url)
    assert day.isoformat() in before
    assert "还没有兑现" in before
    review.keep_promise(case_id=case.pk, actor=world.member, now=world.now, what="已施工")
    after = read(client, url)
    assert "已兑现" in after


def test_after_the_last_round_it_is_reported_again_as_a_new_case(world: World, client: Client) -> None:
    case = world.case("closed", resident=True)
    url = link(world, case)
    assert "再反映一次" not in read(client, url)
    Case.objects.filter(pk=case.pk).update(round=MAX_ROUNDS)
    assert f"{url}again/" in read(client, url)
    assert f"{url}reopen/" not in read(client, url)
    empty = client.post(f"{url}again/", {"words": ""})
    assert empty.status_code == 422
    sent = client.post(f"{url}again/", {"words": "路灯又不亮了。"})
    made = Case.objects.get(follows=case)
    assert sent.status_code == 302
    assert made.number in read(client, sent["Location"])
    assert made.number in read(client, url)
    assert case.number in read(client, link(world, made))
    second = client.post(f"{url}again/", {"words": "还是不亮。"})
    assert second.status_code == 422
    assert "已经另立新件" in second.content.decode()
    assert Case.objects.filter(follows=case).count() == 1


def test_a_flood_of_second_reports_has_to_wait(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.views.public.REPORTS", 1)
    urls = []
    for _ in range(2):
        case = world.case("closed")
        Case.objects.filter(pk=case.pk).update(round=MAX_ROUNDS)
        urls.append(link(world, case))
    assert client.post(f"{urls[0]}again/", {"words": "又坏了"}).status_code == 302
    assert client.post(f"{urls[1]}again/", {"words": "又坏了"}).status_code == 429
    assert Case.objects.filter(follows__isnull=False).count() == 1


def test_large_type_is_kept_and_leads_back(world: World, client: Client) -> None:
    url = link(world, world.case("reported"))
    assert 'class="large ' not in read(client, url)
    answer = client.post("/type/", {"type": "large", "next": url})
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert 'class="large ' in read(client, url)
    client.post("/type/", {"type": "", "next": url})
    assert 'class="large ' not in read(client, url)
    assert client.post("/type/", {"type": "large", "next": "https://elsewhere.example/"})["Location"] == "/"
    assert client.get("/type/").status_code == 405
