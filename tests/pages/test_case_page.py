from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.commands import add_note
from cases.models import User
from cases.terms import EventType, MatterType, Priority, RequestKind
from tests.factories import ROADS, World
from tests.pages.markup import PARTICULARS, faults, moves_shown, requests_shown
from workflows.available import available_moves
from workflows.commands import adjust, council, handling, intake
from workflows.flows import approval, joint
from workflows.lifecycle import CaseLifecycle

PEOPLE = (
    "grid_worker", "desk", "dispatcher", "member", "leader", "other_member", "secretary", "survey_desk", "supervisor",
    "chief", "auditor",
)  # fmt: skip


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


def page(client: Client, viewer: User, case: CaseLifecycle) -> Any:
    client.force_login(viewer)
    return client.get(f"/cases/{case.number}/")


@pytest.mark.parametrize("state", sorted(ROADS))
def test_a_page_offers_exactly_what_its_reader_may_do(world: World, client: Client, state: str) -> None:
    case = world.case(state, resident=True)
    for name in PEOPLE:
        viewer = getattr(world, name)
        found = page(client, viewer, case)
        if not CaseLifecycle.objects.visible_to(viewer).filter(pk=case.pk).exists():
            assert found.status_code == 404, name
            continue
        text = found.content.decode()
        assert found.status_code == 200
        assert moves_shown(text) == {m.name for m in available_moves(case, viewer, now=world.now)}, name
        assert requests_shown(text) == set(approval.may_ask(case, viewer)), name
        assert faults(text) == [], name


def test_who_is_not_logged_in_is_sent_to_the_login(world: World, client: Client) -> None:
    case = world.case()
    assert client.get(f"/cases/{case.number}/").headers["location"].startswith("/accounts/login/")


def test_it_answers_in_the_order_of_the_questions(world: World, client: Client) -> None:
    case = world.case("in_progress", title="路灯不亮了三天")
    text = page(client, world.member, case).content.decode()
    main = text[text.index("<main") :]
    order = [
        case.number, "路灯不亮了三天", "小区东门的路灯坏了三天。", "剩余 10 个工作日", "平山小区工作队 · 陈队员",
        'aria-current="step"><span>处置', "写明办理结果", "更多操作", 'id="facts"',
        'id="clocks"', 'id="history"',
    ]  # fmt: skip
    places = [main.index(words) for words in order]
    assert places == sorted(places)


@pytest.mark.parametrize(("state", "current"), [
    ("reported", "受理"), ("info_requested", "受理"), ("accepted", "派遣"), ("dispatched", "签收"),
    ("in_progress", "处置"), ("deliberating", "议事中"), ("submitted", "核查"), ("answered", "回访"),
    ("reopen_requested", "回访"), ("rejected", "不予受理"),
])  # fmt: skip
def test_the_steps_say_where_it_stands(world: World, client: Client, state: str, current: str) -> None:
    found = page(client, world.supervisor, world.case(state))
    assert [step.label for step in found.context["page"].steps if step.status == "current"] == [current]


def test_a_closed_case_has_every_step_behind_it(world: World, client: Client) -> None:
    found = page(client, world.supervisor, world.case("closed"))
    assert [step.status for step in found.context["page"].steps] == ["done"] * 6 + ["done current"]
    assert "已办结 2026-03-02" in found.content.decode()
    assert "处置时限" in found.content.decode()


def test_a_paused_clock_says_since_when_by_whom_and_why(world: World, client: Client) -> None:
    case = world.case("in_progress")
    with time_machine.travel(world.now + timedelta(hours=1), tick=False):
        council.refer_to_council(
            case_id=case.pk, actor=world.leader, now=world.now + timedelta(hours=1), council=world.council,
            matter=MatterType.PARKING, question="车位怎样分？",
        )  # fmt: skip
        text = page(client, world.secretary, case).content.decode()
    clocks = text[text.index('id="clocks"') : text.index('id="history"')]
    assert "已暂停，还剩 10 个工作日" in clocks
    assert "03-02 10:00 –" in clocks
    assert "周队长" in clocks
    assert "提请议事 · 车位怎样分？" in clocks


def test_an_overdue_limit_says_by_how_much(world: World, client: Client) -> None:
    case = world.case()
    with time_machine.travel(world.now + timedelta(days=3), tick=False):
        text = page(client, world.desk, case).content.decode()
    assert '<span class="light light--big light--overdue">超期 2 个工作日</span>' in text


def test_the_history_is_in_words_and_masked(world: World, client: Client) -> None:
    case = world.case("dispatched", resident=True)
    add_note(case_id=case.pk, actor=world.desk, now=world.now, words="电话 13800138000，白天打")
    text = page(client, world.desk, case).content.decode()
    history = text[text.index('id="history"') :]
    for words in ("派遣", "赵派遣", "平山小区工作队", "路灯", "备注", "138****8000"):
        assert words in history
    assert "{" not in history[: history.index("</section>")]
    assert not any(told in text for told in PARTICULARS)


