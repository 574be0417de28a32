from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.council_terms import DecisionState, NoticeState
from cases.models import AgendaItem, Appeal, Decision, Notice, Objection, Topic, User
from cases.terms import MatterType
from tests.councils import Body, make_body
from tests.decided import DAY, photo
from tests.factories import World
from tests.pages.markup import faults
from tests.posted import AFTER, ENDS, TEXT, formed, in_discussion, planned, posted, state_of
from workflows.council.notices import end_due_notices
from workflows.council.objections import raise_objection, reply_to_objection
from workflows.council_pages.decisions import decision_of

Send = Callable[..., Any]
ZH = {"accept-language": "zh-hans"}


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


@pytest.fixture(autouse=True)
def clock(world: World) -> Iterator[Any]:
    with time_machine.travel(world.now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def read(client: Client) -> Send:
    def page(viewer: User, decision: Decision, status: int = 200) -> str:
        client.force_login(viewer)
        answer = client.get(f"/councils/decisions/{decision.pk}/", headers=ZH)
        assert answer.status_code == status
        return answer.content.decode()

    return page


@pytest.fixture
def act(client: Client) -> Send:
    def send(viewer: User, decision: Decision, name: str, row: Any = None, **data: Any) -> Any:
        client.force_login(viewer)
        path = f"/councils/decisions/{decision.pk}/acts/{name}/{(row or decision).pk}/"
        return client.post(path, data, headers=ZH)

    return send


def objected(world: World, notice: Notice, text: str = "车位太少") -> Objection:
    return raise_objection(
        notice_id=notice.pk, actor=None, now=world.now, text=text, name="王小明", contact="13800138000"
    )


def test_the_page_says_what_was_decided_and_what_comes_next(world: World, body: Body, read: Send) -> None:
    decision = formed(world)
    html = read(world.secretary, decision)
    assert faults(html) == []
    assert TEXT.split("\n")[0] in html
    assert "先写明怎样落实" in html
    assert "/acts/publish/" not in html
    planned(world, decision)
    html = read(world.secretary, decision)
    assert f"/acts/publish/{decision.pk}/" in html
    assert "须在 2026-03-05 前公示" in html
    assert "/acts/" not in read(body.chair.user, decision)


def test_the_secretary_posts_it_and_sees_how_long_it_hangs(world: World, read: Send, act: Send) -> None:
    decision = planned(world)
    assert act(world.secretary, decision, "publish", channels="公告栏").status_code == 302
    notice = Notice.objects.get()
    html = read(world.secretary, decision)
    assert faults(html) == []
    assert "还剩 3 天" in html
    assert f"/n/{notice.slug}/" in html
    assert "2026-03-05 23:59" in html


def test_one_that_goes_up_late_is_warned_of(world: World, read: Send, act: Send, clock: Any) -> None:
    decision = planned(world)
    clock.move_to(AFTER)
    assert "已经晚了" in read(world.secretary, decision)
    act(world.secretary, decision, "publish")
    html = read(world.secretary, decision)
    assert "已过规定的公示期限" in html
    assert "晚于规定的公示期限" in html


def test_who_does_not_see_the_council_gets_no_page_and_a_stranger_no_act(
    world: World, body: Body, read: Send, act: Send
) -> None:
    decision = planned(world)
    read(world.other_grid_worker, decision, 404)
    assert act(world.other_grid_worker, decision, "publish").status_code == 404
    assert act(body.chair.user, decision, "publish").status_code == 403
    assert act(world.secretary, decision, "forget").status_code == 404
    assert act(world.secretary, decision, "publish", Notice(pk=9999)).status_code == 404
    act(world.secretary, decision, "publish")
    again = act(world.secretary, decision, "publish")
    assert (again.status_code, "公示中" in again.content.decode()) == (409, True)


def test_what_is_no_longer_to_be_done_is_said_to_be_so(world: World, act: Send) -> None:
    notice = posted(world)
    row = objected(world, notice)
    reply = {"reply": "已核算", "sustained": "no"}
    assert act(world.secretary, notice.decision, "reply", row, **reply).status_code == 302
    assert act(world.secretary, notice.decision, "reply", row, **reply).status_code == 409
    assert act(world.secretary, notice.decision, "repost", notice).status_code == 409


def test_under_its_item_a_decision_is_shown_in_short(world: World, body: Body, client: Client) -> None:
    item = in_discussion(world)
    assert decision_of(world.secretary, item, world.now) is None
    decision = formed(world, item)
    client.force_login(world.secretary)
    html = client.get(f"/councils/meetings/{item.meeting_id}/", headers=ZH).content.decode()
    assert (faults(html), decision.number in html, "先写明怎样落实" in html) == ([], True, True)
    client.force_login(body.chair.user)
    assert "下一步：先写明怎样落实" in client.get(f"/councils/meetings/{item.meeting_id}/", headers=ZH).content.decode()


def test_a_recommendation_says_who_decides_instead(world: World, read: Send, clock: Any) -> None:
    item = in_discussion(world)
    Topic.objects.filter(pk=item.topic_id).update(matter=MatterType.MAINTENANCE_FUND)
    notice = posted(world, formed(world, AgendaItem.objects.get(pk=item.pk)))
    assert "本事项由业主大会决定，以上内容是建议。" in notice.body
    assert "关于“" in notice.title
    clock.move_to(ENDS - timedelta(hours=1))
    html = read(world.secretary, notice.decision)
    assert ("建议（由业主大会决定）" in html, "今天期满" in html) == (True, True)
    end_due_notices(now=AFTER)
    clock.move_to(AFTER)
    html = read(world.secretary, notice.decision)
    assert (f"/decisions/{notice.decision_id}/owners-ballot/" in html, "发起业主表决" in html) == (True, True)


def test_taken_down_and_posted_again_from_the_page(world: World, read: Send, act: Send, clock: Any) -> None:
    notice = posted(world)
    decision = notice.decision
    clock.move_to(world.now + DAY)
    empty = act(world.secretary, decision, "take_down", notice, reason="")
    assert empty.status_code == 422
    assert act(world.secretary, decision, "take_down", notice, reason="被雨淋坏").status_code == 302
    html = read(world.secretary, decision)
    assert ("已提前取下，须重新张贴" in html, "被雨淋坏" in html) == (True, True)
    assert act(world.secretary, decision, "repost", notice).status_code == 302
    assert "2026-03-06 23:59" in read(world.secretary, decision)


def test_a_photograph_of_the_wall_is_shown(world: World, read: Send, act: Send) -> None:
    notice = posted(world)
    none = act(world.secretary, notice.decision, "evidence", notice)
    assert (none.status_code, "请选择一张照片" in none.content.decode()) == (422, True)
    wrong = SimpleUploadedFile("a.jpg", b"no picture")
    assert act(world.secretary, notice.decision, "evidence", notice, photos=wrong).status_code == 422
    good = SimpleUploadedFile("a.jpg", photo("green").getvalue())
    assert act(world.secretary, notice.decision, "evidence", notice, photos=good).status_code == 302
    assert f"/n/{notice.slug}/photo/" in read(world.secretary, notice.decision)


def test_an_objection_is_answered_on_the_page(world: World, body: Body, read: Send, act: Send, clock: Any) -> None:
    notice = posted(world)
    objection = objected(world, notice)
    for viewer in (world.secretary, body.chair.user):
        html = read(viewer, notice.decision)
        assert (faults(html), "王**" in html) == ([], True)
    clock.move_to(AFTER)
    end_due_notices(now=AFTER)
    empty = act(world.secretary, notice.decision, "reply", objection, reply="", sustained="no")
    assert (empty.status_code, state_of(objection)) == (422, "open")
    assert act(world.secretary, notice.decision, "reply", objection, reply="已核算", sustained="no").status_code == 302
    assert state_of(notice.decision) == DecisionState.EFFECTIVE
    assert "已核算" in read(world.secretary, notice.decision)


def test_who_objected_is_shown_once_with_a_reason_that_stays(world: World, body: Body, read: Send, act: Send) -> None:
    notice = posted(world)
    row = objected(world, notice)
    assert act(world.secretary, notice.decision, "reveal", row, reason="").status_code == 422
    assert act(world.supervisor, notice.decision, "reveal", row, reason="想看").status_code == 403
    shown = act(world.secretary, notice.decision, "reveal", row, reason="约谈本人")
    assert (shown.status_code, "王小明 13800138000" in shown.content.decode()) == (200, True)
    html = read(world.secretary, notice.decision)
    assert (faults(html), "约谈本人" in html, "查看异议人联系方式" in html) == ([], True, True)


def test_the_secretary_enters_an_objection_and_its_withdrawal(world: World, act: Send) -> None:
    notice = posted(world)
    assert act(world.secretary, notice.decision, "object", notice, text="来电：噪声").status_code == 302
    objection = Objection.objects.get()
    assert objection.received_by == world.secretary
    assert act(world.secretary, notice.decision, "withdraw", objection, note="本人来电").status_code == 302
    assert state_of(objection) == "withdrawn"


def test_the_overseer_suspends_upholds_and_decides_an_appeal(world: World, read: Send, act: Send) -> None:
    notice = posted(world)
    decision = notice.decision
    end_due_notices(now=AFTER)
    assert act(world.supervisor, decision, "suspend", reason="通知不足三天").status_code == 302
    html = read(world.supervisor, decision)
    assert faults(html) == []
    assert ("由督办员维持、发回重议或撤销" in html, "通知不足三天" in html) == (True, True)
    assert act(world.supervisor, decision, "uphold", reason="复核无误", authority="街道").status_code == 302
    appeal = {"appellant": "甲", "authority": "梅园街道办事处", "text": "程序"}
    assert act(world.secretary, decision, "appeal", **appeal).status_code == 302
    row = Appeal.objects.get()
    assert act(world.secretary, decision, "decide_appeal", row, verdict="uphold", outcome="9 号").status_code == 302
    assert (state_of(row), state_of(decision)) == ("upheld", DecisionState.UPHELD)
    assert "9 号" in read(world.secretary, decision)


def test_a_newer_decision_takes_its_place(world: World, read: Send, act: Send) -> None:
    old, new = posted(world).decision, posted(world).decision
    end_due_notices(now=AFTER)
    html = read(world.secretary, old)
    assert new.number in html
    assert act(world.secretary, old, "supersede", by_id=new.pk, reason="另行议定").status_code == 302
    assert "已由新决议替代" in read(world.secretary, old)
    assert old.number in read(world.secretary, new)


def test_history_is_told_in_words(world: World, read: Send) -> None:
    notice = posted(world)
    reply_to_objection(
        objection_id=objected(world, notice).pk, actor=world.secretary, now=world.now, reply="有理", sustained=True
    )
    html = read(world.secretary, notice.decision)
    for words in ("形成决议", "张贴公示", "收到异议", "异议成立", "暂缓执行"):
        assert words in html


def test_the_page_asks_as_much_for_three_objections_as_for_one(world: World, client: Client) -> None:
    notice = posted(world)
    client.force_login(world.secretary)
    asked = []
    for n in (1, 2):
        for i in range(n):
            objected(world, notice, f"异议 {n} {i}")
        client.get(f"/councils/decisions/{notice.decision_id}/", headers=ZH)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/councils/decisions/{notice.decision_id}/", headers=ZH)
        asked.append(len(captured))
    assert (Objection.objects.count(), asked[0]) == (3, asked[1])


def test_an_ended_notice_has_nothing_left_to_take_down(world: World, read: Send, clock: Any) -> None:
    notice = posted(world)
    later = AFTER + timedelta(days=10)
    end_due_notices(now=later)
    clock.move_to(later)
    html = read(world.secretary, notice.decision)
    assert ("公示期已满" in html, "/acts/take_down/" in html, "/acts/object/" in html) == (True, False, False)
    assert state_of(notice) == NoticeState.CLEARED
