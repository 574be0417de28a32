"""The choices of the overdue desk: each says how many it leaves, and leaves as many."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from cases.models import Area, Case, User
from cases.terms import Priority, RequestKind
from tests.factories import World
from workflows.commands import adjust, handling, orders, review, supervise
from workflows.flows import approval
from workflows.views import overdue as view

Read = Callable[..., Any]
LATER = timedelta(days=15)
NAMES = {"bands": "band", "units": "unit", "teams": "team", "stages": "stage", "areas": "area"}
NAMES |= {"categories": "category", "kinds": "kind", "requests": "request"}


@pytest.fixture(autouse=True)
def two_weeks_later(world: World) -> Iterator[None]:
    with time_machine.travel(world.now + LATER, tick=False):
        yield


@pytest.fixture
def read(client: Client) -> Read:
    def page(viewer: User, **query: str) -> Any:
        client.force_login(viewer)
        return client.get("/overdue/", query, headers={"accept-language": "zh-hans"})

    return page


def numbers(page: Any) -> list[str]:
    return [row.case.number for row in page.context["rows"]]


@pytest.fixture
def many(world: World) -> list[Case]:
    """Nine that are late or near: of two streets, two teams, all kinds of stages and limits."""
    elsewhere = {"area": Area.objects.get(code="S2G1"), "actor": world.other_grid_worker}
    cases = [world.report(), world.report(**elsewhere), world.case("accepted"), world.case("in_progress")]
    near = world.now + timedelta(days=2)
    cases += [world.case("in_progress", now=near), world.case("in_progress", accepted_as=world.photo_category)]
    other = world.case("accepted", priority=Priority.URGENT)
    handling.dispatch_case(case_id=other.pk, actor=world.dispatcher, now=world.now, team=world.other_team)
    due = world.now + timedelta(days=2)
    orders.issue_order(case_id=other.pk, actor=world.supervisor, now=world.now, demand="办结", due_at=due)
    asked = world.case("in_progress", now=near)
    approval.ask_request(
        case_id=asked.pk, actor=world.member, now=near, kind=RequestKind.RETURN, reason="不归我们", details={}
    )
    return [*cases, other, asked]


def test_each_choice_leaves_as_many_as_it_says(world: World, many: list[Case], read: Read) -> None:
    counts = read(world.chief).context["counts"]
    assert counts.total == len(many)
    seen = 0
    for group, name in NAMES.items():
        for choice in getattr(counts, group):
            found = read(world.chief, **{name: choice.key})
            assert len(numbers(found)) == choice.total == found.context["counts"].total, (name, choice.key)
            seen += 1
    assert seen > 15


def test_choices_are_counted_beside_what_is_chosen_already(world: World, many: list[Case], read: Read) -> None:
    page = read(world.chief, team="T1", limit="overdue")
    counts = page.context["counts"]
    for choice in [*counts.bands, *counts.stages, *counts.categories]:
        name = "band" if choice in counts.bands else "stage" if choice in counts.stages else "category"
        found = read(world.chief, team="T1", limit="overdue", **{name: choice.key})
        assert len(numbers(found)) == choice.total
    assert {choice.key for choice in counts.teams} == {"T1", "T2"}  # what else could be chosen instead
    assert counts.total == len(numbers(page))


def test_places_are_offered_one_level_at_a_time(world: World, many: list[Case], read: Read) -> None:
    top = read(world.chief).context["counts"]
    assert {choice.key: choice.total for choice in top.areas} == {"S1": 7, "S2": 1}
    below = read(world.chief, area="S1").context["counts"]
    assert [choice.key for choice in below.areas] == ["S1C1"]
    assert [area.code for area in below.above] == ["D", "S1"]
    assert len(numbers(read(world.chief, area="S1C1E1"))) == 7
    assert {choice.key for choice in read(world.supervisor).context["counts"].areas} == {"S1C1"}


@pytest.mark.parametrize(
    "query", [{"area": "nowhere"}, {"band": "x"}, {"stage": "x"}, {"request": "x"}, {"order": "x"}]
)
def test_what_is_not_understood_narrows_nothing(
    world: World, many: list[Case], read: Read, query: dict[str, str]
) -> None:
    assert len(numbers(read(world.chief, **query))) == len(many)


@pytest.mark.parametrize(
    ("order", "column"),
    [
        ("team", lambda row: row.case.team.code if row.case.team else ""),
        ("area", lambda row: row.case.area.path),
        ("category", lambda row: row.case.category.code if row.case.category else ""),
        ("newest", lambda row: -row.clock.due_at.timestamp()),
        ("", lambda row: row.clock.due_at),
    ],
)
def test_the_list_is_ordered_as_asked_and_pages_on(
    world: World, many: list[Case], read: Read, monkeypatch: pytest.MonkeyPatch, order: str, column: Any
) -> None:
    whole = [column(row) for row in read(world.chief, order=order).context["rows"]]
    assert whole == sorted(whole)
    pages, after = [], ""
    right = view.take
    monkeypatch.setattr(view, "take", lambda *given, **words: right(*given, **words, size=3))
    for _ in range(3):
        page = read(world.chief, order=order, after=after)
        pages += [column(row) for row in page.context["rows"]]
        after = page.context["page"].next
    assert pages == whole
    assert after == ""


def test_a_row_says_why_it_is_late(world: World, read: Read) -> None:
    case = world.case("in_progress")
    for n in range(1, 3):
        handling_ = {"case_id": case.pk, "now": world.now + timedelta(hours=n)}
        asked = approval.ask_request(
            **handling_, actor=world.member, kind=RequestKind.RETURN, reason="不归我们", details={}
        )
        approval.decide_request(request_id=asked.pk, actor=world.dispatcher, now=handling_["now"], agree=True)
        handling.dispatch_case(**handling_, actor=world.dispatcher, team=world.team)
        handling.sign_case(**handling_, actor=world.member, handler=world.member)
    later = world.now + timedelta(days=1)
    until = world.now + timedelta(days=20)
    asked = approval.ask_request(
        case_id=case.pk, actor=world.member, now=later, kind=RequestKind.EXTENSION, reason="缺料",
        details={"until": until.isoformat()},
    )  # fmt: skip
    supervise.urge_case(case_id=case.pk, actor=world.supervisor, now=later, words="请抓紧")
    due = world.now + timedelta(days=5)
    order = orders.issue_order(case_id=case.pk, actor=world.supervisor, now=later, demand="办结", due_at=due)
    (row,) = [row for row in read(world.supervisor).context["rows"] if row.case.pk == case.pk]
    assert row.why.lines == [
        "退回 2 次",
        "03-03 申请延期，等督办员审定",
        f"督办{order.number}待回复，限 03-07",
        "催办 1 次，最近 03-03",
    ]
    assert row.holder == "督办员"  # the request is due first
    assert row.why.waits.startswith("03-03 起已等 ")


def test_rework_holds_and_extensions_are_told_too(world: World, read: Read) -> None:
    case = world.case("submitted")
    review.send_back_case(case_id=case.pk, actor=world.grid_worker, now=world.now, missing="没修好")
    for kind, name in ((RequestKind.EXTENSION, "until"), (RequestKind.HOLD, "review_at")):
        until = (world.now + timedelta(days=20)).isoformat()
        asked = world.agreed(case, kind, reason_code="season", **{name: until})
        carry = adjust.extend_case if kind == RequestKind.EXTENSION else adjust.hold_case
        carry(request=asked, actor=world.supervisor, now=world.now)
    adjust.resume_case(case_id=case.pk, actor=world.supervisor, now=world.now + timedelta(days=1))
    with time_machine.travel(world.now + timedelta(days=40), tick=False):
        (row,) = read(world.supervisor).context["rows"]
    assert row.why.lines == ["返工 1 次、挂账 1 次、延期 1 次"]
    assert row.holder == "平山小区工作队 · 陈队员"
    assert row.why.waits.startswith("03-03 起已等 ")


def test_the_file_holds_what_the_page_lists_with_its_reasons(world: World, many: list[Case], client: Client) -> None:
    client.force_login(world.chief)
    page = client.get("/overdue/", {"team": "T1", "order": "category"}, headers={"accept-language": "zh-hans"})
    assert "?team=T1&amp;order=category&amp;export=xlsx" in page.content.decode()
    answer = client.get(
        "/overdue/", {"team": "T1", "order": "category", "export": "csv"}, headers={"accept-language": "zh-hans"}
    )
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["编号"] for row in rows] == numbers(page)
    assert [row["已超或剩余"] for row in rows] == [row.light.words for row in page.context["rows"]]
    assert all(row["等谁，为什么"].startswith("03-0") for row in rows)
    book = b"".join(client.get("/overdue/", {"export": "xlsx"}).streaming_content)  # type: ignore[attr-defined]
    assert book.startswith(b"PK")
    client.force_login(world.member)
    assert client.get("/overdue/", {"export": "csv"}).status_code == 403


def test_a_unit_of_which_nothing_is_late_says_so(world: World, many: list[Case], read: Read) -> None:
    page = read(world.chief, unit="role-survey_desk")
    assert (numbers(page), page.context["counts"].total, page.context["unit"].name) == ([], 0, "回访员")
    assert read(world.chief, unit="team-999999").context["counts"].total == 0