def test_the_time_between_moves_is_working_time(world: World, client: Client) -> None:
    case = world.case()
    later = world.now + timedelta(hours=2)
    tomorrow = world.now + timedelta(days=1, hours=3)
    intake.accept_case(case_id=case.pk, actor=world.desk, now=later, category=world.category, priority=Priority.NORMAL)
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=tomorrow, team=world.team)
    entries = page(client, world.desk, case).context["page"].entries
    assert [(e.label, e.took) for e in entries] == [
        ("超期办结", ""), ("派遣", "1 个工作日"), ("受理", "2 小时"), ("上报", ""),
    ]  # fmt: skip


def test_joint_parts_requests_decisions_and_merged_cases_are_shown(world: World, client: Client) -> None:
    case, other = world.case("accepted"), world.case(title="东门灯坏")
    adjust.merge_case(case_id=other.pk, main_case_id=case.pk, actor=world.desk, now=world.now, reason="同一件")
    part = handling.CoHandling(world.other_team, "清运垃圾", world.now + timedelta(days=2))
    joint.dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part])
    approval.ask_request(
        case_id=case.pk, actor=world.member, now=world.now, kind=RequestKind.RETURN, reason="不归我们管", details={}
    )
    text = page(client, world.dispatcher, case).content.decode()
    for words in ("清运垃圾", "待答复", "东门灯坏", "请您审定", "不归我们管", 'value="yes">同意'):
        assert words in text
    assert "撤回申请" in page(client, world.member, case).content.decode()
    assert "东门灯坏" in page(client, world.other_member, case).content.decode()


def test_the_likely_move_is_open_and_the_rest_is_folded(world: World, client: Client) -> None:
    text = page(client, world.desk, world.case()).content.decode()
    assert text.count("btn--primary") == 1
    assert '<button type="submit" class="btn btn--primary btn--big">受理</button>' in text
    folded = text[text.index('<details class="more">') :]
    assert moves_shown(folded) >= {"reject", "request_info", "merge", "add_note"}
    assert "accept" not in moves_shown(folded[: folded.index("</details>")])


def test_the_number_of_queries_does_not_grow_with_the_history(world: World, client: Client) -> None:
    case = world.case("in_progress", resident=True)
    url = f"/cases/{case.number}/"
    page(client, world.member, case)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for n in range(30):
        add_note(case_id=case.pk, actor=world.desk, now=world.now, words=f"备注 {n}")
    for handler in (world.leader, world.member) * 3:
        handling.reassign_case(case_id=case.pk, actor=world.leader, now=world.now, handler=handler)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)
    assert len(many) <= 24


def test_the_reporter_is_shown_in_full_with_a_reason_that_stays(world: World, client: Client) -> None:
    case = world.case(resident=True)
    url = f"/cases/{case.number}/reporter/"
    text = page(client, world.desk, case).content.decode()
    assert "138****8000" in text
    assert url in text
    refused = client.post(url, {"reason": " "})
    assert refused.status_code == 422
    assert faults(refused.content.decode()) == []
    shown = client.post(url, {"reason": "回电核实地点"})
    assert all(words in shown.content.decode() for words in PARTICULARS)
    assert "no-store" in shown.headers["Cache-Control"]
    event = case.events.order_by("-seq")[0]
    assert (event.type, event.actor, event.data["reason"]) == (EventType.REPORTER_REVEALED, world.desk, "回电核实地点")
    assert "王小明" not in client.get(url).content.decode()


def test_the_reporter_stays_hidden_from_whoever_need_not_reach_them(world: World, client: Client) -> None:
    case = world.case(resident=True)
    text = page(client, world.dispatcher, case).content.decode()
    assert "138****8000" in text
    assert "/reporter/" not in text
    assert client.post(f"/cases/{case.number}/reporter/", {"reason": "想看看"}).status_code == 403
    client.force_login(world.other_grid_worker)
    assert client.post(f"/cases/{case.number}/reporter/", {"reason": "想看看"}).status_code == 404


def test_likely_duplicates_stand_beside_the_acceptance(world: World, client: Client) -> None:
    world.case(title="东门路灯不亮", description="小区东门路灯不亮，晚上看不清。")
    case = world.case(title="东门路灯坏了不亮", description="小区东门的路灯不亮，晚上很黑。")
    world.case(title="垃圾没有清运", description="三号楼下垃圾堆了一周。")
    found = page(client, world.desk, case)
    assert [row.case.title for row in found.context["duplicates"]] == ["东门路灯不亮"]
    assert f"/cases/{case.number}/transitions/merge/?main_case=" in found.content.decode()


def test_the_page_speaks_english_too(world: World, client: Client) -> None:
    client.force_login(world.desk)
    found = client.get(f"/cases/{world.case().number}/", headers={"accept-language": "en"})
    assert '<html lang="en">' in found.content.decode()


def test_the_page_says_whether_its_history_is_whole(world: World, client: Client) -> None:
    case = world.case("in_progress")
    client.force_login(world.desk)
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert f"4 条记录首尾相接，未被改动。封存码 {case.last_hash[:12]}" in page
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_caseevent SET actor_id = %s WHERE seq = 3", [world.supervisor.pk])
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "流转记录从第 3 条起与封存的不符" in page
