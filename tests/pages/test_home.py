from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.commands import add_note
from cases.models import User
from cases.terms import RequestKind, Role
from tests.factories import World, user
from workflows.commands import handling
from workflows.flows import approval, joint

Read = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def read(client: Client) -> Read:
    """The home page as somebody sees it; `lang` and anything else goes into the address."""

    def page(viewer: User, lang: str = "zh-hans", **query: str) -> Any:
        client.force_login(viewer)
        return client.get("/", query, headers={"accept-language": lang})

    return page


def titles(page: Any) -> list[str]:
    return [row.case.title for row in page.context["rows"]]


def counts(page: Any) -> dict[str, str]:
    return {tab.value: count for tab, count in page.context["tabs"]}


def test_who_is_not_logged_in_is_sent_to_the_login(world: World, client: Client) -> None:
    assert client.get("/").headers["location"] == "/accounts/login/?next=/"


def test_the_case_at_hand_is_shown_with_its_light_first(world: World, read: Read) -> None:
    case = world.case(title="路灯不亮")
    text = read(world.desk).content.decode()
    row = text[text.index("<tbody") : text.index("</tbody>")]
    assert row.index("剩余 1 个工作日") < row.index("路灯不亮") < row.index("已上报") < row.index(f"{case.number}</td>")
    assert f'href="/cases/{case.number}/"' in row


@pytest.mark.parametrize(
    ("viewer", "expected"),
    [
        ("member", {"todo": "1", "doing": "0", "done": "0", "ended": "0"}),
        ("grid_worker", {"todo": "0", "doing": "1", "done": "1", "ended": "0"}),
        ("desk", {"todo": "0", "doing": "1", "done": "1", "ended": "0"}),
        ("leader", {"todo": "0", "doing": "0", "done": "0", "ended": "0"}),
        ("other_grid_worker", {"todo": "0", "doing": "0", "done": "0", "ended": "0"}),
    ],
)
def test_a_case_in_progress_counts_for_each_by_their_part(
    world: World, read: Read, viewer: str, expected: dict[str, str]
) -> None:
    world.case("in_progress")
    assert counts(read(getattr(world, viewer))) == expected


def test_an_ended_case_is_among_the_ended_of_those_who_had_part(world: World, read: Read) -> None:
    case = world.case("closed")
    for viewer in (world.member, world.grid_worker, world.desk):
        page = read(viewer, tab="ended")
        assert counts(page) == {"todo": "0", "doing": "0", "done": "1", "ended": "1"}
        assert titles(page) == [case.title]
        assert "已办结 2026-03-02" in page.content.decode()
    assert counts(read(world.secretary))["ended"] == "0"


def test_what_i_hold_is_not_also_in_hand_or_done(world: World, read: Read) -> None:
    case = world.case("submitted")
    assert counts(read(world.grid_worker)) == {"todo": "1", "doing": "0", "done": "0", "ended": "0"}
    assert titles(read(world.member, tab="doing")) == titles(read(world.member, tab="done")) == [case.title]


def test_a_remark_makes_a_case_one_of_mine(world: World, read: Read) -> None:
    case = world.case()
    add_note(case_id=case.pk, actor=world.supervisor, now=world.now, words="请留意。")
    assert titles(read(world.supervisor, tab="doing")) == [case.title]


def test_the_most_pressing_comes_first(world: World, read: Read) -> None:
    late = world.case(now=world.now - timedelta(days=30), title="最早的")
    fresh = world.case(title="刚报的")
    assert titles(read(world.desk)) == [late.title, fresh.title]


def test_numbers_that_identify_a_person_are_masked(world: World, read: Read) -> None:
    world.case(title="请回电 13912345678", place="找 13987654321")
    text = read(world.desk).content.decode()
    assert "139****5678" in text
    assert "139****4321" in text
    assert "13912345678" not in text
    assert "13987654321" not in text


def test_a_request_waits_for_the_one_who_decides_and_nobody_else(world: World, read: Read) -> None:
    case = world.case("in_progress")
    approval.ask_request(
        case_id=case.pk, actor=world.member, now=world.now, kind=RequestKind.EXTENSION, reason="等材料",
        details={"until": (world.now + timedelta(days=60)).isoformat()},
    )  # fmt: skip
    page = read(world.supervisor)
    assert [(errand.kind, errand.who) for errand in page.context["errands"]] == [("延期", "陈队员")]
    assert "剩余 1 个工作日" in page.content.decode()
    assert read(world.member).context["errands"] == []


