"""Workload and flow: each number is what its page lists, for whoever looks."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Area, Case, User
from cases.terms import RequestKind
from tests.factories import World
from workflows.commands import handling, review
from workflows.flows import approval

LATER = timedelta(days=15)
NUMBER = re.compile(r'<a href="(?P<url>(?:/workload/|/cases/\?)[^"]+)"[^>]*>(?:<b>)?(?P<n>\d+)')
Read = Callable[..., Any]


@pytest.fixture(autouse=True)
def two_weeks_later(world: World) -> Iterator[None]:
    with time_machine.travel(world.now + LATER, tick=False):
        yield


@pytest.fixture
def read(client: Client) -> Read:
    def page(viewer: User, path: str = "/workload/", lang: str = "zh-hans") -> Any:
        client.force_login(viewer)
        return client.get(path, headers={"accept-language": lang})

    return page


def return_it(world: World, case: Case, hours: int) -> None:
    given = {"case_id": case.pk, "now": world.now + timedelta(hours=hours)}
    asked = approval.ask_request(**given, actor=world.member, kind=RequestKind.RETURN, reason="不归我们", details={})
    approval.decide_request(request_id=asked.pk, actor=world.dispatcher, now=given["now"], agree=True)


@pytest.fixture
def district(world: World) -> World:
    """Something of everything: returns, reworks, holds, requests, closed ones, and one of another street."""
    back, away = world.case("in_progress"), world.case("in_progress")
    return_it(world, back, 1)
    handling.dispatch_case(case_id=back.pk, actor=world.dispatcher, now=world.now + timedelta(hours=2), team=world.team)
    return_it(world, away, 1)
    again = world.case("submitted")
    review.send_back_case(case_id=again.pk, actor=world.grid_worker, now=world.now, missing="没修好")
    handling.submit_case(
        case_id=again.pk, actor=world.member, now=world.now + timedelta(hours=1), result_code="A", result_text="又修了"
    )
    review.send_back_case(case_id=again.pk, actor=world.grid_worker, now=world.now + timedelta(hours=2), missing="还亮")
    for days in (5, 200):
        held = world.case("in_progress")
        details = {"review_at": (world.now + timedelta(days=days)).isoformat()}
        asked = approval.ask_request(
            case_id=held.pk, actor=world.member, now=world.now, kind=RequestKind.HOLD, reason="等雨停",
            reason_code="season", details=details,
        )  # fmt: skip
        approval.decide_request(request_id=asked.pk, actor=world.supervisor, now=world.now, agree=True)
    asked_for = world.case("in_progress")
    approval.ask_request(
        case_id=asked_for.pk, actor=world.member, now=world.now, kind=RequestKind.RETURN, reason="不归我们", details={}
    )
    world.case("closed")
    world.case("deliberating")
    world.report(now=world.now + LATER)
    world.report(area=Area.objects.get(code="S2G1"), actor=world.other_grid_worker)
    return world


def numbers(page: Any) -> list[tuple[str, int]]:
    return [(unescape(hit["url"]), int(hit["n"])) for hit in NUMBER.finditer(page.content.decode())]


@pytest.mark.parametrize("viewer", ["supervisor", "chief", "leader", "auditor"])
@pytest.mark.parametrize("query", ["", "?weeks=12", "?area=S1C1"])
def test_each_number_opens_its_cases(district: World, read: Read, viewer: str, query: str) -> None:
    page = read(getattr(district, viewer), f"/workload/{query}")
    found = numbers(page)
    assert len(found) >= 12
    for url, n in found:
        behind = read(getattr(district, viewer), url)
        assert behind.context["total"] == n == len(behind.context["page"].rows), url


def test_open_cases_by_stage_and_age(district: World, read: Read) -> None:
    stages = {stage.key: stage for stage in read(district.chief).context["stages"]}
    assert [age.n for age in stages["reported"].ages] == [1, 1, 0, 0]
    assert stages["on_hold"].n == 2
    assert "closed" not in stages
    assert read(district.supervisor).context["open"] == read(district.chief).context["open"] - 1


def test_waiting_is_counted_in_working_time_since_the_last_hand_over(world: World, read: Read) -> None:
    slow = world.case("dispatched")  # on Monday at nine; it is Tuesday a fortnight later
    quick = world.case("dispatched", now=world.now + timedelta(days=14))
    handling.sign_case(case_id=quick.pk, actor=world.member, now=world.now + timedelta(days=14), handler=world.member)
    waits = {row.stage: row for row in read(world.supervisor).context["waits"]}
    assert (waits["dispatched"].n, waits["dispatched"].median, waits["dispatched"].name) == (1, 11.0, "平山小区工作队")
    assert waits["in_progress"].mean == 1.0
    assert Case.objects.get(pk=slow.pk).state == "dispatched"


def test_the_median_and_the_longest_are_those_of_the_cases(world: World, read: Read) -> None:
    for days in (0, 1, 2, 7):  # eleven, ten, nine and six working days ago
        world.report(now=world.now + timedelta(days=days))
    (row,) = read(world.supervisor).context["waits"]
    assert (row.n, row.mean, row.median, row.longest) == (4, 9.0, 9.5, 11.0)


def test_returns_name_the_street_the_team_and_who_got_it_back(district: World, read: Read) -> None:
    (pair,) = read(district.supervisor).context["pairs"]
    assert (pair.area_name, pair.team_name, pair.times, pair.n, pair.n_again) == ("梅园街道", "平山小区工作队", 2, 2, 1)


def test_reworks_holds_and_requests_are_counted(district: World, read: Read) -> None:
    page = read(district.supervisor).context
    (loop,) = page["loops"]
    assert (loop.total, loop.n, loop.n_more) == (2, 1, 1)
    (hold,) = page["holds"]
    assert (hold.n, hold.late, hold.soon) == (2, 1, 0)
    (request,) = page["requests"]
    assert (request.role, request.kind, request.n, request.late) == ("dispatcher", "return", 1, 1)


def test_a_team_that_gets_more_than_it_closes_is_marked(district: World, read: Read) -> None:
    page = read(district.supervisor)
    (row,) = page.context["balances"]
    assert (row.n_received, row.n_closed, row.more) == (8, 1, 7)
    assert "收大于结" in page.content.decode()


def test_what_lies_before_the_period_does_not_count(district: World, read: Read) -> None:
    with time_machine.travel(district.now + timedelta(weeks=6), tick=False):
        page = read(district.supervisor).context
        longer = read(district.supervisor, "/workload/?weeks=12").context
    assert (page["pairs"], page["loops"], page["balances"]) == ([], [], [])
    assert [len(longer[name]) for name in ("pairs", "loops", "balances")] == [1, 1, 1]


def test_teams_stand_by_name_unless_leaderboards_are_wanted(world: World, read: Read, settings: LazySettings) -> None:
    for team in (world.other_team, world.team, world.team):
        case = world.case("accepted")
        handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=world.now, team=team)
    names = [row.name for row in read(world.supervisor).context["balances"]]
    assert names == sorted(names) == ["城管工作组", "平山小区工作队"]
    settings.LEADERBOARDS = True
    assert [row.more for row in read(world.supervisor).context["balances"]] == [2, 1]


@pytest.mark.parametrize(
    ("viewer", "status"), [("supervisor", 200), ("dispatcher", 200), ("leader", 200), ("member", 403), ("contact", 403)]
)
def test_the_page_is_for_those_who_watch(world: World, read: Read, viewer: str, status: int) -> None:
    for path in ("/workload/", "/workload/waits/?stage=reported&unit=role-desk"):
        assert read(getattr(world, viewer), path).status_code == status


def test_nothing_there_says_so(world: World, read: Read) -> None:
    text = read(world.supervisor).content.decode()
    for words in ("没有在办的件", "没有挂账的件", "没有待审定的申请", "这段时间没有退回", "这段时间没有返工"):
        assert words in text
    for query in (
        "waits/?unit=team-x",
        "returned/?of=x",
        "balance/?team=x",
        "sent-back/",
        "holds/?team=x",
        "requests/",
    ):
        assert "这个数现在是零" in read(world.supervisor, f"/workload/{query}").content.decode()
    assert read(world.supervisor, "/workload/x/").status_code == 404


def test_the_number_of_queries_does_not_grow(world: World, read: Read) -> None:
    def queries(more: int) -> int:
        for _ in range(more):
            case = world.case("in_progress")
            return_it(world, case, 1)
            again = world.case("submitted")
            review.send_back_case(case_id=again.pk, actor=world.grid_worker, now=world.now, missing="没修好")
        with CaptureQueriesContext(connection) as seen:
            assert read(world.supervisor).status_code == 200
        return len(seen)

    read(world.supervisor)
    assert queries(1) == queries(2) <= 24


def test_the_page_speaks_english_too(district: World, read: Read) -> None:
    text = read(district.supervisor, lang="en").content.decode()
    main = text[text.index("<main") : text.index("</main")]
    assert "Workload and flow" in main
    assert not re.findall(r"<(?:h1|h2|caption|th scope=.col.)[^>]*>[^<]*[\u4e00-\u9fff]", main)
