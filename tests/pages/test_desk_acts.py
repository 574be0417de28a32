"""Acts of the overdue desk on many cases: one row for each, each by its command, and no form acts twice."""

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
from cases.terms import EventType, RequestKind, State
from tests.factories import World, user
from workflows import desk_acts
from workflows.commands import handling, orders
from workflows.flows import approval
from workflows.models import DeskAct, DeskActRow, Request, SupervisionOrder

ZH = {"accept-language": "zh-hans"}
Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def two_weeks_later(world: World) -> Iterator[None]:
    with time_machine.travel(world.now + timedelta(days=15), tick=False):
        yield


@pytest.fixture
def send(client: Client) -> Send:
    """Send a form of the desk and follow to what came of it."""

    def post(viewer: User, path: str, cases: list[Case], *, once: Any = None, **typed: Any) -> Any:
        client.force_login(viewer)
        sent = {"case": [case.pk for case in cases], "once": once or uuid4(), **typed}
        return client.post(path, sent, headers=ZH, follow=True)

    return post


def urged(case: Case) -> list[str]:
    return [event.data["words"] for event in CaseEvent.objects.filter(case=case, type=EventType.URGED)]


def outcomes(answer: Any) -> dict[str, str]:
    """Of each case on the page of results its outcome."""
    rows = [*answer.context["done"], *answer.context["left"]]
    return {row.case.number: row.outcome.value if row.outcome else "" for row in rows}


def asked(world: World, kind: RequestKind = RequestKind.RETURN, **given: Any) -> Case:
    case = world.case("in_progress")
    words = {"reason": "不归我们管", "details": {}} | given
    approval.ask_request(case_id=case.pk, actor=world.member, now=world.now, kind=kind, **words)
    return case


def test_a_few_are_urged_straight_from_the_list(world: World, send: Send) -> None:
    cases = [world.case("in_progress"), world.case()]
    answer = send(world.supervisor, "/overdue/?limit=overdue", cases, words="请抓紧办理")
    assert answer.redirect_chain[0][0].startswith("/overdue/done/")
    assert set(outcomes(answer).values()) == {"done"}
    assert [urged(case) for case in cases] == [["请抓紧办理"], ["请抓紧办理"]]
    text = answer.content.decode()
    assert "办成 2 件" in text
    assert 'href="/overdue/?limit=overdue"' in text


def test_one_that_has_ended_meanwhile_is_refused_stays_ticked_and_can_be_tried_again(world: World, send: Send) -> None:
    ended, late = world.case("rejected"), world.case()
    answer = send(world.supervisor, "/overdue/", [ended, late], words="请抓紧")
    assert outcomes(answer) == {ended.number: "invalid", late.number: "done"}
    text = answer.content.decode()
    assert "该件已办结，无须催办" in text
    assert f'name="case" value="{ended.pk}" checked' in text
    assert f'name="case" value="{late.pk}"' not in text
    assert "请抓紧" in text
    assert urged(late) == ["请抓紧"]


def test_many_are_asked_about_first_and_then_done(world: World, send: Send) -> None:
    cases = [world.report() for _ in range(21)]
    page = send(world.supervisor, "/overdue/", cases, words="请抓紧")
    assert page.redirect_chain == []
    assert len(page.context["able"]) == 21
    assert "请抓紧" in page.content.decode()
    assert urged(cases[0]) == []
    answer = send(world.supervisor, "/overdue/urge/", cases, words="请抓紧")
    assert list(outcomes(answer).values()) == ["done"] * 21


def test_all_that_were_found_are_taken_by_the_same_choices(world: World, send: Send, client: Client) -> None:
    at_desk, at_team = [world.case() for _ in range(2)], world.case("in_progress")
    page = send(world.supervisor, "/overdue/?stage=reported", [], act="urge", all="1", words="请抓紧")
    assert {row.case.pk for row in page.context["able"]} == {case.pk for case in at_desk}
    assert "要办的 2 件" in page.content.decode()
    assert page.context["back"] == "stage=reported"
    assert urged(at_team) == []


