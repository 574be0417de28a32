"""A real message, taken as if it came in today, goes the whole way through the pages."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cases import commands as facts
from cases.events import verify_all
from cases.lib.spreadsheet import clean_text, read_rows
from cases.models import Case, Survey
from tests.factories import World
from tests.journeys.conftest import Open

REAL = Path(__file__).parents[3] / "shared" / "data" / "citizen-messages-2011-2020.xlsx"


def photo() -> dict[str, str | bytes]:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), (180, 60, 40)).save(out, "JPEG")
    return {"name": "IMG_0001.JPG", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def move(page: Page, case: Case, button: str) -> None:
    """Press the button of the move that stands open on the page of the case."""
    page.locator("main .panel--accent form").get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text(f"「{button}」已办好")).to_be_visible()


def reported(page: Page, words: str) -> Case:
    """Report from the home page of a phone; six taps at most."""
    page.get_by_role("navigation").get_by_role("link", name="上报").click()
    page.locator("input[type=file]").set_input_files([photo()])  # type: ignore[list-item]
    page.get_by_label("发生了什么").fill(words)
    page.get_by_text("居民信息和标题").click()
    page.get_by_label("居民邮箱").fill("wang@example.com")
    page.locator("main form[data-draft=report] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/report/\d{4}-\d+/"))
    return Case.objects.get(number=page.url.rstrip("/").rsplit("/", 1)[1])


def whole_life(world: World, visit: Open, words: str) -> Case:
    phone = visit(world.grid_worker, phone=True)
    case = reported(phone, words)
    assert case.attachments.count() == 1
    path = f"/cases/{case.number}/"

    desk = visit(world.desk)
    desk.goto(path)
    desk.get_by_label("类别").select_option(label="路灯")
    move(desk, case, "受理")

    dispatcher = visit(world.dispatcher)
    dispatcher.goto(path)
    move(dispatcher, case, "派遣")
    assert Case.objects.get(pk=case.pk).team == world.team

    member = visit(world.member, phone=True)
    member.goto(path)
    move(member, case, "签收")
    member.goto(path)
    member.locator("input[type=file]").set_input_files([photo()])  # type: ignore[list-item]
    member.get_by_text("A 已解决").click()
    member.get_by_label("做了什么").fill("已更换灯泡和线路，夜间试亮正常。")
    move(member, case, "提交核查")

    phone.goto(path)
    phone.get_by_label("看到的情况").fill("晚上去看过，亮了。")
    move(phone, case, "核查通过")
    return Case.objects.get(pk=case.pk)


@pytest.mark.skipif(not REAL.exists(), reason="the shared data are not beside the project")
def test_a_real_message_taken_as_if_it_came_in_today_goes_the_whole_way(world: World, visit: Open) -> None:
    row = next(r for r in read_rows(REAL) if len(clean_text(r.values["留言详情"])) > 100)
    case = whole_life(world, visit, clean_text(row.values["留言详情"]))
    token = facts.link_token(facts.resident_link(case, now=case.answered_at))
    resident = visit(phone=True)
    resident.goto(f"/r/{token}/")
    resident.locator("main .choice--yes").click()
    resident.locator("main .choice--yes").click()
    resident.wait_for_url("**/thanks/")
    case = Case.objects.get(pk=case.pk)
    assert (case.state, Survey.objects.get(case=case).solved) == ("closed", True)
    assert case.description == clean_text(row.values["留言详情"])
    assert verify_all().broken == []
