import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.lib import pdf
from cases.models import Area, Case, User
from cases.terms import OrderState, State
from notifications.models import Delivery
from notifications.relay import relay
from tests.factories import World
from tests.pages.markup import faults
from tests.sheets import unpacked
from workflows.commands import handling, orders
from workflows.lifecycle import CaseLifecycle
from workflows.models import SupervisionOrder

Post = Callable[..., Any]
ZH = {"accept-language": "zh-hans"}
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


def issued(world: World, case: Case | None = None, **given: Any) -> SupervisionOrder:
    case = case or world.case("in_progress", resident=True)
    words = {"actor": world.supervisor, "now": world.now, "demand": "请于期限内换灯", "due_at": world.now + WEEK}
    if case.team_id:
        words["team"] = world.team
    return orders.issue_order(case_id=case.pk, **(words | given))


def replied(world: World) -> SupervisionOrder:
    order = issued(world)
    return orders.reply_to_order(
        order_id=order.pk, actor=world.member, now=world.now, reply="已换灯泡，电话13800138000"
    )


def fresh(order: SupervisionOrder) -> SupervisionOrder:
    return SupervisionOrder.objects.get(pk=order.pk)


def acts_shown(html: str) -> set[str]:
    return set(re.findall(r'action="/orders/\d+/(\w+)/"', html))


def test_a_supervisor_issues_an_order_from_the_page_of_the_case(world: World, read: Post, post: Post) -> None:
    case = world.case("in_progress")
    assert f"/cases/{case.number}/order/" in read(world.supervisor, f"/cases/{case.number}/")
    form = read(world.supervisor, f"/cases/{case.number}/order/")
    assert faults(form) == []
    assert "平山小区工作队" in form
    assert 'value="2026-03-09"' in form  # five working days, as the limit of orders suggests
    answer = post(
        world.supervisor, f"/cases/{case.number}/order/", team=world.team.pk, demand="请换灯", due_at="2026-03-10"
    )
    order = SupervisionOrder.objects.get()
    assert answer.headers["location"] == f"/orders/{order.pk}/"
    assert (order.team, order.demand) == (world.team, "请换灯")
    text = read(world.supervisor, f"/orders/{order.pk}/")
    assert "已签发督办单〔2026〕1号" in text
    assert "2026-03-10 23:59" in text


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(world: World, post: Post) -> None:
    path = f"/cases/{world.case('in_progress').number}/order/"
    refused = post(world.supervisor, path, team=world.team.pk, demand="请换灯", due_at="2028-01-01")
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["due_at"]
    assert "请换灯</textarea>" in refused.content.decode()
    empty = post(world.supervisor, path, team=world.other_team.pk, demand="", due_at="")
    assert set(empty.context["form"].errors) == {"team", "demand", "due_at"}
    assert not SupervisionOrder.objects.exists()


def test_an_order_about_a_case_at_a_desk_goes_to_whoever_holds_it(world: World, read: Post, post: Post) -> None:
    path = f"/cases/{world.case('accepted').number}/order/"
    assert "派遣员" in read(world.supervisor, path)
    assert post(world.supervisor, path, team="holder", demand="请派遣", due_at="2026-03-04").status_code == 302
    order = SupervisionOrder.objects.get()
    assert (order.team, order.unit) == (None, "派遣员")
    assert "reply" in acts_shown(read(world.dispatcher, f"/orders/{order.pk}/"))


@pytest.mark.parametrize(("person", "state", "status"), [
    ("member", "in_progress", 403), ("desk", "in_progress", 403), ("other_grid_worker", "in_progress", 404),
    ("supervisor", "closed", 409),
])  # fmt: skip
def test_who_may_not_issue_is_told_so(
    world: World, read: Post, post: Post, person: str, state: str, status: int
) -> None:
    case, viewer = world.case(state), getattr(world, person)
    read(viewer, f"/cases/{case.number}/order/", status)
    data = {"team": world.team.pk, "demand": "请换灯", "due_at": "2026-03-10"}
    assert post(viewer, f"/cases/{case.number}/order/", **data).status_code == status
    assert not SupervisionOrder.objects.exists()


def test_a_second_order_leads_to_the_first(world: World, client: Client, post: Post) -> None:
    order = issued(world)
    path = f"/cases/{order.case.number}/order/"
    answer = post(world.supervisor, path, team=world.team.pk, demand="再催", due_at="2026-03-10")
    assert answer.headers["location"] == f"/orders/{order.pk}/"
    assert "没有重复签发" in client.get(answer.headers["location"], headers=ZH).content.decode()
    assert SupervisionOrder.objects.count() == 1


