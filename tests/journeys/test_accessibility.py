"""Every page: no violation that axe knows, nothing wider than a phone or too small for a thumb, no breach of policy."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.commands import issue_link, link_token, resident_link
from cases.models import Case, User
from cases.terms import RequestKind, Role
from notifications.models import Delivery, DeliveryState
from notifications.relay import relay
from tests.factories import World
from tests.journeys.conftest import Faults, Open
from workflows.commands.surveys import issue_survey_slip
from workflows.flows import approval

LONG = "平山小区东门外非机动车道长期堆放装修垃圾和废旧家具，行人和电动车只能绕到机动车道上走，早晚高峰危险，请尽快清理"
SMALLEST = 44
BUTTONS = "button, .btn, summary, .tabs__item, .chip, .choice, .move, select, textarea, input:not([type=hidden])"
SMALL = """([buttons, smallest]) => [...document.getElementById("main").querySelectorAll(buttons)]
  .map((one) => one.matches("[type=radio], [type=checkbox]") ? one.closest("label") ?? one : one)
  .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
  .filter((one) => !one.closest(".visually-hidden"))
  .map((one) => [Math.min(one.getBoundingClientRect().height, one.getBoundingClientRect().width), one])
  .filter(([size]) => size < smallest)
  .map(([size, one]) => `${Math.round(size)} px ${one.outerHTML.slice(0, 120)}`)"""
CUT = """() => [...document.querySelectorAll(".nav__link > span:not(.count), .tabs__item, .btn, .chip, .badge")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""
CRUSHED = """() => [...document.querySelectorAll(".btn, .badge, .chip")]
  .filter((one) => one.getBoundingClientRect().height > Math.max(110, one.getBoundingClientRect().width))
  .map((one) => one.outerHTML.slice(0, 120))"""
WIDER = "document.scrollingElement.scrollWidth - screen.width"  # innerWidth of a phone grows with what it shows


def blemishes(page: Page) -> list[str]:
    """What is wrong with the page that is open."""
    path = page.url.split("/", 3)[3]
    found = [
        f"/{path} {violation['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:300]}"
        for violation in Axe().run(page).response["violations"]
        for node in violation["nodes"]
    ]
    found += [f"/{path} too small: {one}" for one in page.evaluate(SMALL, [BUTTONS, SMALLEST])]
    found += [f"/{path} words cut: {one}" for one in page.evaluate(CUT)]
    found += [f"/{path} crushed: {one}" for one in page.evaluate(CRUSHED)]
    if (wider := page.evaluate(WIDER)) > 0:
        found.append(f"/{path} {wider} px too wide")
    return found


def test_the_instruments_notice_a_bad_page(world: World, visit: Open, phone: bool) -> None:
    page = visit(world.desk, phone=phone)
    page.evaluate("""() => {
      const main = document.getElementById("main");
      main.append(document.createElement("input"), document.createElement("button"));
      main.lastChild.textContent = "x";
      main.querySelector("h1").className = "";
      main.querySelector("h1").innerHTML = "<img src='/favicon.ico'>";
      const wide = document.createElement("pre");
      wide.textContent = "x".repeat(2000);
      document.body.append(wide);
      wide.classList.add("nowrap");
      const narrow = document.createElement("a");
      narrow.className = "btn";
      narrow.textContent = "Import households";
      narrow.style.cssText = "inline-size: 2rem; padding: 0; overflow-wrap: anywhere";
      main.append(narrow);
      const label = document.querySelector(".nav__link > span");
      label.textContent = "Unabbreviated";
      label.style.cssText = "max-inline-size: 3rem; overflow: hidden; white-space: nowrap";
    }""")
    found = "\n".join(blemishes(page))
    for fault in ("label: ", "image-alt: ", "too small: ", "px too wide", "words cut: ", "crushed: "):
        assert fault in found


def of(page: Page, *paths: str) -> list[str]:
    """What is wrong with these pages."""
    found = []
    for path in paths:
        page.goto(path)
        found += blemishes(page)
    return found


def page_of(case: Case) -> str:
    return f"/cases/{case.number}/"


def token_of(case: Case, world: World) -> str:
    return link_token(resident_link(case, now=world.now))


@pytest.fixture
def busy(world: World) -> World:
    """Cases everywhere, some late, one with a title of sixty characters; requests, messages, a dead letter."""
    world.case("reported", title=LONG, description=f"{LONG}。" * 3, resident=True)
    asked = world.case("in_progress", title="路灯不亮")
    until = (world.now + timedelta(days=40)).isoformat()
    approval.ask_request(
        case_id=asked.pk, actor=world.member, now=world.now, kind=RequestKind.EXTENSION, reason="等配件。",
        details={"until": until},
    )  # fmt: skip
    world.case("in_progress", now=world.now - timedelta(days=60), title=f"旧{LONG}")
    world.case("answered", resident=True)
    relay(now=timezone.now())
    given_up = {"state": DeliveryState.DEAD, "next_try_at": None, "attempts": 6, "last_error": "550 no such mailbox"}
    Delivery.objects.filter(channel="email").update(**given_up)
    return world


@pytest.fixture(params=[False, True], ids=["desk", "phone"])
def phone(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize("lang", ["zh-CN", "en-GB"])
def test_lists_and_forms_of_the_staff(busy: World, visit: Open, phone: bool, lang: str) -> None:
    page = visit(busy.grid_worker, phone=phone, lang=lang)
    found = of(page, "/?tab=doing", "/report/", "/cases/", "/messages/", "/me/", "/accounts/password/")
    page = visit(busy.supervisor, phone=phone, lang=lang)
    found += of(page, "/overdue/", "/requests/", "/messages/dead/", "/cases/?state=closed&q=没有")
    found += of(page, "/orders/", "/limits/", "/limits/1/", "/calendars/", "/calendars/cn/2026/", "/clocks/")
    found += of(page, "/figures/?by=team", "/figures/resolution/denominator/")
    page = visit(busy.desk, phone=phone, lang=lang)
    long = page_of(Case.objects.get(title=LONG))
    found += of(page, long, f"{long}clocks/", f"/posters/{busy.estate.code}/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans" if lang == "zh-CN" else "en")
    assert found == []


def test_home_of_every_role(busy: World, visit: Open, phone: bool) -> None:
    page = visit(phone=phone)
    found = of(page, "/accounts/login/")
    for role in Role:
        person = User.objects.filter(roles__role=role).order_by("pk").first()
        if person is None:  # seats of a council have no login of their own here
            assert role == Role.SEAT
            continue
        page = visit(person, phone=phone)
        found += blemishes(page)
    assert found == []


def test_the_page_of_a_case_in_every_state(busy: World, visit: Open, phone: bool) -> None:
    desk, supervisor = visit(busy.desk, phone=phone), visit(busy.supervisor, phone=phone)
    member = visit(busy.member, phone=phone)
    opened = (
        ("reported", desk),
        ("info_requested", visit(busy.grid_worker, phone=phone)),
        ("dispatched", member),
        ("in_progress", member),
        ("deliberating", visit(busy.secretary, phone=phone)),
        ("submitted", desk),
        ("answered", visit(busy.survey_desk, phone=phone)),
        ("reopen_requested", supervisor),
        ("rejected", desk),
        ("closed", visit(busy.auditor, phone=phone)),
    )
    found = []
    for state, page in opened:
        found += of(page, page_of(busy.case(state, resident=True)))
    long, late = Case.objects.get(title=LONG), Case.objects.get(title=f"旧{LONG}")
    found += of(desk, page_of(long), f"{page_of(long)}reporter/")
    found += of(supervisor, page_of(late), f"{page_of(late)}transitions/urge/")
    assert found == []


def test_forms_that_were_refused(busy: World, visit: Open, faults: Faults, phone: bool) -> None:
    faults.foreseen.append("status of 422")
    accepted, work = busy.case("accepted"), busy.case("in_progress")
    page = visit(busy.dispatcher, phone=phone)
    found = []
    page.goto(f"{page_of(accepted)}transitions/dispatch/")
    page.select_option("[name=team]", "")
    page.get_by_text("添加协办单位").click()
    page.fill("[name=co_task_1]", "清理")
    page.locator(".form-actions button").click()
    expect(page.locator("[data-form-errors]")).to_be_focused()
    found += blemishes(page)
    page = visit(busy.member, phone=phone)
    for path in ("transitions/submit/", "requests/hold/"):
        page.goto(f"{page_of(work)}{path}")
        page.locator(".form-actions button").click()
        expect(page.locator("[data-form-errors]")).to_be_focused()
        found += blemishes(page)
    page = visit(busy.grid_worker, phone=phone)
    page.goto("/report/")
    page.locator("main .form-actions button").click()
    expect(page.locator("[data-form-errors]")).to_be_focused()
    found += blemishes(page)
    page.fill("[name=description]", "井盖翘起。")
    page.locator("main .form-actions button").click()
    page.wait_for_url("**/report/2*/")
    found += blemishes(page)
    assert found == []


def test_pages_of_residents(busy: World, visit: Open, faults: Faults, phone: bool) -> None:
    faults.foreseen.append("status of 404")
    answered, closed, rejected = (busy.case(state, resident=True) for state in ("answered", "closed", "rejected"))
    page = visit(phone=phone)
    found = []
    for case in (answered, closed, rejected, Case.objects.get(title=LONG)):
        found += of(page, f"/r/{token_of(case, busy)}/")
    answer = f"/r/{token_of(answered, busy)}/survey/"
    found += of(page, f"{answer}?solved=yes", f"{answer}?solved=no", f"/r/{token_of(closed, busy)}/reopen/")
    found += of(page, f"/r/report/{busy.estate.code}/", f"/r/{token_of(answered, busy)}/receipt/", "/r/unknown/")
    slip = issue_survey_slip(case_id=busy.case("answered").pk, actor=busy.survey_desk, now=busy.now)
    rating = f"/r/s/{slip}/"
    handed = f"/r/{issue_link(case_id=answered.pk, actor=busy.desk, now=busy.now)}/"
    found += of(page, rating, f"{rating}?solved=yes", f"{rating}?solved=no", handed)
    page = visit(phone=phone, lang="en-GB")
    found += of(page, f"/r/{token_of(answered, busy)}/", f"{answer}?solved=no", f"/r/report/{busy.estate.code}/")
    assert found == []


def test_pages_that_say_what_went_wrong(busy: World, visit: Open, faults: Faults, phone: bool) -> None:
    faults.foreseen += ["status of 404", "status of 403", "status of 409"]
    page = visit(busy.member, phone=phone)
    case = busy.case("closed")
    assert of(page, "/nowhere/", "/overdue/", f"{page_of(case)}transitions/submit/") == []


def test_the_pages_can_be_read_in_the_dark(busy: World, visit: Open, phone: bool) -> None:
    page = visit(busy.supervisor, phone=phone)
    page.emulate_media(color_scheme="dark")
    late = page_of(Case.objects.get(title=f"旧{LONG}"))
    found = of(page, "/", "/overdue/", "/dashboard/", "/search/?q=路灯", "/calendars/cn/2026/", late)
    page = visit(phone=phone)
    page.emulate_media(color_scheme="dark")
    token = token_of(busy.case("answered", resident=True), busy)
    found += of(page, f"/r/{token}/", f"/r/{token}/survey/?solved=no", f"/r/report/{busy.estate.code}/")
    assert found == []


@pytest.mark.parametrize("lang", ["zh-CN", "en-GB"])
def test_the_bar_of_who_has_most_places_stays_in_one_row(busy: World, visit: Open, lang: str) -> None:
    for person in (busy.supervisor, busy.leader):
        bar = visit(person, lang=lang).locator(".nav__list").bounding_box()
        assert bar is not None
        assert bar["height"] < 2 * SMALLEST
