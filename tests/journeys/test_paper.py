"""Pages on paper: headings stand over their columns, nothing but paper is printed, and no sheet is empty."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.factories import World
from tests.journeys.conftest import Open
from tests.journeys.test_accessibility import token_of

CELLS = "rows => rows.map((row) => [...row.cells].filter((cell) => cell.checkVisibility()).length)"


def sheets_of(page: Page) -> int:
    """How many sheets of A4 it takes."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4", prefer_css_page_size=True)))


def test_a_list_with_boxes_to_tick_prints_its_headings_over_its_columns(world: World, visit: Open) -> None:
    world.case("in_progress", now=world.now - timedelta(days=60))
    page = visit(world.supervisor)
    page.goto("/overdue/")
    assert page.eval_on_selector_all("table.desk tr", CELLS) == [5, 5]
    page.emulate_media(media="print")
    assert page.eval_on_selector_all("table.desk tr", CELLS) == [3, 3]
    expect(page.locator(".page-head__actions")).to_be_hidden()


def test_a_receipt_and_a_poster_take_one_sheet(world: World, visit: Open) -> None:
    page = visit()
    page.goto(f"/r/{token_of(world.case('reported', resident=True), world)}/receipt/")
    assert sheets_of(page) == 1
    page = visit(world.desk)
    page.goto(f"/posters/{world.estate.code}/")
    assert sheets_of(page) == 1
