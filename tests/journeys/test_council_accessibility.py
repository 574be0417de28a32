"""Every page of a council that a link leads to: no violation that axe knows, nothing too wide or too small."""

import re
from collections import Counter
from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from cases.models import Elector, Notice, Poll, User
from tests.councils import make_body
from tests.factories import World
from tests.journeys.conftest import PASSWORD, Open
from tests.journeys.test_accessibility import blemishes, of
from tests.workflows.council.rooms import LEAD, opened
from workflows.council.owners_links import ballot_token
from workflows.demo.building import empty_district
from workflows.demo.councils import home_stories
from workflows.demo.size import scaled
from workflows.limits import built

NOT_PAGES = re.compile(r"\.(ics|pdf|csv|json)$|/template/$|/photos?/|/scan/$")
OF_COUNCILS = re.compile(r"^/(councils|n)/")
OF_EACH_KIND = 4  # pages of one address but for the number in it


@pytest.fixture(params=[(True, "zh-CN"), (False, "en-GB")], ids=["phone", "desk, in English"])
def device(request: pytest.FixtureRequest) -> tuple[bool, str]:
    found: tuple[bool, str] = request.param
    return found


@pytest.fixture
def demonstration(transactional_db: None) -> None:
    """The council of the demonstration, with logins."""
    built.cache_clear()
    world = empty_district(timezone.now(), scaled(0.01))
    for story in home_stories(world):
        world.days.begin(story)
    world.days.live()
    for person in User.objects.filter(username__in=("secretary", "supervisor", "leader", "seat")):
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])


def crawl(page: Page, *starts: str) -> tuple[list[str], set[str]]:
    """What is wrong with the pages that can be reached by links, and which kinds of page they were."""
    waiting, seen, kinds, found = list(starts), set(starts), Counter[str](), []
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"(?<=^/n/)\w+|\d+", "·", path)
        if kinds[kind] == OF_EACH_KIND:
            continue
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        kinds[kind] += 1
        if page.locator("#main").count():  # a sheet of paper is as wide as paper, and has none
            found += blemishes(page)
        links = page.eval_on_selector_all("main a[href]", "links => links.map((a) => new URL(a.href).pathname)")
        for link in links:
            if OF_COUNCILS.match(link) and not NOT_PAGES.search(link) and link not in seen:
                seen.add(link)
                waiting.append(link)
    return found, set(kinds)


def test_every_page_that_a_link_of_a_council_leads_to(
    demonstration: None, visit: Open, device: tuple[bool, str]
) -> None:
    phone, lang = device
    secretary, supervisor = (User.objects.get(username=name) for name in ("secretary", "supervisor"))
    found, kinds = crawl(visit(secretary, phone=phone, lang=lang), "/councils/")
    assert {"/councils/meetings/·/", "/councils/polls/·/", "/councils/decisions/·/", "/councils/projects/·/",
            "/councils/owners-ballots/·/", "/councils/meetings/·/minutes/", "/n/·/"} <= kinds  # fmt: skip
    ballot = Poll.objects.get(item=None)
    found += of(visit(supervisor, phone=phone, lang=lang), reverse("council:owners_ballot", args=[ballot.pk]))
    resident = visit(phone=phone, lang=lang)
    voters = [Elector.objects.filter(poll=ballot, ballots=voted).first() for voted in (None, *ballot.ballots.all()[:1])]
    found += of(resident, *(reverse("notices:vote", args=[ballot_token(one)]) for one in voters if one))
    found += of(resident, reverse("notices:notice", args=[Notice.objects.latest("pk").slug]))
    assert found == []


def test_the_pages_of_a_meeting_in_session(world: World, visit: Open, device: tuple[bool, str]) -> None:
    phone, lang = device
    body = make_body(world)
    for person in User.objects.exclude(pk=None):
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    room = opened(replace(world, now=world.now - LEAD), body, ("修车棚", "画禁停线"))
    page = visit(body.secretary, phone=phone, lang=lang)
    poll = room.open_poll("named")
    room.discuss(1)
    meeting = reverse("council:meeting", args=[room.meeting.pk])
    found = of(page, meeting, reverse("council:open_poll", args=[room.items[1].pk]))
    found += of(page, reverse("council:paper_votes", args=[poll.pk]), reverse("council:poll", args=[poll.pk]))
    page = visit(body.chair.user, phone=phone, lang=lang)
    found += of(page, meeting, reverse("council:vote", args=[poll.pk]))
    page.locator("main form.choices button").first.click()
    found += blemishes(page)
    assert found == []