def test_a_part_owed_waits_for_the_co_handling_team(world: World, read: Read) -> None:
    case = world.case("accepted")
    owed = handling.CoHandling(world.other_team, "清运垃圾", world.now + timedelta(days=3))
    joint.dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[owed])
    page = read(world.other_member)
    assert [(errand.kind, errand.words) for errand in page.context["errands"]] == [("协办", "清运垃圾")]
    assert read(world.member).context["errands"] == []


@pytest.mark.parametrize("tab", ["todo", "doing", "done", "ended"])
def test_the_number_of_queries_does_not_grow_with_the_rows(world: World, read: Read, client: Client, tab: str) -> None:
    roads = {"todo": "in_progress", "doing": "submitted", "done": "submitted", "ended": "closed"}

    def queries(more: int) -> int:
        for _ in range(more):
            world.case(roads[tab])
        read(world.member, tab=tab)
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/", {"tab": tab})
        assert len(page.context["rows"]) == (1 if more == 1 else 3)
        return len(seen)

    assert queries(1) == queries(2) <= 17  # two of them: for whom the viewer stands in, what was promised


def test_the_list_goes_on_and_comes_back(world: World, read: Read) -> None:
    for _ in range(32):
        world.report()
    first = read(world.desk)
    assert "下一页" in first.content.decode()
    second = read(world.desk, after=first.context["page"].next)
    assert len(first.context["rows"]) + len(second.context["rows"]) == 32
    assert not set(titles(first)) & set(titles(second))
    back = read(world.desk, before=second.context["page"].previous)
    assert titles(back) == titles(first)
    doing = read(world.grid_worker, tab="doing")
    assert f'href="?tab=doing&amp;after={doing.context["page"].next}"' in doing.content.decode()


def test_a_page_that_was_emptied_meanwhile_shows_the_way_back(world: World, read: Read) -> None:
    text = read(world.desk, after="9999999999999999.5").content.decode()
    assert "这一页已经没有件了" in text
    assert "回到第一页" in text


@pytest.mark.parametrize(
    ("tab", "title"),
    [("todo", "没有待办"), ("doing", "没有在办"), ("done", "没有已办"), ("ended", "没有办结"), ("x", "没有待办")],
)
def test_an_empty_list_says_what_comes_here(world: World, read: Read, tab: str, title: str) -> None:
    text = read(world.grid_worker, tab=tab).content.decode()
    assert title in text
    assert "会出现在这里" in text


def test_an_administrator_is_told_why_nothing_comes(world: World, read: Read) -> None:
    assert "不办理具体事项" in read(world.admin).content.decode()


def test_the_page_speaks_english_too(world: World, read: Read) -> None:
    world.case()
    page = read(world.desk, lang="en")
    assert page.status_code == 200
    assert '<html lang="en">' in page.content.decode()


def test_nothing_on_the_page_needs_a_script_or_style_of_its_own(world: World, read: Read) -> None:
    world.case()
    text = read(world.desk).content.decode()
    assert " style=" not in text
    assert " onclick=" not in text
    assert "<script>" not in text


@pytest.mark.parametrize(
    ("viewer", "expected"),
    [
        ("grid_worker", ["home", "ledger", "report", "messages"]),
        ("supervisor", ["home", "ledger", "messages", "overdue"]),
        ("auditor", ["home", "ledger", "messages", "overdue"]),
    ],
)
def test_the_bar_of_a_phone_begins_with_what_the_role_needs(
    world: World, read: Read, viewer: str, expected: list[str]
) -> None:
    nav = read(getattr(world, viewer)).context["nav"]
    assert [item.key for item in nav][:4] == expected
    assert [item.key for item in nav if item.active] == ["home"]


def test_my_page_names_my_roles_and_their_days(world: World, client: Client) -> None:
    client.force_login(user("new", "新人", Role.DESK, area=world.street))
    text = client.get("/me/").content.decode()
    for words in ("新人", "受理员", "梅园街道", "自 2020-01-01", "修改密码", "退出"):
        assert words in text


def test_my_page_says_so_when_there_is_no_role(world: World, client: Client) -> None:
    client.force_login(user("none", "无职"))
    assert "今天没有任职" in client.get("/me/").content.decode()
