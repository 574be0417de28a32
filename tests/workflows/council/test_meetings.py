"""Meetings: called in time, opened not before, closed with nothing left open, called again without quorum."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import translation
from django_fsm import TransitionNotAllowed

from cases.council_terms import MeetingKind
from cases.models import AgendaItem, Attendance, CaseEvent, Meeting, Notice, PresenceInterval, RulePack, Seat
from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.rooms import LEAD, Room, convened, opened, plan, topic
from workflows.council import agenda, meetings, presence
from workflows.council.packs import row_of
from workflows.polling import packs

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
LEAST = 3 * DAY  # of the sample rules


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


def drafted(world: World, body: Body, lead: timedelta = LEAD, **given: object) -> Meeting:
    return meetings.prepare_meeting(
        council_id=body.council.pk, plan=plan(body, world.now + lead, **given), topics=[topic(world)],
        actor=body.secretary, now=world.now,
    )  # fmt: skip


def convene(world: World, meeting: Meeting, **given: str) -> Meeting:
    return meetings.convene_meeting(meeting_id=meeting.pk, actor=world.secretary, now=world.now, **given)


def short_of_quorum(world: World, body: Body) -> Room:
    return opened(world, body, ["修车棚", "装道闸"], there=body.all_seats[:2])


def test_a_draft_has_its_number_its_rules_and_the_text_of_the_topic_as_first_wording(world: World, body: Body) -> None:
    meeting = drafted(world, body)
    assert (meeting.number, meeting.state, meeting.pack.code) == ("2026 年第 1 次", "draft", "four_party")
    with translation.override("en"):
        assert meeting.number == "No. 1 of 2026"
    item = meeting.items.get()
    assert (item.position, item.state, item.drafts.get().body) == (1, "accepted", item.topic.text)
    assert meetings.prepare_meeting(
        council_id=body.council.pk, plan=plan(body, world.now + LEAD), topics=[], actor=body.secretary, now=world.now
    ).serial == 2  # fmt: skip


def test_a_plan_needs_a_place_a_time_to_come_and_people_of_this_body(world: World, body: Body) -> None:
    for wrong, field in (({"venue": " "}, "venue"), ({"lead": -DAY}, "planned_at")):
        with pytest.raises(ValidationError) as refused:
            drafted(world, body, **wrong)  # type: ignore[arg-type]
        assert set(refused.value.message_dict) == {field}
    assert not Meeting.objects.exists()


def test_another_day_brings_the_rules_of_that_day(world: World, body: Body) -> None:
    meeting = drafted(world, body)
    turn = (world.now + 10 * DAY).date()
    data = packs.shipped()["four_party"] | {"version": 9, "effective_from": turn.isoformat(), "notice_days": 5}
    row_of(data).save()
    changed = meetings.change_meeting(
        meeting_id=meeting.pk, plan=plan(body, world.now + 12 * DAY), actor=body.secretary, now=world.now
    )
    assert Meeting.objects.get().pack.version == changed.pack.version == 9
    assert RulePack.objects.filter(code="four_party").count() == 2


def test_the_notice_names_time_place_and_items_and_announces_them(world: World, body: Body) -> None:
    meeting = convene(world, drafted(world, body), channels="公告栏")
    notice = Notice.objects.get()
    for said in ("2026-03-06 09:00", "小区活动室", "1. 修车棚（表决）", "社区党组织1"):
        assert said in notice.body
    assert (notice.state, notice.must_stay_until, notice.channels) == ("posted", meeting.planned_at, "公告栏")
    item = AgendaItem.objects.get()
    assert (item.state, item.published_at) == ("announced", world.now)
    assert Attendance.objects.filter(meeting=meeting, status="invited").count() == 9
    with pytest.raises(TransitionNotAllowed):
        convene(world, meeting)


def test_a_notice_is_early_enough_to_the_second(world: World, body: Body) -> None:
    meeting = drafted(world, body, LEAST - timedelta(seconds=1))
    with pytest.raises(ValidationError, match="最早 2026-03-05 09:00"):
        convene(world, meeting)
    assert (Meeting.objects.get().state, Notice.objects.exists()) == ("draft", False)
    Meeting.objects.update(planned_at=world.now + LEAST)
    assert convene(world, meeting).state == "convened"


def test_an_emergency_is_called_at_short_notice_with_its_reason_in_the_notice(world: World, body: Body) -> None:
    meeting = drafted(world, body, timedelta(hours=2), kind=MeetingKind.EMERGENCY)
    with pytest.raises(ValidationError) as refused:
        convene(world, meeting)
    assert "reason" in refused.value.message_dict
    convene(world, meeting, reason="水管昨夜爆裂。")
    assert "水管昨夜爆裂。" in Notice.objects.get().body


def test_working_days_are_counted_by_the_calendar(world: World, body: Body) -> None:
    data = packs.shipped()["four_party"] | {"version": 9, "notice_calendar": "working"}
    pack = row_of(data)
    pack.save()
    drafted(world, body)
    Meeting.objects.update(pack=pack)
    meeting, friday = Meeting.objects.get(), world.now + 4 * DAY
    assert meetings.earliest_start(meeting, friday) > friday + 4 * DAY  # not before the Wednesday after
    assert meetings.earliest_start(meeting, world.now) <= world.now + 4 * DAY


def test_a_meeting_without_agenda_or_chair_is_not_called(world: World, body: Body) -> None:
    meeting = drafted(world, body, chair=None)
    with pytest.raises(ValidationError, match="主持人"):
        convene(world, meeting)
    agenda.drop_item(item_id=meeting.items.get().pk, actor=body.secretary, now=world.now)
    with pytest.raises(ValidationError, match="议程还是空的"):
        convene(world, meeting)


def test_a_meeting_whose_time_is_over_is_not_called_even_as_an_emergency(world: World, body: Body) -> None:
    meeting = drafted(world, body, timedelta(hours=2), kind=MeetingKind.EMERGENCY)
    with pytest.raises(ValidationError, match="开会时间已过"):
        meetings.convene_meeting(
            meeting_id=meeting.pk, actor=body.secretary, now=world.now + timedelta(hours=3), reason="水管昨夜爆裂。"
        )


def test_seats_are_invited_that_are_valid_on_the_day_of_the_meeting(world: World, body: Body) -> None:
    leaving, coming = body.seats["residents"][:2]
    day = (world.now + LEAD).date()
    Seat.objects.filter(pk=leaving.pk).update(valid_to=day)
    Seat.objects.filter(pk=coming.pk).update(valid_from=day)
    meeting = convene(world, drafted(world, body))
    invited = set(meeting.attendances.values_list("seat_id", flat=True))
    assert coming.pk in invited
    assert leaving.pk not in invited


def test_what_was_announced_is_not_changed(world: World, body: Body) -> None:
    meeting = convened(world, body)
    with pytest.raises(ValidationError, match="不能再改"):
        meetings.change_meeting(
            meeting_id=meeting.pk, plan=plan(body, world.now + LEAD + DAY), actor=body.secretary, now=world.now
        )


def test_a_meeting_opens_at_the_time_of_its_notice_and_not_before(world: World, body: Body) -> None:
    meeting = convened(world, body)
    with pytest.raises(ValidationError, match="2026-03-06 09:00 起才能开会"):
        meetings.open_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now + LEAD - MINUTE)
    assert Meeting.objects.get().state == "convened"
    meetings.open_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now + LEAD)
    assert Meeting.objects.get().opened_at == world.now + LEAD


def test_an_emergency_begins_when_those_who_sign_in_are_there(world: World, body: Body) -> None:
    lead = timedelta(hours=2)
    meeting = convene(world, drafted(world, body, lead, kind=MeetingKind.EMERGENCY), reason="水管爆裂。")
    with pytest.raises(ValidationError):
        meetings.open_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now + lead - 61 * MINUTE)
    meetings.open_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now + lead - 60 * MINUTE)
    assert Meeting.objects.get().state == "in_session"


def test_only_the_secretary_runs_a_meeting(world: World, body: Body) -> None:
    meeting = convened(world, body)
    for command in (meetings.open_meeting, meetings.close_meeting, meetings.miss_quorum, presence.all_present):
        for actor in (body.chair.user, world.supervisor):
            with pytest.raises(PermissionDenied):
                command(meeting_id=meeting.pk, actor=actor, now=world.now + LEAD)  # type: ignore[operator]
    assert Meeting.objects.get().state == "convened"


def test_a_meeting_pauses_and_goes_on(world: World, body: Body) -> None:
    room = opened(world, body)
    for move, state in (("pause", "recess"), ("resume", "in_session")):
        meetings.turn_meeting(meeting_id=room.meeting.pk, move=move, actor=body.secretary, now=room.now)
        assert Meeting.objects.get().state == state
    said = CaseEvent.objects.filter(type="meeting.moved").order_by("seq").values_list("data__move", flat=True)
    assert list(said) == ["pause", "resume"]


def test_a_meeting_closes_when_every_item_has_an_end_and_everybody_leaves(world: World, body: Body) -> None:
    room = opened(world, body)
    end = room.now + timedelta(hours=1)
    given = {"meeting_id": room.meeting.pk, "actor": body.secretary, "now": end}
    with pytest.raises(ValidationError, match="还没有结论"):
        meetings.close_meeting(**given)  # type: ignore[arg-type]
    room.discuss()
    agenda.settle_by_consensus(item_id=room.items[0].pk, actor=body.secretary, now=room.now)
    meetings.close_meeting(**given)  # type: ignore[arg-type]
    assert Meeting.objects.get().closed_at == end
    assert set(PresenceInterval.objects.values_list("ended_at", flat=True)) == {end}


def test_a_cancelled_meeting_gives_its_items_back_with_the_wording_they_had(world: World, body: Body) -> None:
    meeting = convened(world, body)
    item = meeting.items.get()
    agenda.write_draft(item_id=item.pk, body="修在西门。", actor=body.secretary, now=world.now)
    with pytest.raises(ValidationError):
        meetings.cancel_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now, reason="")
    meetings.cancel_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now, reason="台风。")
    assert (Meeting.objects.get().state, AgendaItem.objects.get().state) == ("cancelled", "withdrawn")
    again = meetings.prepare_meeting(
        council_id=body.council.pk, plan=plan(body, world.now + LEAD), topics=[item.topic], actor=body.secretary,
        now=world.now,
    )  # fmt: skip
    carried = again.items.get()
    assert (carried.carried_from_id, carried.drafts.get().body) == (item.pk, "修在西门。")


def test_too_few_end_a_meeting_and_only_too_few(world: World, body: Body) -> None:
    room = opened(world, body)
    with pytest.raises(ValidationError, match="到会人数已够"):
        meetings.miss_quorum(meeting_id=room.meeting.pk, actor=body.secretary, now=room.now)
    for seat in body.seats["residents"][:2]:
        presence.sign_out(meeting_id=room.meeting.pk, seat_id=seat.pk, actor=body.secretary, now=room.now + MINUTE)
    meetings.miss_quorum(meeting_id=room.meeting.pk, actor=body.secretary, now=room.now + MINUTE)
    assert Meeting.objects.get().state == "no_quorum"
    assert AgendaItem.objects.get().state == "adjourned"
    assert not PresenceInterval.objects.filter(ended_at=None).exists()


def test_quorum_is_not_missed_before_the_time_of_the_notice(world: World, body: Body) -> None:
    meeting = convened(world, body)
    with pytest.raises(ValidationError, match="时间还没有到"):
        meetings.miss_quorum(meeting_id=meeting.pk, actor=body.secretary, now=world.now + LEAD - MINUTE)
    meetings.miss_quorum(meeting_id=meeting.pk, actor=body.secretary, now=world.now + LEAD)
    assert Meeting.objects.get().state == "no_quorum"


def test_a_meeting_does_not_end_over_an_open_vote(world: World, body: Body) -> None:
    room = opened(world, body)
    room.open_poll()
    for seat in body.all_seats[2:]:
        presence.sign_out(meeting_id=room.meeting.pk, seat_id=seat.pk, actor=body.secretary, now=room.now + MINUTE)
    for command in (meetings.miss_quorum, meetings.close_meeting):
        with pytest.raises(ValidationError):
            command(meeting_id=room.meeting.pk, actor=body.secretary, now=room.now + MINUTE)
    assert Meeting.objects.get().state == "in_session"


def test_what_came_up_in_the_room_goes_back_to_the_list_when_quorum_is_missed(world: World, body: Body) -> None:
    room = short_of_quorum(world, body)
    late = agenda.add_item(
        meeting_id=room.meeting.pk, topic_id=topic(world, "水管").pk, actor=body.secretary, now=room.now,
        late_reason="昨夜爆裂。",
    )  # fmt: skip
    meetings.miss_quorum(meeting_id=room.meeting.pk, actor=body.secretary, now=room.now)
    assert AgendaItem.objects.get(pk=late.pk).state == "withdrawn"


def test_a_meeting_without_quorum_is_called_again_once_with_what_was_left(world: World, body: Body) -> None:
    room = short_of_quorum(world, body)
    agenda.write_draft(item_id=room.items[1].pk, body="道闸装两处。", actor=body.secretary, now=room.now)
    meetings.miss_quorum(meeting_id=room.meeting.pk, actor=body.secretary, now=room.now)
    given = {"meeting_id": room.meeting.pk, "plan": plan(body, room.now + LEAD), "actor": body.secretary}
    again = meetings.reconvene_meeting(**given, now=room.now)
    assert (again.reconvenes_id, again.state, again.serial) == (room.meeting.pk, "draft", 2)
    assert Meeting.objects.get(pk=room.meeting.pk).state == "reconvened"
    carried = list(again.items.order_by("position"))
    assert [item.carried_from_id for item in carried] == [item.pk for item in room.items]
    assert carried[1].drafts.get().body == "道闸装两处。"
    with pytest.raises(TransitionNotAllowed):
        meetings.reconvene_meeting(**given, now=room.now)
    with pytest.raises(ValidationError, match="通知时间不够"):  # it needs a notice of its own
        meetings.convene_meeting(meeting_id=again.pk, actor=body.secretary, now=room.now + 2 * DAY)