@pytest.mark.parametrize(("person", "before", "after"), [
    ("member", {"reply"}, set()), ("leader", {"reply"}, set()),
    ("supervisor", {"withdraw"}, {"accept", "return", "withdraw"}),
    ("chief", {"withdraw"}, {"accept", "return", "withdraw"}),
    ("auditor", set(), set()), ("desk", set(), set()),
])  # fmt: skip
def test_only_what_one_may_do_now_is_shown_on_both_pages(
    world: World, read: Post, person: str, before: set[str], after: set[str]
) -> None:
    order, viewer = issued(world), getattr(world, person)
    for path in (f"/orders/{order.pk}/", f"/cases/{order.case.number}/"):
        text = read(viewer, path)
        assert acts_shown(text) == before
        assert "请于期限内换灯" in text
        assert "剩余 5 个工作日" in text
        assert faults(text) == []
    orders.reply_to_order(order_id=order.pk, actor=world.member, now=world.now, reply="电话13800138000")
    for path in (f"/orders/{order.pk}/", f"/cases/{order.case.number}/"):
        text = read(viewer, path)
        assert acts_shown(text) == after
        assert "按时回复" in text
        assert "138****8000" in text
        assert faults(text) == []


def test_the_way_of_an_order_from_reply_to_end(world: World, read: Post, post: Post, client: Client) -> None:
    order = issued(world)
    path = f"/orders/{order.pk}"
    answer = post(world.member, f"{path}/reply/", reply="已修", back="case")
    assert answer.headers["location"] == f"/cases/{order.case.number}/"
    refused = post(world.supervisor, f"{path}/return/", reason="", due_at="2026-03-12")
    assert refused.status_code == 422
    assert list(refused.context["forms"]["return"].errors) == ["reason"]
    assert '<details class="more" open>' in refused.content.decode()
    assert post(world.supervisor, f"{path}/return/", reason="没有照片", due_at="2026-03-12").status_code == 302
    again = read(world.member, f"{path}/")
    assert "没有照片" in again
    assert "2026-03-12 23:59" in again
    assert post(world.member, f"{path}/reply/", reply="照片已补").status_code == 302
    answer = post(world.supervisor, f"{path}/accept/", note="现场已核")
    assert answer.headers["location"] == f"{path}/"
    text = client.get(f"{path}/", headers=ZH).content.decode()
    for words in ("督办单〔2026〕1号已销号。", "已修", "没有照片", "照片已补", "现场已核"):
        assert words in text
    assert acts_shown(text) == set()
    assert "办结的督办单" in read(world.supervisor, f"/cases/{order.case.number}/")


@pytest.mark.parametrize(("person", "act", "status"), [
    ("supervisor", "reply", 403), ("other_member", "reply", 404), ("desk", "withdraw", 403), ("member", "accept", 409),
    ("supervisor", "explode", 404), ("other_grid_worker", "withdraw", 404),
])  # fmt: skip
def test_who_may_not_act_is_told_so(world: World, post: Post, person: str, act: str, status: int) -> None:
    order = issued(world)
    data = {"reply": "已修", "reason": "不用了", "due_at": "2026-03-12"}
    assert post(getattr(world, person), f"/orders/{order.pk}/{act}/", **data).status_code == status
    assert post(getattr(world, person), f"/orders/999/{act}/", **data).status_code == 404
    assert fresh(order).state == OrderState.ISSUED


@pytest.mark.parametrize("act", ["reply", "accept", "return", "withdraw"])
def test_a_second_tap_is_known_and_somebody_slower_is_told(world: World, client: Client, post: Post, act: str) -> None:
    order = replied(world) if act in ("accept", "return") else issued(world)
    actor = world.member if act == "reply" else world.supervisor
    other = world.leader if act == "reply" else world.chief
    data = {"reply": "已修", "reason": "不行", "note": "", "due_at": "2026-03-12"}
    assert post(actor, f"/orders/{order.pk}/{act}/", **data).status_code == 302
    again = post(actor, f"/orders/{order.pk}/{act}/", **data)
    assert "没有重复办理" in client.get(again.headers["location"], headers=ZH).content.decode()
    late = post(other, f"/orders/{order.pk}/{act}/", **data)
    assert late.status_code == 409
    assert f"现在是「{fresh(order).get_state_display()}」" in late.content.decode()