def test_more_than_one_form_takes_is_said(world: World, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.desk_acts.MOST", 2)
    monkeypatch.setattr("workflows.views.overdue.MOST", 2)
    monkeypatch.setattr("workflows.forms.desk.MOST", 2)
    cases = [world.report() for _ in range(3)]
    page = send(world.supervisor, "/overdue/", [], act="urge", all="1")
    assert len(page.context["able"]) == 2
    assert "找到的多于 2 件" in page.content.decode()
    refused = send(world.supervisor, "/overdue/urge/", cases, words="请抓紧")
    assert refused.status_code == 422
    assert "一次最多办 2 件" in refused.content.decode()
    assert "请抓紧" in refused.content.decode()


def test_a_form_that_is_sent_twice_acts_once(world: World, send: Send) -> None:
    case, once = world.case(), uuid4()
    first = send(world.supervisor, "/overdue/urge/", [case], once=once, words="请抓紧")
    again = send(world.supervisor, "/overdue/urge/", [case], once=once, words="请抓紧")
    assert outcomes(again) == outcomes(first) == {case.number: "done"}
    assert urged(case) == ["请抓紧"]


def test_a_form_that_was_stopped_half_way_goes_on_where_it_was(
    world: World, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, once = [world.case() for _ in range(3)], uuid4()
    right = desk_acts.perform
    turns = iter([True, False])
    monkeypatch.setattr(
        "workflows.desk_acts.perform", lambda *given, **words: right(*given, **words | {"goes_on": lambda: next(turns)})
    )
    half = send(world.supervisor, "/overdue/urge/", cases, once=once, words="请抓紧")
    assert sorted(outcomes(half).values()) == ["", "", "done"]
    assert "还没有办" in half.content.decode()
    monkeypatch.setattr("workflows.desk_acts.perform", right)
    whole = send(world.supervisor, "/overdue/urge/", cases, once=once, words="请抓紧")
    assert list(outcomes(whole).values()) == ["done"] * 3
    assert [urged(case) for case in cases] == [["请抓紧"]] * 3


def test_who_goes_back_and_ticks_others_sends_another_form(world: World, send: Send) -> None:
    first, second, once = world.case(), world.case(), uuid4()
    send(world.supervisor, "/overdue/urge/", [first], once=once, words="请抓紧")
    answer = send(world.supervisor, "/overdue/urge/", [second], once=once, words="请抓紧")
    assert outcomes(answer) == {second.number: "done"}
    other = send(world.chief, "/overdue/urge/", [first], once=once, words="请抓紧")  # and nobody meets another's form
    assert outcomes(other) == {first.number: "done"}
    assert [urged(first), urged(second)] == [["请抓紧", "请抓紧"], ["请抓紧"]]


def test_the_results_are_for_who_sent_the_form(world: World, send: Send, client: Client) -> None:
    send(world.supervisor, "/overdue/urge/", [world.case()], words="请抓紧")
    client.force_login(world.chief)
    assert client.get(f"/overdue/done/{DeskAct.objects.get().key}/").status_code == 404


def test_orders_are_issued_each_with_its_number(world: World, send: Send) -> None:
    with_team, at_desk, ordered = world.case("in_progress"), world.case(), world.case()
    now = world.now + timedelta(days=15)
    orders.issue_order(case_id=ordered.pk, actor=world.chief, now=now, demand="办结", due_at=now + timedelta(days=3))
    cases = [with_team, at_desk, ordered]
    page = send(world.supervisor, "/overdue/", cases, act="order")
    assert [row.case.pk for row in page.context["unable"]] == [ordered.pk]
    answer = send(world.supervisor, "/overdue/order/", cases, demand="三天内办结并书面回复", due_at="2026-03-25")
    assert outcomes(answer) == {with_team.number: "done", at_desk.number: "done", ordered.number: "invalid"}
    issued = SupervisionOrder.objects.filter(issued_by=world.supervisor).order_by("serial")
    assert [(order.unit, order.demand) for order in issued] == [
        ("平山小区工作队", "三天内办结并书面回复"),
        ("受理员", "三天内办结并书面回复"),
    ]
    assert issued[0].number in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"demand": "", "due_at": "2026-03-25"}, "请填写或选择这一项"),
        ({"demand": "办结", "due_at": "不知道"}, "输入一个有效的日期"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    world: World, send: Send, typed: dict[str, str], said: str
) -> None:
    cases = [world.case(), world.case("in_progress")]
    answer = send(world.supervisor, "/overdue/order/", cases[:1], **typed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert all(words in text for words in typed.values())
    assert f'value="{cases[0].pk}" checked' in text
    assert not SupervisionOrder.objects.exists()
    late = send(world.supervisor, "/overdue/order/", cases[:1], demand="办结", due_at="2026-03-01")
    assert outcomes(late) == {cases[0].number: "invalid"}
    assert "回复期限须晚于现在" in late.content.decode()


def test_a_dispatcher_sends_what_waits_for_dispatch_and_nothing_else(world: World, send: Send) -> None:
    waits, at_team = world.case("accepted"), world.case("in_progress")
    page = send(world.dispatcher, "/overdue/", [waits, at_team], act="dispatch")
    assert [row.case.pk for row in page.context["unable"]] == [at_team.pk]
    typed = {"team": world.other_team.pk, "note": "请今天签收"}
    answer = send(world.dispatcher, "/overdue/dispatch/", [waits, at_team], **typed)
    assert outcomes(answer) == {waits.number: "done", at_team.number: "conflict"}
    assert Case.objects.get(pk=waits.pk).team == world.other_team


def test_after_a_third_return_only_the_supervisor_sends_it(world: World, send: Send) -> None:
    case = world.case("accepted")
    Case.objects.filter(pk=case.pk).update(dispatch_is_final=True)
    typed = {"team": world.other_team.pk}
    assert outcomes(send(world.dispatcher, "/overdue/dispatch/", [case], **typed)) == {case.number: "forbidden"}
    assert outcomes(send(world.supervisor, "/overdue/dispatch/", [case], **typed)) == {case.number: "done"}


def test_a_team_leader_hands_cases_to_another_member(world: World, send: Send) -> None:
    colleague = user("colleague", "马队员", "team_member", team=world.team)
    case, unsigned = world.case("in_progress"), world.case("dispatched")
    refused = send(world.leader, "/overdue/reassign/", [case], handler=world.other_member.pk)
    assert refused.status_code == 422  # of another team
    answer = send(world.leader, "/overdue/reassign/", [case, unsigned], handler=colleague.pk, note="他在休假")
    assert outcomes(answer) == {case.number: "done", unsigned.number: "conflict"}
    assert Case.objects.get(pk=case.pk).handler == colleague


def test_requests_are_agreed_to_with_their_reasons_in_sight(world: World, send: Send) -> None:
    first, second, other = asked(world), asked(world), asked(
        world, RequestKind.HOLD, reason_code="season",
        details={"review_at": (world.now + timedelta(days=60)).isoformat()},
    )  # fmt: skip
    page = send(world.dispatcher, "/overdue/", [first, second, other], act="decide")
    assert {row.case.pk for row in page.context["able"]} == {first.pk, second.pk}
    assert "不归我们管" in page.content.decode()
    typed = {"kind": "return", "agree": "yes"}
    answer = send(world.dispatcher, "/overdue/decide/", [first, second, other], **typed)
    assert outcomes(answer) == {first.number: "done", second.number: "done", other.number: "invalid"}
    assert Case.objects.get(pk=first.pk).state == State.ACCEPTED
    hold = send(world.supervisor, "/overdue/decide/", [other], kind="hold", agree="no", note="雨季已过")
    assert outcomes(hold) == {other.number: "done"}
    assert Request.objects.get(case=other).note == "雨季已过"


def test_to_decline_needs_words(world: World, send: Send) -> None:
    case = asked(world)
    answer = send(world.dispatcher, "/overdue/decide/", [case], kind="return", agree="no", note=" ")
    assert answer.status_code == 422
    assert "请写明不同意的理由" in answer.content.decode()
    assert Request.objects.get().state == "asked"


def test_a_request_of_another_decider_is_refused(world: World, send: Send) -> None:
    case = asked(world)
    answer = send(world.supervisor, "/overdue/decide/", [case], kind="return", agree="yes")
    assert outcomes(answer) == {case.number: "forbidden"}
    assert Request.objects.get().state == "asked"


@pytest.mark.parametrize(
    ("viewer", "kind"),
    [
        ("desk", "urge"), ("auditor", "order"), ("dispatcher", "urge"), ("supervisor", "reassign"),
        ("leader", "decide"), ("member", "urge"), ("grid_worker", "dispatch"),
    ],
)  # fmt: skip
def test_who_has_not_the_role_is_refused(world: World, send: Send, viewer: str, kind: str) -> None:
    case = world.case()
    assert send(getattr(world, viewer), f"/overdue/{kind}/", [case], words="请抓紧").status_code == 403
    assert not DeskActRow.objects.exists()


def test_a_case_out_of_scope_is_not_acted_on(world: World, send: Send) -> None:
    elsewhere = world.report(area=Area.objects.get(code="S2G1"), actor=world.other_grid_worker)
    answer = send(world.supervisor, "/overdue/urge/", [elsewhere, world.case()], words="请抓紧")
    assert answer.status_code == 422
    assert "不在您的范围内" in answer.content.decode()
    assert elsewhere.title not in answer.content.decode()
    assert not DeskActRow.objects.exists()


def test_a_case_that_has_left_the_scope_is_counted_and_not_shown(world: World, send: Send, client: Client) -> None:
    case = world.case()
    send(world.supervisor, "/overdue/urge/", [case], words="请抓紧")
    Case.objects.filter(pk=case.pk).update(area=Area.objects.get(code="S2G1"))
    text = client.get(f"/overdue/done/{DeskAct.objects.get().key}/", headers=ZH).content.decode()
    assert "1 件已不在您的范围内" in text
    assert case.number not in text


def test_an_act_that_nobody_knows_is_not_found(world: World, send: Send, client: Client) -> None:
    assert send(world.supervisor, "/overdue/delete/", [world.case()]).status_code == 404
    assert client.get("/overdue/urge/").headers["location"] == "/overdue/"


def test_the_queries_of_asking_and_of_results_do_not_grow(world: World, send: Send, client: Client) -> None:
    def queries(cases: list[Case]) -> tuple[int, int]:
        client.force_login(world.dispatcher)
        with CaptureQueriesContext(connection) as asking:
            client.post("/overdue/", {"case": [case.pk for case in cases], "act": "decide"})
        act = DeskAct.objects.create(
            key=uuid4(), actor=world.dispatcher, kind="decide", cases=[case.pk for case in cases], at=world.now
        )
        with CaptureQueriesContext(connection) as reading:
            client.get(f"/overdue/done/{act.key}/")
        return len(asking), len(reading)

    assert queries([asked(world)]) == queries([asked(world) for _ in range(3)])


def test_in_english(world: World, client: Client) -> None:
    client.force_login(world.supervisor)
    cases = [world.case("in_progress"), world.case("rejected")]
    for kind in ("urge", "order", "decide", "dispatch"):
        sent = {"case": [case.pk for case in cases], "act": kind, "all": "", "words": ""}
        page = client.post("/overdue/", sent, headers={"accept-language": "en"})
        assert page.status_code in (200, 422)
    done = {"case": [case.pk for case in cases], "once": uuid4(), "words": "Hurry"}
    page = client.post("/overdue/urge/", done, headers={"accept-language": "en"}, follow=True)
    assert page.status_code == 200


def test_handling_goes_on_beside_it(world: World, send: Send) -> None:
    """A case that its team has submitted meanwhile is urged where it now is."""
    case = world.case("in_progress")
    handling.submit_case(case_id=case.pk, actor=world.member, now=world.now, result_code="A", result_text="已换灯泡。")
    assert outcomes(send(world.supervisor, "/overdue/urge/", [case], words="请核查")) == {case.number: "done"}
