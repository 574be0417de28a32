from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Area, Case, CaseEvent, User
from cases.terms import EventType, RequestKind
from tests.factories import World
from workflows.commands import orders, supervise
from workflows.flows import approval

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
    assert (page.context["counts"].overdue, page.context["counts"].soon) == (1, 0)


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
    units = {unit.name: unit for unit in read(world.supervisor).context["counts"].units}
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
    [
        *((viewer, 200) for viewer in ("supervisor", "chief", "desk", "dispatcher", "leader", "auditor")),
        *((viewer, 403) for viewer in ("member", "grid_worker")),
    ],
)
def test_the_list_is_for_those_who_watch(world: World, read: Read, viewer: str, status: int) -> None:
    assert read(getattr(world, viewer)).status_code == status


@pytest.mark.parametrize("viewer", ["desk", "auditor"])
def test_who_only_reads_has_nothing_to_tick(world: World, read: Read, client: Client, viewer: str) -> None:
    case = world.case()
    assert 'type="checkbox" name="case"' not in read(getattr(world, viewer)).content.decode()
    assert client.post("/overdue/", {"case": [case.pk], "words": "请抓紧", "once": uuid4()}).status_code == 403
    assert urged(case) == []


def test_a_case_out_of_scope_cannot_be_urged(world: World, client: Client) -> None:
    elsewhere = world.case(area=Area.objects.get(code="S2G1"), actor=world.other_grid_worker)
    client.force_login(world.supervisor)
    sent = {"case": [elsewhere.pk], "words": "请抓紧", "once": uuid4()}
    assert client.post("/overdue/", sent).status_code == 422
    assert urged(elsewhere) == []


def test_the_number_of_queries_does_not_grow_with_the_rows(world: World, read: Read, client: Client) -> None:
    def queries(more: int) -> int:
        for _ in range(more):
            case = world.case("in_progress")
            approval.ask_request(
                case_id=case.pk,
                actor=world.member,
                now=world.now,
                kind=RequestKind.RETURN,
                reason="不归我们",
                details={},
            )
            supervise.urge_case(case_id=case.pk, actor=world.supervisor, now=world.now, words="请抓紧")
            due = world.now + timedelta(days=3)
            orders.issue_order(case_id=case.pk, actor=world.supervisor, now=world.now, demand="办结", due_at=due)
        read(world.supervisor)
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/overdue/")
        assert len(page.context["rows"]) == (1 if more == 1 else 3)
        return len(seen)

    assert queries(1) == queries(2) <= 23


def test_nothing_late_says_what_comes_here(world: World, read: Read) -> None:
    assert "没有超期，也没有临期" in read(world.supervisor).content.decode()
    assert "现在没有需要过问的件" in read(world.supervisor, limit="soon").content.decode()


def test_the_page_speaks_english_too(world: World, read: Read) -> None:
    world.case()
    assert read(world.supervisor, lang="en").status_code == 200
