"""The administrator configures areas, limits and the calendar; the strict content policy holds there too."""

import pytest
from playwright.sync_api import expect

from cases.models import Area
from tests.factories import World
from tests.journeys.conftest import Open
from workflows.models import Calendar, PolicyVersion

LISTS = ("cases/area", "cases/team", "cases/user", "cases/category", "workflows/policyversion", "workflows/calendar")


@pytest.fixture
def administrator(world: World) -> World:
    world.admin.is_staff = True
    world.admin.save(update_fields=["is_staff"])
    return world


def test_the_lists_and_forms_open_under_the_policy(administrator: World, visit: Open) -> None:
    page = visit(administrator.admin)
    page.locator("[data-menu] summary").click()
    page.get_by_role("link", name="后台配置").click()
    expect(page.locator("#content")).to_be_visible()
    for name in LISTS:
        page.goto(f"/admin/{name}/")
        expect(page.locator("#result_list tbody tr").first).to_be_visible()
        page.locator("#result_list tbody th a").first.click()
        expect(page.locator("#content form").first).to_be_visible()


def test_a_new_area_a_limit_and_a_day_off(administrator: World, visit: Open) -> None:
    page = visit(administrator.admin)
    page.goto("/admin/cases/area/add/")
    page.fill("[name=code]", "B7")
    page.fill("[name=name]", "七栋")
    page.select_option("[name=level]", "building")
    page.select_option("[name=parent]", str(administrator.grid.pk))
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_contain_text("七栋")
    assert Area.objects.get(code="B7").path.startswith(administrator.grid.path)

    version = PolicyVersion.objects.get()
    page.goto(f"/admin/workflows/policyversion/{version.pk}/change/")
    page.fill("[name=policies-0-amount]", "2")
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert version.policies.order_by("pk").first().amount == 2  # type: ignore[union-attr]

    calendar = Calendar.objects.get()
    page.goto(f"/admin/workflows/calendar/{calendar.pk}/change/")
    page.get_by_text("添加另一个", exact=False).last.click()
    expect(page.locator("[name=days-1-date]")).to_be_visible()
