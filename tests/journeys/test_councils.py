"""A council in the browser: a meeting run by thumb, votes from phones, a notice that anybody reads."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.models import AgendaItem, Decision, Meeting, Notice, Poll, User
from tests.councils import Body, make_body
from tests.factories import World
from tests.journeys.conftest import PASSWORD, Faults, Open
from tests.journeys.steps import Thumb, fill
from tests.workflows.council.rooms import LEAD, convened, opened

TITLES = ("修车棚", "画禁停线", "换电梯门", "增设快递柜")
MOST_TAPS = 3 * len(TITLES) + 3  # take up, put to the vote, count; all are there, open, close


@pytest.fixture
def body(world: World) -> Body:
    """A council whose meeting of today was called in time."""
    made = make_body(world)
    for person in User.objects.filter(username__in=[seat.user.username for seat in made.all_seats if seat.user]):
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    return made


@pytest.fixture
def before(world: World) -> World:
    """The same district as long ago as a meeting must be announced."""
    return replace(world, now=world.now - LEAD)


def count(thumb: Thumb, item: AgendaItem, *, against: dict[str, int] | None = None) -> None:
    """An item from the table to its result: hands are up for it but where they were against."""
    page = thumb.page
    card = page.locator(f"#item-{item.pk}")
    thumb.tap(card.get_by_role("button", name="开始讨论"))
    thumb.tap(page.locator(f"#item-{item.pk}").get_by_role("link", name="付诸表决"))
    fill(page.locator("main form.form"), **{f"votes_for_{party}": "0" for party in against or {}})
    fill(page.locator("main form.form"), **{f"votes_against_{party}": str(n) for party, n in (against or {}).items()})
    name_counters(page)
    thumb.tap("main form.form button[type=submit]")
    expect(page.locator(".notice--success")).to_contain_text("已计票核定")


def name_counters(page: Page) -> None:
    """Asked once in a meeting: the next polls know them."""
    if not page.locator("[name=first_counter]").input_value():
        fill(page.locator("main form.form"), first_counter="江志国", second_counter="许桂芳")


def test_one_secretary_runs_a_meeting_of_four_items_by_thumb(before: World, body: Body, visit: Open) -> None:
    meeting = convened(before, body, TITLES)
    items = list(meeting.items.order_by("position"))
    page = visit(body.secretary, phone=True)
    page.goto(reverse("council:meeting", args=[meeting.pk]))
    thumb = Thumb(page)
    thumb.tap(page.get_by_role("button", name="全体签到"))
    thumb.tap(page.get_by_role("button", name="开会"))
    expect(page.locator(".meeting-bar")).to_contain_text("已达法定人数")
    for item in items[:3]:
        count(thumb, item)
    refusing = {str(body.parties[code].pk): n for code, n in (("property_company", 2), ("residents", 3))}
    count(thumb, items[3], against=refusing)
    thumb.tap(page.get_by_role("button", name="散会"))
    expect(page.locator(".meeting-bar")).to_contain_text("散会")
    outcomes = list(Decision.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["adopted", "adopted", "adopted", "not_adopted"]
    failed = page.locator(f"#item-{items[3].pk}")
    expect(failed).to_contain_text("同意：到会 9 人，同意 4 人，要求超过二分之一（5 人），未达到，还差 1 人")
    assert Meeting.objects.get().state == "closed"
    assert thumb.taps <= MOST_TAPS


def test_a_decision_is_posted_and_read_by_anybody_without_a_login(
    before: World, body: Body, visit: Open, faults: Faults
) -> None:
    faults.foreseen.append("status of 422")
    room = opened(before, body)
    poll_by_hands(room.items[0], body, visit(body.secretary))
    page = visit(body.secretary)
    decision = Decision.objects.get()
    page.goto(reverse("council:decision", args=[decision.pk]))
    page.get_by_role("link", name="写明怎样落实").click()
    page.get_by_role("button", name="记下落实安排").click()  # nothing typed: refused, and said why
    expect(page.locator("[data-form-errors]")).to_be_visible()
    plan = {"what_1": "搭车棚", "due_date_1": (timezone.localdate() + timedelta(days=30)).isoformat()}
    fill(page.locator("main form.form"), owner_1=str(before.team.pk), **plan)
    page.get_by_role("button", name="记下落实安排").click()
    form = page.locator("form[action*='/acts/publish/']")
    fill(form, channels="北门公告栏")
    form.locator("button[type=submit]").click()
    expect(page.locator(".notice--success")).to_be_visible()
    assert Decision.objects.get().state == "in_publication"
    notice = Notice.objects.get(decision=decision)
    resident = visit(phone=True, js=False)
    resident.goto(reverse("notices:notice", args=[notice.slug]))
    expect(resident.locator("main")).to_contain_text("由工作队实施")
    expect(resident.locator("main")).to_contain_text("要求超过二分之一")
    expect(resident.locator("body")).not_to_contain_text("居民代表1")


def poll_by_hands(item: AgendaItem, body: Body, page: Page) -> None:
    page.goto(reverse("council:meeting", args=[item.meeting_id]))
    page.locator(f"#item-{item.pk}").get_by_role("button", name="开始讨论").click()
    page.locator(f"#item-{item.pk}").get_by_role("link", name="付诸表决").click()
    name_counters(page)
    page.locator("main form.form button[type=submit]").click()
    expect(page.locator(".notice--success")).to_contain_text("已计票核定")


def test_a_seat_votes_in_secret_on_a_phone_without_a_script_and_only_once(
    before: World, body: Body, visit: Open
) -> None:
    room = opened(before, body)
    room.now = timezone.now()
    poll = room.open_poll("secret")
    phone = visit(body.seats["residents"][1].user, phone=True, js=False)
    phone.goto(reverse("council:meeting", args=[room.meeting.pk]))
    phone.get_by_role("link", name="去投票").click()
    address = urlsplit(phone.url).path
    phone.get_by_role("button", name="反对").click()
    expect(phone.locator("main")).to_contain_text("您投“反对”，投出后不能再改")
    phone.get_by_role("button", name="确认投票").click()
    expect(phone.locator(".notice--success")).to_be_visible()
    phone.goto(address)
    expect(phone.locator("main")).to_contain_text("已投票。")
    expect(phone.get_by_role("button", name="反对")).to_have_count(0)
    kept = Poll.objects.get(pk=poll.pk)
    assert (kept.participations.count(), list(kept.slips.values_list("choice", flat=True))) == (1, ["against"])
