import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from cases.council_terms import MinutesState
from cases.lib import pdf
from cases.models import Correction, Meeting, Minutes, MinutesVersion, User
from tests.councils import Body, make_body
from tests.factories import World
from tests.pages.markup import faults
from tests.posted import TEXT, state_of
from tests.sheets import unpacked
from tests.workflows.council.test_minutes import approved, drafted, newest, seated, step, with_a_decision

Send = Callable[..., Any]
ZH = {"accept-language": "zh-hans"}


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def read(client: Client) -> Send:
    def page(viewer: User, meeting: Meeting, more: str = "/", status: int = 200) -> str:
        client.force_login(viewer)
        answer = client.get(f"/councils/meetings/{meeting.pk}/minutes{more}", headers=ZH)
        assert answer.status_code == status
        return answer.content.decode()

    return page


@pytest.fixture
def act(client: Client) -> Send:
    def send(viewer: User, meeting: Meeting, name: str, row: Any = None, **data: Any) -> Any:
        client.force_login(viewer)
        path = f"/councils/meetings/{meeting.pk}/minutes/{name}/{(row or meeting).pk}/"
        return client.post(path, data, headers=ZH)

    return send


def acts_shown(html: str) -> set[str]:
    return set(re.findall(r"/minutes/(\w+)/\d+/", html))


def test_the_secretary_drafts_sends_round_and_approves_with_one_tap_each(
    world: World, body: Body, read: Send, act: Send
) -> None:
    meeting = with_a_decision(world, body)
    html = read(world.secretary, meeting)
    assert (faults(html), acts_shown(html)) == ([], {"draft"})
    assert act(world.secretary, meeting, "draft").status_code == 302
    html = read(world.secretary, meeting)
    assert faults(html) == []
    assert TEXT.split("\n")[0] in html
    assert acts_shown(html) == {"circulate", "edit", "draft"}
    act(world.secretary, meeting, "circulate")
    assert acts_shown(read(world.secretary, meeting)) == {"approve", "correct"}
    act(world.secretary, meeting, "approve")
    assert acts_shown(read(world.secretary, meeting)) == {"paper"}
    assert state_of(Minutes.objects.get()) == MinutesState.APPROVED


def test_a_wording_that_lost_a_decision_is_shown_to_have_lost_it(
    world: World, body: Body, read: Send, act: Send
) -> None:
    meeting = drafted(world, body)
    assert act(world.secretary, meeting, "edit", body="短").status_code == 302
    assert "正文里没有原文照录：〔2026〕决议1号" in read(world.secretary, meeting)
    step(world, meeting, "circulate")
    refused = act(world.secretary, meeting, "approve")
    assert (refused.status_code, "〔2026〕决议1号" in refused.content.decode()) == (422, True)


def test_what_is_edited_in_the_browser_keeps_the_text_of_the_decision(world: World, body: Body, act: Send) -> None:
    meeting = drafted(world, body)
    text = newest(meeting).body.replace("\n", "\r\n") + "\r\n散会。"
    act(world.secretary, meeting, "edit", body=text)
    assert (TEXT in newest(meeting).body, MinutesVersion.objects.count()) == (True, 2)


def test_an_empty_wording_is_refused(world: World, body: Body, act: Send) -> None:
    meeting = drafted(world, body)
    assert act(world.secretary, meeting, "edit", body="").status_code == 422
    assert MinutesVersion.objects.count() == 1


def test_a_seat_asks_and_the_secretary_settles(world: World, body: Body, read: Send, act: Send) -> None:
    meeting = drafted(world, body)
    seat = body.all_seats[3].user
    assert acts_shown(read(seat, meeting)) == set()
    step(world, meeting, "circulate")
    assert acts_shown(read(seat, meeting)) == {"ask"}
    assert act(seat, meeting, "ask", text="应为十个").status_code == 302
    row = Correction.objects.get()
    html = read(world.secretary, meeting)
    assert faults(html) == []
    assert acts_shown(html) == {"settle", "correct"}
    assert act(world.secretary, meeting, "settle", row, taken="no", reply="").status_code == 422
    assert act(world.secretary, meeting, "settle", row, taken="yes").status_code == 302
    assert state_of(Minutes.objects.get()) == MinutesState.CORRECTING


