"""Where scripts are switched off or did not arrive, everything still works, only slower."""

from pathlib import Path

from playwright.sync_api import expect

from cases.commands import link_token, resident_link
from cases.models import Attachment, Case
from tests.factories import World
from tests.journeys.conftest import Open
from tests.journeys.steps import fill, make


def test_a_grid_worker_reports_with_a_photograph(world: World, visit: Open, photo: Path) -> None:
    page = visit(world.grid_worker, phone=True, js=False)
    page.locator(".nav__item--report a").tap()
    fill(page.locator("form[data-draft=report]"), description="井盖翘起。有人绊倒过。", photos=photo)
    page.locator(".form-actions button").tap()
    expect(page.locator(".page-head__over")).to_have_text("编号")
    case = Case.objects.get()
    expect(page.locator("h1")).to_contain_text(case.number)
    assert (case.title, Attachment.objects.filter(case=case).count()) == ("井盖翘起", 1)


def test_the_desk_accepts_and_the_next_case_opens(world: World, visit: Open) -> None:
    first, second = world.case("reported"), world.case("reported")
    page = visit(world.desk, js=False)
    page.get_by_role("link", name=first.title, exact=True).click()
    make(page, "accept", category=str(world.category.pk), says="「受理」已办好")
    assert Case.objects.get(pk=first.pk).state == "accepted"
    expect(page.locator("h1")).to_contain_text(second.title)


def test_a_member_submits_with_a_photograph(world: World, visit: Open, photo: Path) -> None:
    case = world.case("in_progress", accepted_as=world.photo_category)
    page = visit(world.member, phone=True, js=False)
    page.get_by_role("link", name=case.title, exact=True).tap()
    make(page, "submit", photos=photo, result_code="A", result_text="已清理。", says="「提交核查」已办好")
    assert Case.objects.get(pk=case.pk).state == "submitted"
    assert Attachment.objects.get(case=case).kind == "result"


def test_a_resident_answers_with_two_taps(world: World, visit: Open) -> None:
    case = world.case("answered", resident=True)
    page = visit(phone=True, js=False)
    page.goto(f"/r/{link_token(resident_link(case, now=world.now))}/")
    page.get_by_role("link", name="解决了", exact=True).tap()
    page.get_by_role("button", name="满意", exact=True).tap()
    expect(page.locator("h1")).to_contain_text("谢谢您")
    assert Case.objects.get(pk=case.pk).state == "closed"
