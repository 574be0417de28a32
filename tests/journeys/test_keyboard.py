"""A desk without a mouse: the whole of accepting a case by keys alone, and the focus always to be seen."""

from playwright.sync_api import Page, expect

from cases.models import Case
from tests.factories import World
from tests.journeys.conftest import PASSWORD, Open

MOST_STEPS = 40
IS_SEEN = """() => {
  const one = document.activeElement;
  const marked = [one, one.closest("label")].filter(Boolean).map((e) => getComputedStyle(e));
  return marked.some((style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2));
}"""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there; wherever it rests on the way, it is seen."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        assert page.evaluate(IS_SEEN), f"focus not seen on {page.evaluate('document.activeElement.outerHTML')[:200]}"
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by {MOST_STEPS} tabs")


def test_a_case_is_accepted_by_keys_alone(world: World, visit: Open) -> None:
    cases = [world.case("reported") for _ in range(3)]
    page = visit()
    page.goto("/")
    page.keyboard.type(world.desk.username)  # the name has the focus
    tab_to(page, "[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".tabs")).to_be_visible()

    titles = page.locator(".cases__title a")
    for key in "jjk":
        page.keyboard.press(key)
    expect(titles.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(titles.nth(1)).to_be_focused()
    assert page.evaluate(IS_SEEN)
    title = titles.nth(1).inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*/")

    tab_to(page, "[name=category]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "[name=priority]")
    page.keyboard.press("ArrowRight")
    tab_to(page, "form .btn--primary")
    page.keyboard.press("Enter")
    expect(page.locator(".notice--success")).to_contain_text("「受理」已办好")
    case = Case.objects.get(title=title)
    assert (case.state, case.category, case.priority) == ("accepted", world.category, "urgent")
    expect(page.locator("h1")).to_contain_text(cases[0].title)


def test_the_skip_link_leads_past_the_navigation(world: World, visit: Open) -> None:
    world.case("reported")
    page = visit(world.desk)
    tab_to(page, ".skip")
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    tab_to(page, "main a")


def test_words_are_sent_by_control_enter_and_the_keys_are_explained(world: World, visit: Open) -> None:
    case = world.case("reported")
    page = visit(world.desk)
    page.goto(f"/cases/{case.number}/transitions/request_info/")
    page.keyboard.press("?")
    expect(page.locator("#keys-help")).to_be_visible()
    page.keyboard.press("Escape")
    tab_to(page, "[name=question]")
    page.keyboard.type("哪一栋？")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notice--success")).to_contain_text("「要求补充」已办好")
    assert Case.objects.get(pk=case.pk).state == "info_requested"
