from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from cases.lib import pdf
from cases.models import Ballot, Decision, FollowUp, Poll, User
from tests.factories import World
from tests.owners import TEXT, at, elector, everybody, opened, owners, recommended, register, started, vote
from tests.pages.markup import faults
from workflows.council import owners_ballots as commands
from workflows.council.owners_links import ballot_token
from workflows.council_pages.owners_ballots import offer_of

THREE = (
    "1-101,张三,A1,60,不动产登记,",
    "1-102,张三,A1,40,买卖合同,",
    "1-201,李四,,100,测绘报告,",
    "1-301,王五,,100,登记,",
)
ZH = {"accept-language": "zh-hans"}
OVER = 14
Get = Callable[..., str]
Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def here(world: World, settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    cache.clear()
    register(world, tmp_path, *THREE)
    yield
    cache.clear()


@pytest.fixture
def read(client: Client) -> Get:
    def page(viewer: User | None, path: str, now: datetime, status: int = 200) -> str:
        with time_machine.travel(now, tick=False):
            if viewer:
                client.force_login(viewer)
            answer = client.get(path, headers=ZH)
        assert answer.status_code == status
        return answer.content.decode()

    return page


@pytest.fixture
def send(client: Client) -> Send:
    def post(viewer: User | None, path: str, now: datetime, **data: Any) -> Any:
        with time_machine.travel(now, tick=False):
            if viewer:
                client.force_login(viewer)
            return client.post(path, data, headers=ZH)

    return post


def page_of(poll: Poll) -> str:
    return f"/councils/owners-ballots/{poll.pk}/"


def link_of(poll: Poll, n: int = 1) -> str:
    return f"/n/vote/{ballot_token(elector(poll, n))}/"


def form_of(page: Any) -> dict[str, str]:
    """What the form of a new ballot suggests, as a browser sends it."""
    form = page.context["form"]
    return {name: form[name].value() if isinstance(form[name].value(), str) else f"{form[name].value():%Y-%m-%dT%H:%M}"
            for name in form.fields}  # fmt: skip


def test_a_ballot_is_started_with_what_the_form_suggests(world: World, client: Client, send: Send) -> None:
    decision = recommended(world)
    path = f"/councils/decisions/{decision.pk}/owners-ballot/"
    with time_machine.travel(world.now, tick=False):
        client.force_login(world.secretary)
        page = client.get(path, headers=ZH)
    assert faults(page.content.decode()) == []
    suggested = form_of(page)
    assert suggested == {
        "pack_code": "owners_278_ordinary", "text": decision.text,
        "opens_at": "2026-03-18T09:00", "closes_at": "2026-04-01T18:00",
    }  # fmt: skip
    refused = send(world.secretary, path, world.now, **(suggested | {"opens_at": "2026-03-10T09:00"}))
    assert refused.status_code == 422
    assert "最早 2026-03-18 开始" in refused.content.decode()
    assert decision.text in refused.content.decode()
    assert Poll.objects.count() == 0
    done = send(world.secretary, path, world.now, **suggested)
    poll = Poll.objects.get()
    assert (done.status_code, done.url) == (302, page_of(poll))
    again = send(world.secretary, path, world.now, **suggested)
    assert (again.status_code, again.url) == (302, page_of(poll))


def test_a_decision_that_gives_no_reason_says_why(world: World, read: Get) -> None:
    decision = recommended(world)
    FollowUp.objects.update(kind="task")
    Decision.objects.update(kind="decision")
    page = read(world.secretary, f"/councils/decisions/{decision.pk}/owners-ballot/", world.now)
    assert "只有建议才可以交业主表决" in page
    for other in (world.supervisor, world.member, world.desk):
        read(other, f"/councils/decisions/{decision.pk}/owners-ballot/", world.now, 404)


def test_a_decision_offers_its_ballot_to_the_secretary_until_it_runs(world: World) -> None:
    decision = recommended(world)
    offered = offer_of(world.secretary, decision)
    assert offered is not None
    assert offered.url == f"/councils/decisions/{decision.pk}/owners-ballot/"
    assert offer_of(world.supervisor, decision) is None
    poll = started(world, decision)
    running = offer_of(world.supervisor, decision)
    assert running is not None
    assert running.url == page_of(poll)


def test_the_page_leads_through_the_whole_ballot(world: World, read: Get, send: Send) -> None:
    poll = started(world)
    path = page_of(poll)
    waiting = read(world.secretary, path, world.now)
    assert "公告期满后自动开始" in waiting
    assert faults(waiting) == []
    assert send(world.secretary, f"{path}open/", world.now).status_code == 302
    assert Poll.objects.get().state == "draft"
    assert "开始表决" in read(world.secretary, path, at(world))
    send(world.secretary, f"{path}open/", at(world))
    page = read(world.secretary, path, at(world, 1))
    assert "名册：业主 3 人，专有部分面积 300 平方米" in page
    assert "尚有 3 票（300 平方米）未回，可能改变结果" in page
    assert "录入纸质票" in page
    assert faults(page) == []
    for unit, choice in (("1-102", "for"), ("1-201", "for")):
        assert send(world.secretary, f"{path}papers/", at(world, 1), unit=unit, choice=choice).status_code == 302
    page = read(world.secretary, path, at(world, 1))
    assert "已收回 200 平方米，名册 300 平方米" in page
    assert "须不少于三分之二参与（2 人），已达到" in page
    assert "尚有 1 票（100 平方米）未回，不会改变结果" in page
    assert "1-201：同意，已计票。" in page
    assert send(world.secretary, f"{path}close/", at(world, 1)).status_code == 302
    assert "截止时间以前不能提前结束" in read(world.secretary, path, at(world, 1))
    assert "截止时间已到" in read(world.secretary, path, at(world, OVER))
    for act in ("close", "certify", "publish"):
        assert send(world.secretary, f"{path}{act}/", at(world, OVER)).status_code == 302
    page = read(world.secretary, path, at(world, OVER))
    assert "<b>结果：通过</b>" in page
    assert faults(page) == []
    assert send(world.secretary, f"{path}certify/", at(world, OVER)).status_code == 409
    assert send(world.secretary, f"{path}burn/", at(world, OVER)).status_code == 404


def test_a_paper_that_cannot_count_is_refused_at_its_field(world: World, send: Send) -> None:
    poll = opened(world)
    path = f"{page_of(poll)}papers/"
    unknown = send(world.secretary, path, at(world, 1), unit="9-999", choice="for")
    assert (unknown.status_code, "名册里没有这个房号" in unknown.content.decode()) == (422, True)
    assert 'value="9-999"' in unknown.content.decode()
    assert send(world.secretary, path, at(world, 1), unit="1-101").status_code == 422
    assert send(world.secretary, path, at(world, 1), unit="1-101", choice="for").status_code == 302
    twice = send(world.secretary, path, at(world, 2), unit="1-102", choice="against")
    text = twice.content.decode()
    assert twice.status_code == 422
    assert "1-101、1-102 已经投过票（03-19 09:00，纸质票），没有重复计票。" in text
    assert faults(text) == []
    late = send(world.secretary, path, at(world, OVER), unit="1-201", choice="for")
    assert late.status_code == 302
    broken = send(world.secretary, path, at(world, 2), unit="1-201", choice="for", scan=BytesIO(b"no picture"))
    assert (broken.status_code, "这不是照片" in broken.content.decode()) == (422, True)
    assert Ballot.objects.count() == 1


def test_a_paper_of_a_holder_is_entered_on_the_same_form(world: World, read: Get, send: Send) -> None:
    poll = opened(world)
    path = page_of(poll)
    of_holder = {"holder": "赵小六", "holder_phone": "0755-26888888", "document": "委托书2号"}
    given = {"unit": "1-101", "choice": "for"} | of_holder
    page = send(world.secretary, f"{path}papers/", at(world, 1), **given)
    text = page.content.decode()
    assert page.status_code == 422
    assert "委托书须写明投什么意见" in text
    assert 'value="赵小六"' in text
    assert '<details class="plain" open>' in text
    assert faults(text) == []
    barred = given | {"is_told": "on", "holder_party": "property_company"}
    assert "不能受托投票" in send(world.secretary, f"{path}papers/", at(world, 1), **barred).content.decode()
    assert send(world.secretary, f"{path}papers/", at(world, 1), **(given | {"is_told": "on"})).status_code == 302
    shown = read(world.secretary, path, at(world, 1))
    assert "赵**代交" in shown
    assert "赵小六" not in shown
    assert "26888888" not in shown
    assert "一人最多受托 3 份" in shown


def test_a_wrong_entry_is_struck_on_its_own_page(world: World, read: Get, send: Send) -> None:
    poll = opened(world)
    vote(world, poll, 1, "against")
    path = f"{page_of(poll)}papers/{Ballot.objects.get().pk}/strike/"
    assert faults(read(world.secretary, path, at(world, 1))) == []
    assert send(world.secretary, path, at(world, 1), reason=" ").status_code == 422
    assert send(world.secretary, path, at(world, 1), reason="录错了").status_code == 302
    read(world.secretary, path, at(world, 1), 404)
    vote(world, poll, 2, "against")
    path = f"{page_of(poll)}papers/{Ballot.objects.get(struck_at=None).pk}/strike/"
    read(world.member, path, at(world, 1), 403)
    assert send(world.secretary, path, at(world, OVER), reason="太晚").status_code == 302


def test_a_scan_is_shown_to_who_runs_it_only(world: World, read: Get, send: Send, client: Client) -> None:
    poll, file = opened(world), BytesIO()
    Image.new("RGB", (64, 48), "white").save(file, "JPEG")
    file.seek(0)
    file.name = "scan.jpg"
    send(world.secretary, f"{page_of(poll)}papers/", at(world, 1), unit="1-101", choice="for", scan=file)
    path = f"{page_of(poll)}papers/{Ballot.objects.get().pk}/scan/"
    assert "票样" in read(world.secretary, page_of(poll), at(world, 1))
    with time_machine.travel(at(world, 1), tick=False):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
        assert b"".join(answer.streaming_content)[:2] == b"\xff\xd8"
    read(world.member, path, at(world, 1), 404)
    Path(Ballot.objects.get().scan.path).unlink()
    read(world.secretary, path, at(world, 1), 404)
    vote(world, poll, 2, "for")
    last = Ballot.objects.order_by("-pk")[0]
    read(world.secretary, f"{page_of(poll)}papers/{last.pk}/scan/", at(world, 1), 404)


def test_slips_carry_a_link_each_for_the_runner_only(world: World, read: Get) -> None:
    waiting = started(world)
    read(world.secretary, f"{page_of(waiting)}slips/", at(world), 404)
    poll = opened(world)
    page = read(world.secretary, f"{page_of(poll)}slips/", at(world))
    assert page.count('<section class="slip"') == 3
    assert (TEXT in page, "张三" in page) == (True, False)
    assert faults(page) == []
    vote(world, poll, 1, "for")
    page = read(world.secretary, f"{page_of(poll)}slips/?out=1&page=x", at(world))
    assert page.count('<section class="slip"') == 2
    read(world.supervisor, f"{page_of(poll)}slips/", at(world), 403)
    read(world.other_grid_worker, f"{page_of(poll)}slips/", at(world), 404)


def test_many_slips_come_in_portions(world: World, read: Get, tmp_path: Path) -> None:
    register(world, tmp_path, *owners(["10"] * 101))
    poll = opened(world)
    assert read(world.secretary, f"{page_of(poll)}slips/", at(world)).count('<section class="slip"') == 100
    second = read(world.secretary, f"{page_of(poll)}slips/?page=2", at(world))
    assert second.count('<section class="slip"') == 1


def test_slips_can_be_had_as_a_pdf_where_one_can_be_made(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = opened(world)
    client.force_login(world.secretary)
    if not pdf.missing():
        answer = client.get(f"{page_of(poll)}slips.pdf", headers=ZH)
        assert answer.content[:5] == b"%PDF-"
        assert answer.headers["Content-Type"] == "application/pdf"
    monkeypatch.setattr(pdf, "missing", lambda: ("libpango-1.0-0",))
    assert client.get(f"{page_of(poll)}slips.pdf", headers=ZH).url == page_of(poll)


def test_the_roll_is_printed_with_both_sums(world: World, read: Get) -> None:
    waiting = started(world)
    read(world.secretary, f"{page_of(waiting)}roll/", at(world), 404)
    page = read(world.supervisor, f"{page_of(opened(world))}roll/", at(world))
    assert "业主 3 人，专有部分面积 300 平方米" in page
    assert "买卖合同" in page
    assert faults(page) == []


def test_others_see_the_progress_and_none_of_the_units(world: World, read: Get) -> None:
    poll = opened(world)
    vote(world, poll, 1, "for")
    page = read(world.member, page_of(poll), at(world, 1))
    assert "已收回 100 平方米" in page
    assert not any(words in page for words in ("1-201", "录入纸质票", "印选票", "刚收到的票"))
    read(world.other_grid_worker, page_of(poll), at(world, 1), 404)


def test_an_overseer_may_strike_a_vote_by_link_and_sees_no_choice(world: World, read: Get) -> None:
    poll = opened(world)
    vote(world, poll, 1, "against", channel="phone", actor=None)
    assert "strike/" in read(world.supervisor, page_of(poll), at(world, 1))
    page = read(world.secretary, page_of(poll), at(world, 1))
    assert "strike/" not in page
    assert "手机 · 反对" not in page


def test_an_owner_reads_chooses_confirms_and_has_voted(world: World, read: Get, send: Send, client: Client) -> None:
    poll = opened(world)
    path = link_of(poll)
    with time_machine.travel(at(world, 1), tick=False):
        answer = client.get(path, headers=ZH)
    page = answer.content.decode()
    assert all(
        words in page for words in (TEXT, "民法典", "您代表 1-101、1-102，100 平方米", "一位业主不论几套房都算一人")
    )
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")
    assert faults(page) == []
    assert send(None, path, at(world, 1), choice="maybe").status_code == 422
    asked = send(None, path, at(world, 1), choice="against")
    assert "您的意见：反对" in asked.content.decode()
    assert faults(asked.content.decode()) == []
    assert Ballot.objects.count() == 0
    assert send(None, path, at(world, 1), choice="against", confirm="yes").status_code == 302
    ballot = Ballot.objects.get()
    assert (ballot.choice, ballot.channel, ballot.cast_by) == ("against", "phone", None)
    page = read(None, path, at(world, 2))
    assert "您已投票" in page
    assert "反对</b>" not in page
    again = send(None, path, at(world, 2), choice="for", confirm="yes")
    assert (again.status_code, "您已投票" in again.content.decode()) == (200, True)
    assert list(Ballot.objects.values_list("choice", flat=True)) == ["against"]


def test_a_paper_that_came_first_is_said_kindly(world: World, send: Send) -> None:
    poll = opened(world)
    vote(world, poll, 1, "for")
    answer = send(None, link_of(poll), at(world, 1), choice="against", confirm="yes")
    assert "您已投票" in answer.content.decode()
    assert Ballot.objects.get().channel == "paper"


def test_after_the_end_a_link_shows_that_it_is_over_and_then_the_result(world: World, read: Get, send: Send) -> None:
    poll = opened(world)
    everybody(world, poll, ("for", "for", ""))
    late = send(None, link_of(poll, 3), at(world, OVER), choice="for", confirm="yes")
    assert (late.status_code, "表决已经截止" in late.content.decode()) == (409, True)
    commands.close_owners_ballot(poll_id=poll.pk, actor=None, now=at(world, OVER))
    commands.certify_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, OVER))
    assert "结果：通过" not in read(None, link_of(poll, 3), at(world, OVER))
    commands.publish_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, OVER))
    page = read(None, link_of(poll, 3), at(world, OVER))
    assert "结果：通过" in page
    assert faults(page) == []
    Poll.objects.filter(pk=poll.pk).update(
        state="void", void_asked_by=world.secretary, void_agreed_by=world.supervisor, void_reason="有误"
    )
    assert "已经作废" in read(None, link_of(poll, 3), at(world, OVER))