def test_a_seat_signs_what_it_saw(world: World, body: Body, read: Send, act: Send) -> None:
    meeting = approved(world, body)
    version, seat = newest(meeting), body.chair.user
    html = read(seat, meeting)
    assert (faults(html), acts_shown(html), version.sha256 in html) == ([], {"sign"}, True)
    assert act(seat, meeting, "sign", version, sha256=version.sha256).status_code == 422  # not ticked
    other = act(seat, meeting, "sign", version, sha256="0" * 64, agrees="on")
    assert (other.status_code, "不一样" in other.content.decode()) == (422, True)
    assert act(seat, meeting, "sign", version, sha256=version.sha256, agrees="on").status_code == 302
    html = read(seat, meeting)
    assert ("已签 1 人，须 5 人（成员 9 人）" in html, acts_shown(html)) == (True, set())
    assert act(seat, meeting, "sign", version, sha256=version.sha256, agrees="on").status_code == 409


def test_paper_signatures_make_them_signed_published_and_archived(
    world: World, body: Body, read: Send, act: Send
) -> None:
    meeting = approved(world, body)
    version = newest(meeting)
    for seat in body.all_seats[:5]:
        assert act(world.secretary, meeting, "paper", version, seat_id=seat.pk).status_code == 302
    assert acts_shown(read(world.secretary, meeting)) == {"publish", "addendum", "archive", "paper"}
    act(world.secretary, meeting, "publish")
    act(world.secretary, meeting, "archive")
    act(world.secretary, meeting, "addendum", body="面积以测绘为准。")
    html = read(world.secretary, meeting)
    assert faults(html) == []
    assert "面积以测绘为准。" in html
    assert (state_of(meeting), state_of(Minutes.objects.get())) == ("archived", MinutesState.PUBLISHED)


def test_who_does_not_see_the_council_or_comes_too_early_gets_no_minutes(
    world: World, body: Body, read: Send, act: Send
) -> None:
    meeting = drafted(world, body)
    read(world.other_grid_worker, meeting, status=404)
    assert act(world.secretary, meeting, "forget").status_code == 404
    assert act(body.chair.user, meeting, "circulate").status_code == 403
    assert act(world.secretary, meeting, "publish").status_code == 409
    read(world.secretary, seated(world, body), status=404)


def test_who_only_watches_reads_them_without_numbers_that_point_to_a_person(
    world: World, body: Body, read: Send, act: Send
) -> None:
    meeting = drafted(world, body)
    act(world.secretary, meeting, "edit", body=newest(meeting).body + "\n电话13800138000")
    assert "13800138000" not in read(world.desk, meeting)
    assert "13800138000" in read(world.secretary, meeting)


def test_the_sheet_has_a_line_for_everybody_who_signs(world: World, body: Body, read: Send) -> None:
    html = read(world.secretary, approved(world, body), "/print/")
    assert faults(html) == []
    assert html.count("签名：") == 8
    assert "SHA-256" in html


def test_before_anything_is_drafted_nothing_else_can_be_done(world: World, body: Body, read: Send, act: Send) -> None:
    meeting = with_a_decision(world, body)
    assert acts_shown(read(body.chair.user, meeting)) == set()
    assert act(world.secretary, meeting, "circulate").status_code == 409
    assert act(world.secretary, meeting, "sign", meeting, agrees="on").status_code == 404


def test_a_correction_that_is_settled_is_not_settled_again(world: World, body: Body, read: Send, act: Send) -> None:
    meeting = drafted(world, body)
    step(world, meeting, "circulate")
    act(body.all_seats[3].user, meeting, "ask", text="应为十个")
    row = Correction.objects.get()
    act(world.secretary, meeting, "settle", row, taken="yes")
    assert act(world.secretary, meeting, "settle", row, taken="yes").status_code == 409
    assert acts_shown(read(world.secretary, meeting)) == {"circulate", "approve", "edit", "draft"}


def test_before_there_is_a_text_there_is_no_sheet(world: World, body: Body, read: Send) -> None:
    read(world.secretary, with_a_decision(world, body), "/print/", 404)


@pytest.mark.skipif(bool(pdf.missing()), reason="needs the libraries of WeasyPrint")
def test_the_sheet_as_a_pdf_has_chinese_type_in_it(world: World, body: Body, client: Client) -> None:
    meeting = drafted(world, body)
    client.force_login(world.secretary)
    answer = client.get(f"/councils/meetings/{meeting.pk}/minutes.pdf", headers=ZH)
    assert answer.headers["content-type"] == "application/pdf"
    assert b"CJK" in unpacked(answer.content)


def test_where_no_pdf_can_be_made_the_page_says_so(
    world: World, body: Body, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = drafted(world, body)
    monkeypatch.setattr(pdf, "missing", lambda: ("libpango",))
    client.force_login(world.secretary)
    answer = client.get(f"/councils/meetings/{meeting.pk}/minutes.pdf", headers=ZH)
    assert answer.headers["location"] == f"/councils/meetings/{meeting.pk}/minutes/"
