"""A visit on a phone raises a case for a campaign, without scripts; the pages hold to what every page holds to."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from cases.campaign_terms import QuestionKind
from cases.campaigns import Asked, CampaignPlan, appoint_head, publish_form, save_campaign
from cases.households import Door, assign_contact, record_visit, save_household
from cases.models import Campaign, Case, Course, Household, Lecturer, TeachingSite
from tests.factories import World
from tests.journeys.conftest import Faults, Open
from tests.journeys.test_accessibility import of


@pytest.fixture
def walk(world: World) -> Campaign:
    day = world.now.date() - timedelta(days=10)
    plan = CampaignPlan("walk", "走找想促", day, areas=[world.street], goals={"suggestions": 3, "resolution": 90})
    made = save_campaign(plan=plan, actor=world.admin)
    questions = [Asked("几口人？", QuestionKind.NUMBER, required=True), Asked("愿意议事吗？", QuestionKind.YES_NO)]
    publish_form(campaign=made, questions=questions, actor=world.admin, now=world.now)
    return made


@pytest.fixture
def home(world: World) -> Household:
    made = save_household(
        area=world.grid, door=Door("2单元501", "王小明", "13800138000"), actor=world.admin, now=world.now
    )
    since = world.now.date() - timedelta(days=9)
    assign_contact(households=[made], user=world.contact, actor=world.admin, valid_from=since)
    return made


def test_a_contact_visits_and_raises_a_case_for_the_campaign(
    world: World, visit: Open, walk: Campaign, home: Household, faults: Faults
) -> None:
    faults.foreseen.append("status of 422")
    page = visit(world.contact, phone=True, js=False)
    page.goto("/visits/")
    page.get_by_role("link", name="2单元501").tap()
    page.locator("textarea[name=words]").fill("楼道灯不亮，晚上看不见。")
    page.get_by_role("button", name="记下并上报一件").tap()
    expect(page.locator("textarea[name=description]")).to_have_value("楼道灯不亮，晚上看不见。")
    asked = page.locator(f"[name=answer_{walk.pk}_q1]")
    expect(asked).to_be_hidden()
    page.get_by_label("走找想促").check()
    expect(asked).to_be_visible()
    page.locator(".form-actions button").tap()
    expect(page.locator(".form-errors")).to_contain_text("几口人？")
    asked.fill("3")
    page.locator(".form-actions button").tap()
    expect(page.locator(".page-head__over")).to_have_text("编号")
    case = Case.objects.get()
    assert (case.source, case.campaign, case.collected_answers.get().value) == ("household", walk, "3")
    assert case.visits.get().household == home


def test_the_pages_pass_axe_and_fit_a_phone(world: World, visit: Open, walk: Campaign, home: Household) -> None:
    world.case("closed", campaign=walk, answers={"q1": "2"})
    record_visit(household=home, actor=world.contact, now=world.now, words="楼道灯不亮")
    appoint_head(
        area=world.estate,
        actor=world.admin,
        valid_from=world.now.date() - timedelta(days=3),
        name="老王",
        now=world.now,
    )
    day = world.now.date()
    Course.objects.create(code="c1", name="第一期", starts_on=day, ends_on=day, campaign=walk)
    TeachingSite.objects.create(name="馆", kind="history", area=world.street)
    Lecturer.objects.create(name="张老师")
    page = visit(world.admin, phone=True)
    paths = ("/campaigns/walk/", "/campaigns/walk/questions/", "/visits/households/", "/heads/", "/training/")
    assert of(page, *paths) == []
    page = visit(world.admin, phone=True, lang="en-GB")
    forms = ("/visits/households/import/", "/campaigns/new/", "/audit/", "/messages/channels/add/webhook/", "/imports/")
    assert of(page, *paths, *forms, "/messages/texts/case.reported/staff/en/") == []
    assert of(visit(world.contact, phone=True), "/visits/", f"/visits/households/{home.pk}/", "/report/") == []