def test_a_ballot_is_voided_by_two_people_on_its_page(world: World, read: Get, send: Send) -> None:
    poll = opened(world)
    path = page_of(poll)
    assert faults(read(world.secretary, f"{path}ask-void/", at(world, 1))) == []
    assert send(world.secretary, f"{path}ask-void/", at(world, 1), reason=" ").status_code == 422
    assert send(world.secretary, f"{path}ask-void/", at(world, 1), reason="选票印错").status_code == 302
    assert "同意作废" not in read(world.secretary, path, at(world, 1))
    page = read(world.supervisor, path, at(world, 1))
    assert "已提请作废：选票印错" in page
    assert "同意作废" in page
    assert send(world.supervisor, f"{path}void/", at(world, 1)).status_code == 302
    assert "已作废：选票印错" in read(world.supervisor, path, at(world, 1))
    assert "已经作废" in read(None, link_of(poll), at(world, 1))
    assert send(world.secretary, f"{path}ask-void/", at(world, 1), reason="再来").status_code == 422


def test_links_cannot_be_guessed_nor_tried_for_ever(world: World, client: Client) -> None:
    poll, other = opened(world), opened(world)
    mine, theirs = ballot_token(elector(poll)), ballot_token(elector(other))
    mixed = f"{theirs.partition('-')[0]}-{mine.partition('-')[2]}"
    assert client.get(f"/n/vote/{mixed}/").status_code == 404
    for n in range(19):
        assert client.get(f"/n/vote/{n}-AAAAAAAAAAAAAAAAAAAAAAAA/").status_code == 404
    assert client.get(f"/n/vote/{mine}/").status_code == 429
    assert Ballot.objects.count() == 0


def test_the_page_costs_the_same_for_one_vote_and_for_three(world: World, client: Client) -> None:
    poll = opened(world)
    counts = []
    for n in (1, 2):
        vote(world, poll, n, "for")
        with time_machine.travel(at(world, 1), tick=False):
            client.force_login(world.secretary)
            client.get(page_of(poll), headers=ZH)
            with CaptureQueriesContext(connection) as seen:
                client.get(page_of(poll), headers=ZH)
        counts.append(len(seen))
    assert counts[0] == counts[1]
