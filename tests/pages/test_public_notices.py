from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from cases.lib import pdf
from cases.models import Notice, Objection
from tests.decided import DAY, photo
from tests.factories import World
from tests.pages.markup import faults
from tests.posted import AFTER, OBJECTIONS_END, posted
from tests.sheets import unpacked
from workflows.council.notices import add_evidence, end_due_notices
from workflows.council.objections import raise_objection, reply_to_objection

ZH = {"accept-language": "zh-hans"}


@pytest.fixture(autouse=True)
def clock(world: World) -> Iterator[Any]:
    cache.clear()
    with time_machine.travel(world.now, tick=False) as traveller:
        yield traveller


def read(client: Client, notice: Notice, more: str = "", status: int = 200) -> str:
    answer = client.get(f"/n/{notice.slug}/{more}", headers=ZH)
    assert answer.status_code == status
    return answer.content.decode()


def send(client: Client, notice: Notice, **data: Any) -> Any:
    return client.post(f"/n/{notice.slug}/", data, headers=ZH)


def test_anybody_reads_what_was_decided_and_how_long_it_hangs(world: World, client: Client) -> None:
    notice = posted(world)
    html = read(client, notice)
    assert faults(html) == []
    for words in ("十二个车位", "还剩 3 天", "2026-03-05 23:59", "2026-03-09 23:59", "提交异议", "小区公告栏"):
        assert words in html


def test_what_nobody_posted_is_not_found(client: Client, db: None) -> None:
    assert client.get("/n/0123456789/", headers=ZH).status_code == 404
    for more in ("print/", "notice.pdf", "photo/"):
        assert client.get(f"/n/0123456789/{more}", headers=ZH).status_code == 404


def test_a_resident_objects_without_a_login(world: World, client: Client) -> None:
    notice = posted(world)
    answer = send(client, notice, text="车位太少，电话13800138000", name="王小明", contact="13800138000")
    assert (answer.status_code, answer.headers["location"]) == (302, f"/n/{notice.slug}/")
    row = Objection.objects.get()
    assert (row.received_by, row.name, row.contact) == (None, "王小明", "13800138000")
    html = read(client, notice)
    assert "您的异议已收到" in html
    assert "1 条正在处理" in html
    assert "车位太少" not in html


def test_an_answer_stands_beside_its_objection_and_points_to_nobody(world: World, client: Client) -> None:
    notice = posted(world)
    row = raise_objection(
        notice_id=notice.pk, actor=None, now=world.now, text="车位太少 13800138000", name="王小明", contact="1"
    )
    reply_to_objection(objection_id=row.pk, actor=world.secretary, now=world.now, reply="已按户数核算")
    html = read(client, notice)
    assert faults(html) == []
    for words in ("王**", "138****8000", "已按户数核算"):
        assert words in html


def test_what_is_missing_is_said_and_what_was_typed_stays(world: World, client: Client) -> None:
    answer = send(client, posted(world), text="", name="王")
    assert answer.status_code == 422
    assert 'value="王"' in answer.content.decode()
    assert not Objection.objects.exists()


def test_objections_from_one_address_are_slowed_down(world: World, client: Client) -> None:
    notice = posted(world)
    answers = [send(client, notice, text=f"异议 {n}").status_code for n in range(6)]
    assert answers == [302, 302, 302, 302, 302, 429]
    assert Objection.objects.count() == 5


def test_after_the_time_for_objections_there_is_no_form_and_no_objection(
    world: World, client: Client, clock: Any
) -> None:
    notice = posted(world)
    end_due_notices(now=AFTER)
    clock.move_to(OBJECTIONS_END + DAY)
    html = read(client, notice)
    assert ("异议期已过" in html, "提交异议" in html, "公示期已满" in html) == (True, False, True)
    late = send(client, notice, text="晚了")
    assert (late.status_code, "异议期已过" in late.content.decode()) == (422, True)
    assert not Objection.objects.exists()


def test_the_sheet_for_the_wall_has_the_code_of_the_page(world: World, client: Client) -> None:
    html = read(client, posted(world), "print/")
    assert faults(html) == []
    assert 'src="data:image/svg+xml' in html
    assert "2026-03-02 至 2026-03-05" in html


@pytest.mark.skipif(bool(pdf.missing()), reason="needs the libraries of WeasyPrint")
def test_the_sheet_as_a_pdf_has_chinese_type_in_it(world: World, client: Client) -> None:
    answer = client.get(f"/n/{posted(world).slug}/notice.pdf", headers=ZH)
    assert answer.headers["content-type"] == "application/pdf"
    assert b"Noto-Serif-CJK-SC" in unpacked(answer.content) or b"NotoSerifCJK" in unpacked(answer.content)


def test_pdfs_for_one_address_are_slowed_down(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "missing", lambda: ("libpango",))
    path = f"/n/{posted(world).slug}/notice.pdf"
    assert [client.get(path).status_code for _ in range(21)] == [302] * 20 + [429]


def test_where_no_pdf_can_be_made_the_page_to_print_is_shown(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "missing", lambda: ("libpango",))
    notice = posted(world)
    answer = client.get(f"/n/{notice.slug}/notice.pdf", headers=ZH)
    assert answer.headers["location"] == f"/n/{notice.slug}/print/"


def test_the_photograph_of_the_wall_is_public(world: World, client: Client) -> None:
    notice = posted(world)
    assert client.get(f"/n/{notice.slug}/photo/").status_code == 404
    kept = add_evidence(notice_id=notice.pk, actor=world.secretary, now=world.now, file=photo("green"))
    assert f"/n/{notice.slug}/photo/" in read(client, notice)
    answer = client.get(f"/n/{notice.slug}/photo/")
    assert answer.headers["content-type"] == "image/jpeg"
    assert b"".join(answer.streaming_content)[:2] == b"\xff\xd8"
    kept.evidence.delete(save=False)
    assert client.get(f"/n/{notice.slug}/photo/").status_code == 404
