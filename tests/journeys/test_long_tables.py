"""A table of many rows shows a few until it is opened; on paper it shows all of them."""

from playwright.sync_api import expect

from cases.households import Door, save_household
from cases.terms import AreaLevel
from tests.factories import World, area
from tests.journeys.conftest import Open

ESTATES = 16


def test_a_long_table_is_folded_on_the_screen_and_whole_on_paper(world: World, visit: Open) -> None:
    for n in range(ESTATES):
        estate = area(world.community, f"E{n:02}", f"第{n:02}小区", AreaLevel.ESTATE)
        save_household(area=estate, door=Door("101", "王小明", "13800138000"), actor=world.admin, now=world.now)
    page = visit(world.supervisor, phone=True)
    page.goto("/visits/")
    rows = page.locator("tbody tr")
    expect(rows.nth(11)).to_be_visible()
    expect(rows.nth(12)).to_be_hidden()
    page.emulate_media(media="print")
    expect(rows.nth(ESTATES - 1)).to_be_visible()
    page.emulate_media(media="screen")
    page.get_by_text(f"显示全部 {ESTATES} 行").click()
    expect(rows.nth(ESTATES - 1)).to_be_visible()
    expect(page.get_by_text("只看前 12 行")).to_be_visible()


def test_an_end_of_office_can_be_told_on_a_phone(world: World, visit: Open) -> None:
    page = visit(world.admin, phone=True)
    page.goto("/heads/")
    page.get_by_label("区域").last.select_option(value=str(world.estate.pk))
    page.get_by_label("姓名").last.fill("老王")
    page.get_by_label("自").fill("2026-01-05")
    page.get_by_role("button", name="登记").click()
    page.get_by_role("button", name="卸任").click()
    expect(page.get_by_text("老王 已卸任，记录还在。")).to_be_visible()
