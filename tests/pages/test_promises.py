"""A promise to a resident outlives its case: it stays before the team, at the head of the page and on the desk."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from cases.models import Case, CaseEvent
from cases.terms import EventType, ResultCode
from tests.factories import World
from tests.pages.markup import faults
from workflows.commands import handling, review, supervise, surveys

Read = Callable[..., str]
Post = Callable[..., Any]
PROMISED = timedelta(days=30)


@pytest.fixture(autouse=True)
def after_the_day(world: World) -> Iterator[None]:
    with time_machine.travel(world.now + PROMISED + timedelta(days=9), tick=False):
        yield


@pytest.fixture
def broken(world: World) -> Case:
    """An ended case with a promise that is nine days late."""
    case = world.case("in_progress", title="楼道灯不亮")
    handling.submit_case(
        case_id=case.pk, actor=world.member, now=world.now, result_code=ResultCode.PLANNED, result_text="列入计划",
        promised_date=(world.now + PROMISED).date(),
    )  # fmt: skip
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=world.now, finding="属实")
    surveys.close_unanswered(case_id=case.pk, now=world.now)
    return Case.objects.get(pk=case.pk)


def kept(world: World, case: Case) -> None:
    review.keep_promise(case_id=case.pk, actor=world.member, now=world.now, what="已换新灯")


def test_the_team_that_promised_has_it_to_do_until_it_says_that_it_was_done(
    world: World, broken: Case, read: Read
) -> None:
    home = read(world.member, "/")
    assert faults(home) == []
    for words in ("承诺", broken.title, "列入计划", "超期 8 天"):
        assert words in home
    assert broken.title not in read(world.other_member, "/")
    kept(world, broken)
    assert broken.title not in read(world.member, "/")


def test_the_page_of_an_ended_case_says_what_it_still_owes_and_who_owes_it(
    world: World, broken: Case, read: Read
) -> None:
    head = read(world.supervisor, f"/cases/{broken.number}/").partition("</header>")[2].partition("</header>")[0]
    assert "超期 8 天" in head
    assert "承诺期限" in head
    assert world.team.name in head
    kept(world, broken)
    head = read(world.supervisor, f"/cases/{broken.number}/").partition("</header>")[2].partition("</header>")[0]
    assert "已办结" in head
    assert "超期" not in head


def test_the_desk_says_why_and_the_supervisor_may_urge_whoever_promised(
    world: World, broken: Case, read: Read, post: Post
) -> None:
    desk = read(world.supervisor, "/overdue/")
    assert "答复时承诺的事，还没有说明已经办到" in desk
    assert f'name="case" value="{broken.pk}"' in desk
    answer = post(world.supervisor, "/overdue/", case=[broken.pk], act="urge", words="请兑现", once=_once(desk))
    assert answer.status_code == 302
    assert [e.data["words"] for e in CaseEvent.objects.filter(type=EventType.URGED)] == ["请兑现"]
    assert "transitions/urge/" in read(world.supervisor, f"/cases/{broken.number}/")
    kept(world, broken)
    assert "transitions/urge/" not in read(world.supervisor, f"/cases/{broken.number}/")
    with pytest.raises(ValidationError, match="已办结"):
        supervise.urge_case(case_id=broken.pk, actor=world.supervisor, now=world.now, words="请兑现")


def _once(page: str) -> str:
    return page.partition('name="once" value="')[2].partition('"')[0]
