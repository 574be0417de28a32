"""Pages of campaigns: the list, one with its goals, setting it up, what it asks, the report form, the ledger."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.campaign_terms import QuestionKind
from cases.campaigns import Asked, CampaignPlan, appoint_head, publish_form, save_campaign
from cases.lib import pdf
from cases.models import Campaign, Case, CollectionForm
from tests.factories import NOW, World
from tests.pages.conftest import ZH
from tests.pages.markup import faults

Post = Callable[..., Any]
DAY = NOW.date()
PAGE = "/campaigns/walk/"


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def walk(world: World) -> Campaign:
    goals = {"suggestions": 4, "resolution": 90}
    plan = CampaignPlan("walk", "走找想促", DAY, areas=[world.street], lead_team=world.team, goals=goals)
    return save_campaign(plan=plan, actor=world.admin)


def asks(walk: Campaign, world: World) -> CollectionForm:
    questions = [
        Asked("几口人？", QuestionKind.NUMBER, required=True),
        Asked("最盼什么？", QuestionKind.CHOICE, ("停车", "电梯")),
        Asked("愿意议事吗？", QuestionKind.YES_NO),
    ]
    return publish_form(campaign=walk, questions=questions, actor=world.admin, now=NOW)


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path, headers=ZH).status_code == 200
    return len(seen)


def test_the_list_shows_what_is_mine_and_costs_the_same_however_long(
    world: World, walk: Campaign, read: Post, client: Client
) -> None:
    page = read(world.grid_worker, "/campaigns/")
    assert "走找想促" in page
    assert "进行中" in page
    assert "新建专项行动" not in page
    assert faults(page) == []
    before = queries(client, "/campaigns/")
    for n in range(2):
        more = CampaignPlan(f"c{n}", f"第{n}期", DAY, areas=[world.street])
        world.report(campaign=save_campaign(plan=more, actor=world.admin))
    assert queries(client, "/campaigns/") == before
    assert "走找想促" not in read(world.other_grid_worker, "/campaigns/")
    read(world.other_grid_worker, PAGE, 404)


def test_the_page_says_how_far_each_goal_is_and_opens_the_cases(world: World, walk: Campaign, read: Post) -> None:
    world.case("closed", campaign=walk)
    world.case("in_progress", campaign=walk)
    appoint_head(area=world.street, actor=world.admin, valid_from=DAY, name="老王", now=world.now)
    page = read(world.chief, PAGE)
    assert faults(page) == []
    assert "目标</span> 4" not in page
    for words in ("50.0%", "1 ÷ 2", "目标值 90%", "目标值 4", "平山小区工作队", "老王", "按周入库和出库"):
        assert words in page, words
    assert f"/cases/?campaign=walk&amp;team={world.team.pk}" in page
    assert "上报时没有另外的问题" in page


def test_the_page_costs_the_same_for_one_case_and_for_three(
    world: World, walk: Campaign, read: Post, client: Client
) -> None:
    world.case("closed", campaign=walk)
    read(world.chief, PAGE)
    before = queries(client, PAGE)
    for _n in range(2):
        world.case("closed", campaign=walk)
    assert queries(client, PAGE) == before


def test_the_report_prints_and_is_a_pdf_where_one_can_be_made(
    world: World, walk: Campaign, read: Post, client: Client
) -> None:
    world.case("closed", campaign=walk)
    assert "怎样算的" not in read(world.supervisor, f"{PAGE}sheet/")
    answer = client.get(f"{PAGE}sheet.pdf", headers=ZH)
    if pdf.missing():
        assert answer.status_code == 302
    else:
        assert answer.content.startswith(b"%PDF")


def sent(world: World, **more: Any) -> dict[str, Any]:
    return {
        "code": "grid", "name": "下网格", "starts_on": "2026-03-02", "areas": [world.street.pk], "active": "on",
        "goal_visits": "20",
    } | more  # fmt: skip


def test_a_leader_sets_one_up_on_a_page(world: World, read: Post, post: Post) -> None:
    assert faults(read(world.chief, "/campaigns/new/")) == []
    answer = post(world.chief, "/campaigns/new/", **sent(world, ends_on="2026-03-01", goal_resolution="101"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "结束日期不能早于开始日期" not in page  # the percentage is refused by the field itself first
    answer = post(world.chief, "/campaigns/new/", **sent(world, ends_on="2026-03-01"))
    assert (answer.status_code, "结束日期不能早于开始日期。" in answer.content.decode()) == (422, True)
    assert 'value="下网格"' in answer.content.decode()
    assert post(world.chief, "/campaigns/new/", **sent(world)).status_code == 302
    made = Campaign.objects.get()
    assert [(goal.kind, goal.target) for goal in made.goals.all()] == [("visits", 20)]
    edit = "/campaigns/grid/edit/"
    assert 'value="20"' in read(world.chief, edit)
    assert post(world.chief, edit, **sent(world, name="下网格解难题", goal_visits="")).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.code, made.goals.count()) == ("下网格解难题", "grid", 0)
    for person in (world.supervisor, world.grid_worker):
        assert post(person, "/campaigns/new/", **sent(world)).status_code == 403
        assert post(person, edit, **sent(world)).status_code == 403


def test_questions_are_changed_on_a_page_and_nothing_typed_is_lost(
    world: World, walk: Campaign, read: Post, post: Post
) -> None:
    asks(walk, world)
    path = f"{PAGE}questions/"
    page = read(world.chief, path)
    assert "几口人？" in page
    assert faults(page) == []
    typed = {"total": "3", "q0-key": "q1", "q0-text": "家里几口人？", "q0-kind": "number", "q1-text": "有老人吗？",
             "q1-kind": "choice", "q1-choices": "有", "q2-text": "", "q2-kind": "text"}  # fmt: skip
    answer = post(world.chief, path, **typed)
    assert answer.status_code == 422
    assert "单选题要有 2 到 20 个不同的选项" in answer.content.decode()
    assert "家里几口人？" in answer.content.decode()
    assert post(world.chief, path, **(typed | {"q1-kind": "yes_no"})).status_code == 302
    newest = walk.forms.first()
    assert newest is not None
    assert [(row.key, row.text, row.kind) for row in newest.questions.all()] == [
        ("q1", "家里几口人？", "number"), ("q4", "有老人吗？", "yes_no"),
    ]  # fmt: skip
    assert post(world.supervisor, path, **typed).status_code == 403


def report(world: World, **more: Any) -> dict[str, Any]:
    return {"description": "停不下车。", "area": world.grid.pk, "priority": "normal"} | more


def test_the_questions_stand_on_the_report_form_and_the_answers_on_the_case(
    world: World, walk: Campaign, read: Post, post: Post
) -> None:
    form = asks(walk, world)
    page = read(world.grid_worker, "/report/?campaign=walk")
    assert faults(page) == []
    assert f'name="campaign" value="{walk.pk}" checked' in page
    assert "最盼什么？（选填）" in page
    key = f"answer_{walk.pk}_q1"
    answer = post(world.grid_worker, "/report/", **report(world, campaign=walk.pk, **{key: "很多"}))
    assert answer.status_code == 422
    assert "请填写数字。" in answer.content.decode()
    assert 'value="很多"' in answer.content.decode()
    more = {key: "3", f"answer_{walk.pk}_q2": "电梯", f"form_{walk.pk}": form.pk}
    assert post(world.grid_worker, "/report/", **report(world, campaign=walk.pk, **more)).status_code == 302
    case = Case.objects.get()
    shown = read(world.desk, f"/cases/{case.number}/")
    assert "几口人？" in shown
    assert "电梯" in shown
    assert PAGE in shown
    assert post(world.grid_worker, "/report/", **report(world)).status_code == 302  # of no campaign: nothing is asked


def test_who_began_with_an_older_version_finishes_with_it(world: World, walk: Campaign, post: Post) -> None:
    first = asks(walk, world)
    publish_form(campaign=walk, questions=[Asked("别的？", required=True)], actor=world.admin, now=NOW)
    more = {f"answer_{walk.pk}_q1": "3", f"form_{walk.pk}": first.pk}
    assert post(world.grid_worker, "/report/", **report(world, campaign=walk.pk, **more)).status_code == 302
    assert Case.objects.get().collected_answers.get().question.form == first
    assert post(world.grid_worker, "/report/", **report(world, campaign=walk.pk)).status_code == 422


def test_only_campaigns_of_my_areas_are_offered(world: World, walk: Campaign, read: Post) -> None:
    assert "走找想促" in read(world.contact, "/report/")
    assert "走找想促" not in read(world.other_grid_worker, "/report/")


def test_the_ledger_narrows_to_a_campaign_and_exports_its_answers(
    world: World, walk: Campaign, read: Post, client: Client
) -> None:
    asks(walk, world)
    mine = world.report(campaign=walk, answers={"q1": "3", "q3": "yes"})
    other = world.report()
    page = read(world.desk, "/cases/?campaign=walk")
    assert mine.number in page
    assert other.number not in page
    answer = client.get("/ledger/csv/?campaign=walk", headers=ZH)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][-3:] == ["几口人？", "最盼什么？", "愿意议事吗？"]
    assert [(row[0], row[-3], row[-1]) for row in rows[1:]] == [(mine.number, "3", "是")]
    assert '<option value="walk"' not in read(world.other_grid_worker, "/cases/?campaign=walk")