def test_the_list_is_narrowed_by_state_and_says_how_many(world: World, read: Post, client: Client) -> None:
    first, second, third = issued(world), replied(world), replied(world)
    orders.accept_reply(order_id=third.pk, actor=world.supervisor, now=world.now)

    def listed(state: str) -> set[int]:
        client.force_login(world.supervisor)
        return {view.order.pk for view in client.get("/orders/", {"state": state}).context["views"]}

    assert listed("open") == listed("") == listed("x") == {first.pk, second.pk}
    assert (listed("issued"), listed("accepted"), listed("withdrawn")) == ({first.pk}, {third.pk}, set())
    assert listed("all") == {first.pk, second.pk, third.pk}
    text = read(world.supervisor, "/orders/")
    assert re.findall(r'(\S+) <span class="count">(\d+)</span>', text)[-4:] == [
        ("href=\"?state=issued\">待回复", "1"), ("href=\"?state=replied\">已回复", "1"),
        ("href=\"?state=accepted\">已销号", "1"), ("href=\"?state=withdrawn\">已撤销", "0"),
    ]  # fmt: skip
    assert faults(text) == []
    assert "这里没有督办单" in read(world.supervisor, "/orders/?state=withdrawn")


def test_a_long_list_has_pages(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [issued(world).pk for _ in range(3)]
    monkeypatch.setattr("cases.keyset.take.__kwdefaults__", {"after": "", "before": "", "size": 2})
    client.force_login(world.supervisor)
    first = client.get("/orders/").context
    assert [view.order.pk for view in first["views"]] == made[:0:-1]
    second = client.get("/orders/", {"after": first["page"].next}).context
    assert [view.order.pk for view in second["views"]] == made[:1]
    assert second["page"].next == ""


def test_orders_are_seen_with_their_case_or_by_their_team(world: World, read: Post, client: Client) -> None:
    elsewhere = world.case(area=Area.objects.get(code="S2G1"), actor=world.other_grid_worker)
    foreign = issued(world, elsewhere, actor=world.chief)
    case = world.case("in_progress")
    case.co_teams.add(world.other_team)
    ours = issued(world, case, team=world.other_team)
    case.co_teams.clear()  # the case has gone on without them; the order has not

    def listed(viewer: User) -> set[int]:
        client.force_login(viewer)
        return {view.order.pk for view in client.get("/orders/").context["views"]}

    assert listed(world.chief) == listed(world.auditor) == {foreign.pk, ours.pk}
    assert listed(world.supervisor) == {ours.pk}
    assert listed(world.other_member) == {ours.pk}
    assert listed(world.other_grid_worker) == {foreign.pk}
    read(world.supervisor, f"/orders/{foreign.pk}/", 404)
    read(world.supervisor, f"/orders/{foreign.pk}/sheet/", 404)
    text = read(world.other_member, f"/orders/{ours.pk}/")
    assert acts_shown(text) == {"reply"}
    assert f'href="/cases/{case.number}/"' not in text


def test_an_order_waits_on_the_home_page_of_its_team(world: World, read: Post) -> None:
    order = issued(world)
    text = read(world.member, "/")
    assert "督办〔2026〕1号" in text
    assert f'href="/orders/{order.pk}/"' in text
    assert f'href="/orders/{order.pk}/"' not in read(world.supervisor, "/")
    orders.reply_to_order(order_id=order.pk, actor=world.member, now=world.now, reply="已修")
    assert f'href="/orders/{order.pk}/"' not in read(world.member, "/")
    assert "已回复，待销号" in read(world.supervisor, "/")


def test_late_cases_lead_to_an_order_or_to_the_one_there_is(world: World, read: Post) -> None:
    case, ordered = world.case("in_progress"), world.case("in_progress")
    order = issued(world, ordered)
    with time_machine.travel(world.now + timedelta(days=15), tick=False):
        text = read(world.supervisor, "/overdue/")
        assert f'href="/cases/{case.number}/order/"' in text
        assert f'href="/cases/{ordered.number}/order/"' not in text
        assert f'href="/orders/{order.pk}/"' in text
        assert "/order/" not in read(world.auditor, "/overdue/")


def test_the_sheet_says_it_all_and_nobodys_particulars(world: World, read: Post) -> None:
    order = replied(world)
    text = read(world.supervisor, f"/orders/{order.pk}/sheet/")
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
    for words in (
        "梅园街道 督办单", "〔2026〕1号", "主送： 平山小区工作队", "2026年3月9日 09:00", order.case.number,
        "王** 138****8000", order.case.title, "处置中", "2026-03-02 09:00 签收 陈队员", "请于期限内换灯",
        "签发人 钱督办", "签发日期 2026年3月2日", "已换灯泡，电话138****8000", "回复人（签名）", "单位（盖章）",
    ):  # fmt: skip
        assert words in said
    assert 'src="data:image/svg+xml' in text
    assert faults(text) == []


@pytest.mark.skipif(bool(pdf.missing()), reason=f"needs apt install {' '.join(pdf.missing())}")
def test_the_sheet_comes_as_a_pdf_of_its_number(world: World, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    order = issued(world)
    client.force_login(world.member)
    answer = client.get(f"/orders/{order.pk}/sheet.pdf", headers=ZH)
    assert answer.headers["content-type"] == "application/pdf"
    assert "%E7%9D%A3%E5%8A%9E%E5%8D%95" in answer.headers["content-disposition"]
    assert [record.message for record in caplog.records if record.name.startswith("weasyprint")] == []
    whole = unpacked(answer.content)
    assert b"+Noto-Serif-CJK" in whole
    assert len(re.findall(rb"/Type\s*/Page\b", whole)) == 1
    client.force_login(world.other_grid_worker)
    assert client.get(f"/orders/{order.pk}/sheet.pdf").status_code == 404


def test_where_no_pdf_can_be_made_none_is_offered(
    world: World, read: Post, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = issued(world)
    monkeypatch.setattr(pdf, "missing", lambda: ("libpango-1.0-0",))
    for path in (f"/orders/{order.pk}/", f"/orders/{order.pk}/sheet/"):
        assert "sheet.pdf" not in read(world.member, path)
    answer = client.get(f"/orders/{order.pk}/sheet.pdf", headers=ZH)
    assert answer.headers["location"] == f"/orders/{order.pk}/"
    assert "不能生成 PDF" in client.get(answer.headers["location"], headers=ZH).content.decode()


@pytest.mark.parametrize("path", ["/orders/?state=all", "/", "/overdue/"])
def test_the_number_of_queries_does_not_grow_with_the_orders(world: World, client: Client, path: str) -> None:
    def queries(more: int) -> int:
        for _ in range(more):
            issued(world, world.case("in_progress"))
        client.force_login(world.supervisor if path != "/" else world.member)
        client.get(path)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    with time_machine.travel(world.now, tick=False):
        assert queries(1) == queries(2) <= 17


def test_the_page_of_an_order_takes_as_many_queries_however_long_its_story(world: World, client: Client) -> None:
    order = replied(world)
    client.force_login(world.supervisor)
    client.get(f"/orders/{order.pk}/")
    with CaptureQueriesContext(connection) as few:
        client.get(f"/orders/{order.pk}/")
    for _ in range(3):
        orders.return_reply(
            order_id=order.pk, actor=world.supervisor, now=world.now, reason="再报", due_at=world.now + WEEK
        )
        orders.reply_to_order(order_id=order.pk, actor=world.member, now=world.now, reply="已补")
    with CaptureQueriesContext(connection) as many:
        client.get(f"/orders/{order.pk}/")
    assert len(many) == len(few) <= 14


def test_those_concerned_are_told_at_each_step(world: World) -> None:
    def told() -> dict[str, set[str]]:
        relay(now=world.now)
        found: dict[str, set[str]] = {}
        for delivery in Delivery.objects.filter(event__type__startswith="order.").select_related(
            "event", "recipient_user"
        ):
            found.setdefault(delivery.event.type, set()).add(
                str(delivery.recipient_user and delivery.recipient_user.username)
            )
        return found

    order = replied(world)
    orders.return_reply(
        order_id=order.pk, actor=world.supervisor, now=world.now, reason="没有照片", due_at=world.now + WEEK
    )
    orders.reply_to_order(order_id=order.pk, actor=world.leader, now=world.now, reply="照片已补")
    orders.accept_reply(order_id=order.pk, actor=world.chief, now=world.now)
    second = issued(world, actor=world.chief)
    orders.withdraw_order(order_id=second.pk, actor=world.supervisor, now=world.now, reason="写错了")
    assert told() == {
        "order.issued": {"member", "leader"},
        "order.replied": {"supervisor"},
        "order.returned": {"member", "leader"},
        "order.accepted": {"member", "leader"},
        "order.withdrawn": {"member", "leader"},
    }


def test_an_order_to_a_desk_tells_whoever_has_the_case_now(world: World) -> None:
    case = world.case("accepted")
    order = issued(world, case, demand="请派遣 13800138000")
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team)
    assert CaseLifecycle.objects.get(pk=case.pk).state == State.DISPATCHED
    relay(now=world.now)
    rows = Delivery.objects.filter(event__type="order.issued").select_related("recipient_user")
    assert {row.recipient_user.username for row in rows if row.recipient_user} == {"member", "leader"}
    assert order.state == OrderState.ISSUED
