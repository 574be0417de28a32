from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import User
from cases.terms import RequestKind, RequestState, State
from tests.factories import World
from tests.pages.markup import faults
from workflows.flows import approval
from workflows.lifecycle import CaseLifecycle
from workflows.models import Request

Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def post(client: Client) -> Post:
    def send(viewer: User, path: str, **data: Any) -> Any:
        client.force_login(viewer)
        return client.post(path, data)

    return send


def asked(world: World, case: CaseLifecycle, kind: RequestKind = RequestKind.RETURN, **given: Any) -> Request:
    details = given.pop("details", {})
    actor = given.pop("actor", world.member)
    return approval.ask_request(
        case_id=case.pk, actor=actor, now=world.now, kind=kind, reason="不归我们管", details=details, **given
    )


def fresh(case: CaseLifecycle) -> CaseLifecycle:
    return CaseLifecycle.objects.get(pk=case.pk)


@pytest.mark.parametrize(("kind", "data", "details"), [
    ("return", {}, set()),
    ("extension", {"until": "2026-04-01"}, {"until"}),
    ("hold", {"reason_code": "funds", "review_at": "2026-04-01"}, {"review_at"}),
])  # fmt: skip
def test_the_team_asks_by_a_form(
    world: World, client: Client, post: Post, kind: str, data: dict[str, str], details: set[str]
) -> None:
    case = world.case("in_progress")
    path = f"/cases/{case.number}/requests/{kind}/"
    client.force_login(world.member)
    shown = client.get(path)
    assert shown.status_code == 200
    assert faults(shown.content.decode()) == []
    answer = post(world.member, path, reason="不归我们管", **data)
    assert answer.headers["location"] == f"/cases/{case.number}/"
    request = Request.objects.get(case=case)
    assert (request.kind, request.state) == (kind, RequestState.ASKED)
    assert set(request.details) >= details
    text = client.get(answer.headers["location"]).content.decode()
    assert "同意前您可以撤回" in text
    assert f'data-draft-done="{case.number}-ask-{kind}"' in text


def test_a_withdrawn_matter_says_how_and_when(world: World, post: Post) -> None:
    case = world.case()
    path = f"/cases/{case.number}/requests/void/"
    refused = post(world.desk, path, reason_code="withdrawn", reason="本人来电")
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"how", "said_at"}
    assert "本人来电</textarea>" in refused.content.decode()
    assert (
        post(world.desk, path, reason_code="withdrawn", reason="本人来电", how="来电", said_at="2026-03-01").status_code
        == 302
    )
    assert Request.objects.get(case=case).details == {"how": "来电", "said_at": "2026-03-01"}


def test_a_merge_after_dispatch_is_asked_for(world: World, post: Post) -> None:
    case, main = world.case("in_progress"), world.case()
    path = f"/cases/{case.number}/requests/merge/"
    assert "main_case" in post(world.desk, path, main_case="2026-999999", reason="同一件").context["form"].errors
    assert post(world.desk, path, main_case=main.number, reason="同一件").status_code == 302
    request = Request.objects.get(case=case)
    assert post(world.supervisor, f"/requests/{request.pk}/decide/", agree="yes").status_code == 302
    assert (fresh(case).state, fresh(case).main_case_id) == (State.MERGED, main.pk)


@pytest.mark.parametrize(("state", "person", "kind", "status"), [
    ("in_progress", "desk", "return", 403), ("accepted", "dispatcher", "return", 409),
    ("in_progress", "member", "explode", 404), ("in_progress", "other_grid_worker", "return", 404),
    ("closed", "desk", "void", 409),
])  # fmt: skip
def test_who_may_not_ask_is_told_so(  # noqa: PLR0913, PLR0917  # a row of the table
    world: World, client: Client, post: Post, state: str, person: str, kind: str, status: int
) -> None:
    case = world.case(state)
    path = f"/cases/{case.number}/requests/{kind}/"
    assert post(getattr(world, person), path, reason="理由", reason_code="test").status_code == status
    assert client.get(path).status_code == status
    assert not Request.objects.exists()


def test_asking_twice_makes_one_request(world: World, client: Client, post: Post) -> None:
    case = world.case("in_progress")
    path = f"/cases/{case.number}/requests/return/"
    for _tap in range(2):
        assert post(world.member, path, reason="不归我们管").status_code == 302
    assert Request.objects.count() == 1
    other = post(world.leader, path, reason="另有理由")
    assert other.status_code == 422
    assert "已有一份同类申请" in other.content.decode()


