"""The agenda: what comes on it, with which wording, in which order, and how each item ends."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.council_terms import ItemKind
from cases.models import AgendaItem, Case, CaseEvent, Council, Decision, Meeting, Topic
from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.rooms import LEAD, Room, convened, opened, plan, topic
from workflows.council import agenda, meetings
from workflows.council.packs import row_of
from workflows.polling import packs

MINUTE = timedelta(minutes=1)


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


@pytest.fixture
def room(world: World, body: Body) -> Room:
    return opened(world, body)


def drafted(world: World, body: Body, *titles: str) -> Meeting:
    found = [topic(world, title) for title in titles]
    return meetings.prepare_meeting(
        council_id=body.council.pk, plan=plan(body, world.now + LEAD), topics=found, actor=body.secretary,
        now=world.now,
    )  # fmt: skip


def order(meeting: Meeting) -> list[str]:
    return [item.topic.title for item in meeting.items.order_by("position")]


def end(room: Room, move: str, reason: str = "等报价。", **given: int) -> AgendaItem:
    return agenda.end_item(
        item_id=room.items[0].pk, move=move, reason=reason, actor=room.body.secretary, now=room.now, **given
    )


def test_a_draft_agenda_is_added_to_moved_and_cut(world: World, body: Body) -> None:
    meeting = drafted(world, body, "甲", "乙")
    given = {"actor": body.secretary, "now": world.now}
    third = agenda.add_item(meeting_id=meeting.pk, topic_id=topic(world, "丙").pk, **given)
    for _ in range(3):  # once more than there are places
        agenda.reorder_item(item_id=third.pk, up=True, **given)
    assert order(meeting) == ["丙", "甲", "乙"]
    agenda.reorder_item(item_id=third.pk, up=False, **given)
    assert order(meeting) == ["甲", "丙", "乙"]
    agenda.drop_item(item_id=meeting.items.get(topic__title="甲").pk, **given)
    assert order(meeting) == ["丙", "乙"]


def test_an_announced_agenda_is_neither_moved_nor_cut(world: World, body: Body) -> None:
    item = convened(world, body).items.get()
    given = {"item_id": item.pk, "actor": body.secretary, "now": world.now}
    with pytest.raises(ValidationError):
        agenda.reorder_item(up=True, **given)
    with pytest.raises(ValidationError):
        agenda.drop_item(**given)
    assert AgendaItem.objects.get().state == "announced"


def test_a_topic_stands_on_one_agenda_at_a_time(world: World, body: Body) -> None:
    meeting = drafted(world, body, "甲")
    found = Topic.objects.get()
    with pytest.raises(ValidationError, match="已在议程里"):
        agenda.add_item(meeting_id=meeting.pk, topic_id=found.pk, actor=body.secretary, now=world.now)
    other = meetings.prepare_meeting(
        council_id=body.council.pk, plan=plan(body, world.now + LEAD), topics=[], actor=body.secretary, now=world.now
    )
    with pytest.raises(ValidationError, match="另一次会议"):
        agenda.add_item(meeting_id=other.pk, topic_id=found.pk, actor=body.secretary, now=world.now)
    assert AgendaItem.objects.count() == 1


def test_between_notice_and_meeting_nothing_is_added(world: World, body: Body) -> None:
    meeting = convened(world, body)
    late = topic(world, "水管")
    with pytest.raises(ValidationError, match="不能再加"):
        agenda.add_item(
            meeting_id=meeting.pk, topic_id=late.pk, actor=body.secretary, now=world.now, late_reason="昨夜爆裂。"
        )


def test_an_emergency_item_needs_its_reason_and_is_then_discussed(room: Room) -> None:
    given = {
        "meeting_id": room.meeting.pk, "topic_id": topic(room.world, "水管").pk, "actor": room.body.secretary,
        "now": room.now,
    }  # fmt: skip
    with pytest.raises(ValidationError, match="没有提前公告"):
        agenda.add_item(**given)  # type: ignore[arg-type]
    item = agenda.add_item(**given, late_reason="昨夜爆裂。")  # type: ignore[arg-type]
    assert (item.published_at, item.late_reason, item.position) == (None, "昨夜爆裂。", 2)
    agenda.discuss_item(item_id=item.pk, actor=room.body.secretary, now=room.now)
    assert AgendaItem.objects.get(pk=item.pk).state == "in_discussion"


def test_rules_that_forbid_it_keep_every_unannounced_item_out(room: Room) -> None:
    pack = row_of(packs.shipped()["four_party"] | {"version": 9, "unannounced_items": "forbid"})
    pack.save()
    Meeting.objects.update(pack=pack)
    with pytest.raises(ValidationError, match="不允许临时增加"):
        agenda.add_item(
            meeting_id=room.meeting.pk, topic_id=topic(room.world, "水管").pk, actor=room.body.secretary,
            now=room.now, late_reason="昨夜爆裂。",
        )  # fmt: skip


def test_each_wording_is_kept_and_the_same_one_is_not_written_twice(room: Room) -> None:
    item = room.items[0]
    for body in ("修在西门。", "修在西门。 ", "修在南门。"):
        agenda.write_draft(item_id=item.pk, body=body, actor=room.body.secretary, now=room.now)
    assert list(item.drafts.values_list("n", "body")) == [(1, item.topic.text), (2, "修在西门。"), (3, "修在南门。")]
    assert len({draft.sha256 for draft in item.drafts.all()}) == 3


def test_the_wording_stands_still_while_it_is_voted_on(room: Room) -> None:
    room.open_poll()
    with pytest.raises(ValidationError, match="不能再改"):
        agenda.write_draft(item_id=room.items[0].pk, body="修在西门。", actor=room.body.secretary, now=room.now)


def test_in_a_recess_nothing_is_taken_up(room: Room) -> None:
    meetings.turn_meeting(meeting_id=room.meeting.pk, move="pause", actor=room.body.secretary, now=room.now)
    with pytest.raises(ValidationError, match="休会"):
        room.discuss()


def test_what_was_said_is_noted_while_the_item_is_discussed(room: Room) -> None:
    given = {
        "item_id": room.items[0].pk, "seat_id": room.body.chair.pk, "stance": "supports", "text": " 支持。 ",
        "actor": room.body.secretary, "now": room.now,
    }  # fmt: skip
    with pytest.raises(ValidationError, match="不在讨论中"):
        agenda.add_statement(**given)  # type: ignore[arg-type]
    room.discuss()
    said = agenda.add_statement(**given)  # type: ignore[arg-type]
    assert (said.text, said.seat, said.stance) == ("支持。", room.body.chair, "supports")


def test_consensus_decides_with_the_newest_wording_and_needs_quorum(world: World, body: Body) -> None:
    room = opened(world, body, there=body.all_seats[:5])
    room.discuss()
    agenda.write_draft(item_id=room.items[0].pk, body="修在西门。", actor=body.secretary, now=room.now)
    given = {"item_id": room.items[0].pk, "actor": body.secretary, "now": room.now}
    with pytest.raises(ValidationError, match="法定人数"):
        agenda.settle_by_consensus(**given)  # type: ignore[arg-type]
    room.come(body.all_seats)
    decision = agenda.settle_by_consensus(**given)  # type: ignore[arg-type]
    assert (decision.outcome, decision.text, decision.state) == ("consensus", "修在西门。", "provisional")
    assert AgendaItem.objects.get().state == "decided"


def test_what_only_informs_is_noted_and_not_decided(world: World, body: Body) -> None:
    meeting = meetings.prepare_meeting(
        council_id=body.council.pk, plan=plan(body, world.now + LEAD), topics=[topic(world)], actor=body.secretary,
        now=world.now, items=ItemKind.INFORM,
    )  # fmt: skip
    meetings.convene_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now)
    now = world.now + LEAD
    meetings.open_meeting(meeting_id=meeting.pk, actor=body.secretary, now=now)
    room = Room(world, body, Meeting.objects.get(), list(meeting.items.all()), now)
    room.come(body.all_seats)
    room.discuss()
    with pytest.raises(ValidationError, match="不作决议"):
        agenda.settle_by_consensus(item_id=room.items[0].pk, actor=body.secretary, now=now)
    noted = agenda.note_item(item_id=room.items[0].pk, words_of_it="已知悉。", actor=body.secretary, now=now)
    assert (noted.state, noted.outcome) == ("decided", "已知悉。")
    assert not Decision.objects.exists()


@pytest.mark.parametrize(("move", "state"), [("adjourn", "adjourned"), ("withdraw", "withdrawn")])
def test_an_item_ends_without_a_decision_but_with_a_reason(room: Room, move: str, state: str) -> None:
    room.discuss()
    with pytest.raises(ValidationError) as refused:
        end(room, move, " ")
    assert set(refused.value.message_dict) == {"reason"}
    assert (end(room, move).state, AgendaItem.objects.get().outcome) == (state, "等报价。")
    said = CaseEvent.objects.filter(type="item.moved").order_by("seq").last()
    assert said is not None
    assert (said.data["move"], said.data["reason"]) == (move, "等报价。")


def test_a_referred_item_becomes_a_topic_elsewhere_and_its_case_goes_along(room: Room) -> None:
    room.discuss()
    other = Council.objects.create(code="C2", name="平山社区居民委员会", kind="residents", area=room.world.community)
    for wrong in (None, room.body.council.pk, 999):
        with pytest.raises(ValidationError) as refused:
            end(room, "refer", council_id=wrong)  # type: ignore[arg-type]
        assert set(refused.value.message_dict) == {"council"}
    moved = end(room, "refer", council_id=other.pk)
    assert (moved.state, moved.referred_to_id) == ("referred", other.pk)
    new = Topic.objects.get(council=other)
    assert (new.state, new.title, new.serial) == ("pending", "修车棚", 1)
    assert [case.pk for case in new.cases.all()] == [Case.objects.get().pk]
    assert Case.objects.get().council_id == other.pk


def test_an_item_that_has_ended_stays_ended(room: Room) -> None:
    room.discuss()
    end(room, "withdraw")
    for move in ("adjourn", "withdraw"):
        with pytest.raises(TransitionNotAllowed):
            end(room, move)
    with pytest.raises(TransitionNotAllowed):
        room.discuss()


def test_only_the_secretary_writes_the_agenda(room: Room) -> None:
    actor = room.body.chair.user
    assert actor is not None
    given = {"item_id": room.items[0].pk, "actor": actor, "now": room.now}
    with pytest.raises(PermissionDenied):
        agenda.discuss_item(**given)
    with pytest.raises(PermissionDenied):
        agenda.write_draft(body="我说了算。", **given)
    with pytest.raises(PermissionDenied):
        agenda.end_item(move="withdraw", reason="不议了。", **given)
    assert AgendaItem.objects.get().state == "announced"
