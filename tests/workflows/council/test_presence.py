"""Who is there and when: intervals never overlap, quorum says how many are missing, mandates count where allowed."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from cases.council_terms import PresenceMethod
from cases.models import Attendance, Mandate, Meeting, PresenceInterval, Seat
from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.rooms import LEAD, Room, convened, opened
from workflows.council import mandates, meetings, presence

MINUTE = timedelta(minutes=1)


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


@pytest.fixture
def room(world: World, body: Body) -> Room:
    return opened(world, body, there=[])


def come(room: Room, seat: Seat, after: timedelta = timedelta()) -> PresenceInterval:
    return presence.sign_in(
        meeting_id=room.meeting.pk, seat_id=seat.pk, actor=room.body.secretary, now=room.now + after,
        method=PresenceMethod.RECORDER,
    )  # fmt: skip


def go(room: Room, seat: Seat, after: timedelta) -> PresenceInterval:
    return presence.sign_out(
        meeting_id=room.meeting.pk, seat_id=seat.pk, actor=room.body.secretary, now=room.now + after
    )


def give(room: Room, principal: Seat, holder: Seat, **given: object) -> Mandate:
    told = {str(room.items[0].pk): "for"}
    words = {"document": "委托书 1", "instructions": told, "actor": room.body.secretary, "now": room.now} | given
    return mandates.give_mandate(
        meeting_id=room.meeting.pk, principal_id=principal.pk, holder_id=holder.pk, **words,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_seat_answers_for_itself_until_the_meeting_begins(world: World, body: Body) -> None:
    meeting = convened(world, body)
    seat, other = body.seats["residents"][:2]
    assert seat.user is not None
    given = {"meeting_id": meeting.pk, "actor": seat.user}
    assert presence.answer_invitation(seat_id=seat.pk, comes=True, **given).status == "confirmed"
    assert presence.answer_invitation(seat_id=seat.pk, comes=False, **given).status == "excused"
    with pytest.raises(PermissionDenied):
        presence.answer_invitation(seat_id=other.pk, comes=True, **given)
    meetings.open_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now + LEAD)
    with pytest.raises(ValidationError, match="不用再回复"):
        presence.answer_invitation(seat_id=seat.pk, comes=True, **given)
    assert Attendance.objects.get(meeting=meeting, seat=seat).status == "excused"


def test_nobody_is_there_more_than_an_hour_before_it_begins(world: World, body: Body) -> None:
    meeting = convened(world, body)
    seat = body.seats["residents"][0]
    assert seat.user is not None
    given = {"meeting_id": meeting.pk, "seat_id": seat.pk, "actor": seat.user, "method": PresenceMethod.SIGN}
    hour = world.now + LEAD - 60 * MINUTE
    with pytest.raises(ValidationError, match="一小时"):
        presence.sign_in(now=hour - MINUTE, **given)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="一小时"):
        presence.all_present(meeting_id=meeting.pk, actor=body.secretary, now=hour - MINUTE)
    assert not PresenceInterval.objects.exists()
    assert presence.sign_in(now=hour, **given).method == "sign"  # type: ignore[arg-type]


def test_nobody_signs_in_for_somebody_else_or_without_an_invitation(room: Room) -> None:
    seat, other = room.body.seats["residents"][:2]
    assert seat.user is not None
    with pytest.raises(PermissionDenied):
        presence.sign_in(
            meeting_id=room.meeting.pk, seat_id=other.pk, actor=seat.user, now=room.now, method=PresenceMethod.QR
        )
    Attendance.objects.filter(seat=other).delete()
    with pytest.raises(ValidationError, match="不在会议通知的名单里"):
        come(room, other)


def test_signing_in_twice_is_being_there_once(room: Room) -> None:
    first, second = come(room, room.body.chair), come(room, room.body.chair, MINUTE)
    assert (first.pk, second.began_at) == (second.pk, room.now)
    assert PresenceInterval.objects.count() == 1


def test_who_leaves_and_comes_back_has_two_intervals_that_do_not_overlap(room: Room) -> None:
    seat = room.body.chair
    come(room, seat)
    go(room, seat, 10 * MINUTE)
    with pytest.raises(ValidationError, match="早于上次签退"):
        come(room, seat, 5 * MINUTE)
    come(room, seat, 20 * MINUTE)
    there = [presence.present_at(room.meeting, room.now + n * MINUTE) == {seat.pk} for n in (0, 9, 10, 19, 20, 99)]
    assert there == [True, True, False, False, True, True]
    with pytest.raises(IntegrityError), transaction.atomic():
        PresenceInterval.objects.create(
            attendance=Attendance.objects.get(seat=seat), began_at=room.now + 30 * MINUTE, method="sign"
        )


def test_who_comes_and_goes_in_one_moment_was_not_there(room: Room) -> None:
    come(room, room.body.chair)
    go(room, room.body.chair, timedelta())
    assert not PresenceInterval.objects.exists()
    with pytest.raises(ValidationError, match="没有签到"):
        go(room, room.body.chair, MINUTE)


def test_one_tap_brings_everybody_but_those_who_said_no_sent_a_holder_or_left(world: World, body: Body) -> None:
    meeting = convened(world, body)
    away = body.seats["residents"][0]
    presence.answer_invitation(meeting_id=meeting.pk, seat_id=away.pk, actor=body.secretary, comes=False)
    room = Room(world, body, meeting, list(meeting.items.all()), world.now + LEAD)
    come(room, body.chair)
    principal = body.seats["residents"][1]
    give(room, principal, body.seats["residents"][2])
    given = {"meeting_id": meeting.pk, "actor": body.secretary}
    assert presence.all_present(now=room.now + MINUTE, **given) == 6
    assert presence.all_present(now=room.now + 2 * MINUTE, **given) == 0
    go(room, body.chair, 3 * MINUTE)
    assert presence.all_present(now=room.now + 4 * MINUTE, **given) == 0
    missing = {seat.pk for seat in body.all_seats} - presence.present_at(meeting, room.now + 4 * MINUTE)
    assert missing == {away.pk, principal.pk, body.chair.pk}


def test_quorum_says_how_many_are_missing_in_all_and_by_party(room: Room) -> None:
    for seat in [*room.body.seats["community"], *room.body.seats["owners_committee"]]:
        come(room, seat)
    needs = {
        need.group: need for need in presence.quorum_now(room.meeting, presence.counted_at(room.meeting, room.now))
    }
    assert (needs["all"].present, needs["all"].needed, needs["all"].missing) == (4, 6, 2)
    assert (needs["residents"].needed, needs["residents"].missing) == (2, 2)
    assert needs["community"].missing == 0


def test_an_observer_is_there_but_does_not_count(world: World, body: Body) -> None:
    guest = body.seats["residents"][2]
    Seat.objects.filter(pk=guest.pk).update(has_vote=False)
    room = opened(world, body, there=[guest])
    assert presence.present_at(room.meeting, room.now) == set()
    assert guest.pk not in {seat.pk for seat in presence.voting_seats(room.meeting)}


def test_a_principal_counts_while_the_holder_is_there(room: Room) -> None:
    principal, holder = room.body.seats["residents"][:2]
    mandate = give(room, principal, holder)
    assert presence.counted_at(room.meeting, room.now) == set()
    come(room, holder)
    assert presence.counted_at(room.meeting, room.now) == {principal.pk, holder.pk}
    assert presence.present_at(room.meeting, room.now) == {holder.pk}
    mandates.revoke_mandate(mandate_id=mandate.pk, actor=room.body.secretary, now=room.now)
    assert presence.counted_at(room.meeting, room.now) == {holder.pk}
    with pytest.raises(ValidationError, match="已经收回"):
        mandates.revoke_mandate(mandate_id=mandate.pk, actor=room.body.secretary, now=room.now)


def test_a_mandate_covers_the_items_it_names(world: World, body: Body) -> None:
    room = opened(world, body, ["修车棚", "装道闸"])
    principal, holder = body.seats["residents"][:2]
    give(room, principal, holder)
    covered = [set(presence.mandated(room.meeting, item)) for item in room.items]
    assert covered == [{principal.pk}, set()]


def test_a_mandate_stays_under_the_cap_off_barred_roles_and_says_how_to_vote(room: Room) -> None:
    first, second, holder = room.body.seats["residents"]
    firm = room.body.seats["property_company"][0]
    for principal, other, given, field in (
        (first, firm, {}, "holder"),
        (first, first, {}, "holder"),
        (first, holder, {"instructions": {}}, "instructions"),
        (first, holder, {"instructions": {"999": "for"}}, "instructions"),
        (first, holder, {"document": " "}, "document"),
    ):
        with pytest.raises(ValidationError) as refused:
            give(room, principal, other, **given)  # type: ignore[arg-type]
        assert set(refused.value.message_dict) == {field}
    give(room, first, holder)
    with pytest.raises(ValidationError, match="最多受托 1 份"):
        give(room, second, holder)
    again = give(room, first, second)  # a new mandate takes the place of the one before
    assert list(Mandate.objects.filter(revoked_at=None)) == [again]


def test_a_principal_gives_their_own_mandate_and_no_other(room: Room) -> None:
    first, second, holder = room.body.seats["residents"]
    give(room, first, holder, actor=first.user)
    with pytest.raises(PermissionDenied):
        give(room, second, holder, actor=first.user)


def test_after_the_meeting_nobody_signs_in_or_gives_a_mandate(room: Room) -> None:
    Meeting.objects.update(state="closed")
    first, holder = room.body.seats["residents"][:2]
    with pytest.raises(ValidationError):
        come(room, first)
    with pytest.raises(ValidationError, match="会议已结束"):
        give(room, first, holder)
