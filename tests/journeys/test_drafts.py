"""On a weak line nothing that was typed or photographed is lost, and nothing arrives twice."""

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from cases.models import Attachment, Case
from tests.factories import World
from tests.journeys.conftest import PASSWORD, Faults, Open
from tests.journeys.steps import Thumb

WORDS = "楼道堆了杂物。下雨时没法走。"
FORM = "form[data-draft=report]"


def begun(page: Page, photo: Path) -> Thumb:
    """A report, typed and photographed, not sent."""
    page.goto("/report/")
    thumb = Thumb(page)
    thumb.photograph(photo)
    thumb.write("[name=description]", WORDS)
    return thumb


def test_a_report_survives_a_reload(world: World, visit: Open, photo: Path) -> None:
    page = visit(world.grid_worker, phone=True)
    begun(page, photo)
    page.reload()
    expect(page.locator("[data-notice=draft]")).to_contain_text("已恢复")
    expect(page.locator("[name=description]")).to_have_value(WORDS)
    expect(page.locator("[data-photo-area] img")).to_have_count(1)
    page.locator(".form-actions button").tap()
    page.wait_for_url("**/report/2*/")
    assert Attachment.objects.get().case.description == WORDS
    page.goto("/report/")
    expect(page.locator("[name=description]")).to_have_value("")
    expect(page.locator("[data-photo-area] img")).to_have_count(0)


def test_a_report_of_one_person_is_not_shown_to_the_next(world: World, visit: Open, photo: Path) -> None:
    page = visit(world.grid_worker, phone=True)
    begun(page, photo)
    page.goto("/me/")
    page.locator("main").get_by_role("button", name="退出").tap()
    page.fill("input[name=username]", world.contact.username)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main button[type=submit]").tap()
    expect(page.locator(".menu")).to_contain_text(world.contact.name)
    page.goto("/report/")
    expect(page.locator("[data-photo-area]")).to_be_attached()
    expect(page.locator("[name=description]")).to_have_value("")


def test_what_was_sent_without_a_line_goes_out_by_itself_when_it_is_back(
    world: World, visit: Open, photo: Path
) -> None:
    page = visit(world.grid_worker, phone=True)
    thumb = begun(page, photo)
    page.context.set_offline(True)
    thumb.tap(".form-actions button")
    expect(page.locator("[data-notice=offline]")).to_contain_text("网络不通")
    assert not Case.objects.exists()
    page.context.set_offline(False)
    page.wait_for_url("**/report/2*/")
    assert Case.objects.get().description == WORDS


def test_a_lost_answer_is_asked_for_again_and_makes_no_second_case(
    world: World, visit: Open, faults: Faults, photo: Path
) -> None:
    faults.foreseen.append("net::ERR_FAILED")
    page = visit(world.grid_worker, phone=True)
    thumb = begun(page, photo)

    def arrives_but_is_not_answered(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/report/", arrives_but_is_not_answered, times=1)
    thumb.tap(".form-actions button")
    lost = page.locator("[data-notice=sending]")
    expect(lost).to_contain_text("没有送达")
    number = Case.objects.get().number
    thumb.tap(lost.get_by_role("button", name="重试"))
    page.wait_for_url(f"**/report/{number}/")
    assert (Case.objects.count(), Attachment.objects.count()) == (1, 1)


def test_a_slow_line_shows_how_much_has_gone(world: World, visit: Open, photo: Path) -> None:
    page = visit(world.grid_worker, phone=True)
    thumb = begun(page, photo)
    expect(page.locator("[data-photo-area] [role=status]")).to_contain_text("已选照片 1")
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    line.send("Network.emulateNetworkConditions", slow)
    thumb.tap(".form-actions button")
    expect(page.locator(".sending")).to_contain_text("正在提交")
    expect(page.locator(".sending progress[value]:not([value='0'])")).to_be_visible()
    expect(page.locator(".sending")).to_contain_text("%")
    line.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    page.wait_for_url("**/report/2*/")
    assert Case.objects.count() == 1