def test_agreeing_makes_the_move_and_says_where_the_case_is(world: World, client: Client, post: Post) -> None:
    case = world.case("in_progress")
    request = asked(world, case)
    answer = post(world.dispatcher, f"/requests/{request.pk}/decide/", agree="yes", note="", back="case")
    assert fresh(case).state == State.ACCEPTED
    text = client.get(answer.headers["location"]).content.decode()
    assert "已同意「退回」。现在是「已受理」" in text


def test_declining_needs_words_and_keeps_the_case_where_it_is(world: World, client: Client, post: Post) -> None:
    case = world.case("in_progress")
    request = asked(world, case)
    refused = post(world.dispatcher, f"/requests/{request.pk}/decide/", agree="no", note="", back="list")
    assert refused.status_code == 422
    assert "请写明不同意的理由。" in refused.content.decode()
    answer = post(world.dispatcher, f"/requests/{request.pk}/decide/", agree="no", note="就归你们", back="list")
    assert answer.headers["location"] == "/requests/"
    request.refresh_from_db()
    assert (request.state, request.note, fresh(case).state) == (RequestState.DECLINED, "就归你们", State.IN_PROGRESS)


def test_the_same_decision_twice_is_one_and_a_late_one_learns_who_was_quicker(
    world: World, client: Client, post: Post
) -> None:
    case = world.case("in_progress")
    request = asked(world, case, RequestKind.HOLD, reason_code="funds", details={"review_at": "2026-04-01"})
    path = f"/requests/{request.pk}/decide/"
    assert post(world.supervisor, path, agree="yes").status_code == 302
    again = post(world.supervisor, path, agree="yes")
    assert "没有重复办理" in client.get(again.headers["location"]).content.decode()
    late = post(world.supervisor, path, agree="no", note="不行")
    assert late.status_code == 409
    assert "这份申请已同意（钱督办，03-02 09:00）。" in late.content.decode()


def test_nobody_decides_on_their_own_and_nobody_else_withdraws(world: World, post: Post) -> None:
    case = world.case("in_progress")
    request = asked(world, case)
    assert post(world.member, f"/requests/{request.pk}/decide/", agree="yes").status_code == 403
    assert post(world.supervisor, f"/requests/{request.pk}/decide/", agree="yes").status_code == 403
    assert post(world.dispatcher, f"/requests/{request.pk}/withdraw/").status_code == 403
    assert post(world.other_grid_worker, f"/requests/{request.pk}/decide/", agree="yes").status_code == 404
    assert post(world.dispatcher, "/requests/999/decide/", agree="yes").status_code == 404
    assert Request.objects.get().state == RequestState.ASKED


def test_the_asker_takes_it_back_while_nobody_has_decided(world: World, client: Client, post: Post) -> None:
    case = world.case("in_progress")
    request = asked(world, case)
    path = f"/requests/{request.pk}/withdraw/"
    answer = post(world.member, path)
    assert "已撤回「退回」的申请。" in client.get(answer.headers["location"]).content.decode()
    assert post(world.member, path).status_code == 302
    request.refresh_from_db()
    assert request.state == RequestState.WITHDRAWN
    other = asked(world, case)
    post(world.dispatcher, f"/requests/{other.pk}/decide/", agree="yes")
    assert post(world.member, f"/requests/{other.pk}/withdraw/").status_code == 409


def test_the_list_holds_what_waits_for_me_and_what_i_asked(world: World, client: Client) -> None:
    case = world.case("in_progress", title="路灯不亮 13800138000")
    asked(world, case)
    client.force_login(world.dispatcher)
    text = client.get("/requests/").content.decode()
    assert case.number in text
    assert 'name="agree" value="yes"' in text
    assert "还没有提出过申请" in text
    assert faults(text) == []
    client.force_login(world.member)
    mine = client.get("/requests/").content.decode()
    assert "没有待审定的申请" in mine
    assert "撤回申请" in mine
    assert 'name="agree"' not in mine


def test_the_list_takes_as_many_queries_for_three_rows_as_for_one(world: World, client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get("/requests/").status_code == 200
        return len(found)

    asked(world, world.case("in_progress"))
    client.force_login(world.dispatcher)
    queries()
    one = queries()
    for _n in range(2):
        asked(world, world.case("in_progress"))
    assert queries() == one


def test_a_late_request_stands_out(world: World, client: Client) -> None:
    asked(world, world.case("in_progress"))
    client.force_login(world.dispatcher)
    assert "panel--accent" not in client.get("/requests/").content.decode()
    with time_machine.travel(world.now + timedelta(days=3), tick=False):
        client.force_login(world.dispatcher)
        assert "panel--accent" in client.get("/requests/").content.decode()
