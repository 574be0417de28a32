"""Topics: taken up, merged, or given back to the case; what was voted down rests."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.models import Case, CaseEvent, Topic
from cases.terms import MatterType
from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.rooms import LEAD, Room, opened, plan, topic
from workflows.commands.council import refer_to_council
from workflows.council import agenda, meetings
from workflows.council.hands import Counters, vote_by_hands
from workflows.council.topics import resting, screen_topic
from workflows.models import Clock


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


def referred(world: World) -> Topic:
    """A topic that a team asked for, and that rests on its case."""
    case = world.case("in_progress")
    refer_to_council(
        case_id=case.pk, actor=world.leader, now=world.now, council=world.council, matter=MatterType.PARKING,
        question="怎么停？",
    )  # fmt: skip
    return Topic.objects.get(cases=case.pk)


def screen(world: World, found: Topic, verdict: str, **given: object) -> Topic:
    return screen_topic(topic_id=found.pk, verdict=verdict, actor=world.secretary, now=world.now, **given)  # type: ignore[arg-type]


def voted_down(world: World, body: Body) -> Room:
    room = opened(world, body)
    room.discuss()
    vote_by_hands(
        item_id=room.items[0].pk, hands=room.hands((0, 2, 0), (0, 2, 0), (0, 2, 0), (0, 3, 0)),
        counters=Counters("甲", "乙"), actor=body.secretary, now=room.now,
    )  # fmt: skip
    meetings.close_meeting(meeting_id=room.meeting.pk, actor=body.secretary, now=room.now)
    return room


def tabled(room: Room, *, after: timedelta) -> None:
    """Put the topic of a room on a new agenda so much later."""
    now = room.now + after
    meetings.prepare_meeting(
        council_id=room.body.council.pk, plan=plan(room.body, now + LEAD), topics=[Topic.objects.get()],
        actor=room.body.secretary, now=now,
    )  # fmt: skip


def test_a_topic_that_is_taken_up_keeps_its_case_at_the_council(world: World, body: Body) -> None:
    found = referred(world)
    assert screen(world, found, "accept").state == "accepted"
    case = found.cases.get()
    assert (case.state, case.council_id) == ("deliberating", body.council.pk)
    said = CaseEvent.objects.get(council=body.council, type="topic.screened")
    assert (said.data["topic"], said.data["move"]) == (found.pk, "accept")


@pytest.mark.parametrize(("verdict", "state"), [("reject", "rejected"), ("refuse", "out_of_scope")])
def test_a_topic_that_is_not_taken_up_gives_its_case_back(world: World, body: Body, verdict: str, state: str) -> None:
    found = referred(world)
    with pytest.raises(ValidationError, match="请写明理由"):
        screen(world, found, verdict, reason="  ")
    assert Topic.objects.get().state == "pending"
    assert screen(world, found, verdict, reason="物业已处理。").state == state
    case = found.cases.get()
    assert case.state == "in_progress"
    owed = Clock.objects.filter(case=case, stopped_at=None).values_list("kind", flat=True)
    assert "council" not in owed


def test_two_topics_that_are_merged_rest_on_the_cases_of_both(world: World, body: Body) -> None:
    first, second = referred(world), referred(world)
    with pytest.raises(ValidationError, match="并入哪一个"):
        screen(world, second, "merge", other_id=second.pk)
    merged = screen(world, second, "merge", other_id=first.pk)
    assert (merged.state, merged.merged_into_id) == ("merged", first.pk)
    assert first.cases.count() == 2
    assert set(Case.objects.values_list("state", flat=True)) == {"deliberating"}


def test_a_topic_is_merged_only_into_one_that_is_still_on_the_list(world: World, body: Body) -> None:
    first, second = referred(world), referred(world)
    screen(world, first, "reject", reason="物业已处理。")
    with pytest.raises(ValidationError, match="并入哪一个"):
        screen(world, second, "merge", other_id=first.pk)


def test_a_topic_is_looked_at_once_and_by_the_secretary(world: World, body: Body) -> None:
    found = referred(world)
    for actor in (world.supervisor, body.chair.user):
        assert actor is not None
        with pytest.raises(PermissionDenied):
            screen_topic(topic_id=found.pk, verdict="accept", actor=actor, now=world.now)
    with pytest.raises(ValidationError, match="怎样处理"):
        screen(world, found, "postpone")
    screen(world, found, "accept")
    with pytest.raises(TransitionNotAllowed):
        screen(world, found, "reject", reason="反悔了。")


def test_what_was_voted_down_comes_back_after_its_rest_and_not_a_day_sooner(world: World, body: Body) -> None:
    room = voted_down(world, body)
    with pytest.raises(ValidationError, match="2026-06-04 以后才能再议"):
        tabled(room, after=timedelta(days=90, seconds=-1))
    tabled(room, after=timedelta(days=90))
    assert Topic.objects.get().items.count() == 2


def test_a_topic_that_was_put_off_may_come_back_at_once(world: World, body: Body) -> None:
    room = opened(world, body)
    room.discuss()
    agenda.end_item(item_id=room.items[0].pk, move="adjourn", reason="等报价。", actor=body.secretary, now=room.now)
    tabled(room, after=timedelta())
    assert Topic.objects.get().items.count() == 2


def test_a_topic_that_nobody_took_up_is_on_no_agenda(world: World, body: Body) -> None:
    found = topic(world, accept=False)
    with pytest.raises(ValidationError, match="还没有列为议题"):
        meetings.prepare_meeting(
            council_id=body.council.pk, plan=plan(body, world.now + LEAD), topics=[found], actor=body.secretary,
            now=world.now,
        )  # fmt: skip


def test_what_was_voted_down_rests_in_the_topic_that_its_case_was_merged_into(world: World, body: Body) -> None:
    room = voted_down(world, body)
    later = topic(world, "北门停车")
    later.cases.add(*Topic.objects.get(title="修车棚").cases.all())
    for days, rested in ((89, False), (90, True)):
        now = room.now + timedelta(days=days)
        assert (resting([later], now) == {}) is rested
