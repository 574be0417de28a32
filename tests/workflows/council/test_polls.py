"""Polls in a meeting: what must hold to open one, hands, names, what it comes to, and who may undo it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.models import AgendaItem, CaseEvent, Decision, Elector, Meeting, Poll
from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.rooms import LEAD, Room, convened, opened
from workflows.council import agenda, ballots, hands, meetings, polls, presence
from workflows.council.certify import compute, keep_recount, newest, recount
from workflows.council.hands import Counters
from workflows.flows.voiding import ask_to_void, decide_voiding
from workflows.models import VoidingProcess

MINUTE = timedelta(minutes=1)
TWO = Counters("甲", "乙")


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


@pytest.fixture
def room(world: World, body: Body) -> Room:
    return opened(world, body)


def by_hands(room: Room, n: int, *rows: tuple[int, int, int]) -> str:
    row = hands.vote_by_hands(
        item_id=room.items[n].pk, hands=room.hands(*rows), counters=TWO, actor=room.body.secretary, now=room.now
    )
    return row.outcome


def vote(room: Room, poll: Poll, choices: str) -> None:
    """Each seat in its order, by its own login: f, a, - (abstains) or . (does not vote)."""
    words = {"f": "for", "a": "against", "-": "abstain"}
    for elector, choice in zip(poll.electors.select_related("seat__user"), choices, strict=True):
        if choice != ".":
            ballots.cast_ballot(
                poll_id=poll.pk, elector_id=elector.pk, choice=words[choice], channel="phone",
                actor=elector.seat.user, now=room.now,
            )  # fmt: skip


def finish(room: Room, poll: Poll) -> str:
    polls.close_poll(poll_id=poll.pk, actor=room.body.secretary, now=room.now)
    return polls.certify_poll(poll_id=poll.pk, actor=room.body.secretary, now=room.now).outcome


def test_four_items_three_passed_and_one_failed_are_run_by_one_secretary(world: World, body: Body) -> None:
    room = opened(world, body, ["修车棚", "装道闸", "换物业", "办灯会"])
    everybody = ((2, 0, 0), (2, 0, 0), (2, 0, 0), (3, 0, 0))
    outcomes = []
    for n in range(4):
        room.discuss(n)
        rows = ((1, 1, 0), (1, 1, 0), (0, 2, 0), (1, 2, 0)) if n == 2 else everybody
        outcomes.append(by_hands(room, n, *rows))
    assert outcomes == ["adopted", "adopted", "not_adopted", "adopted"]
    meetings.close_meeting(meeting_id=room.meeting.pk, actor=body.secretary, now=room.now + MINUTE)
    assert Meeting.objects.get().state == "closed"
    decided = Decision.objects.order_by("pk").values_list("number", "outcome", "state")
    assert list(decided) == [
        ("〔2026〕决议1号", "adopted", "provisional"),
        ("〔2026〕决议2号", "adopted", "provisional"),
        ("〔2026〕决议3号", "not_adopted", "provisional"),
        ("〔2026〕决议4号", "adopted", "provisional"),
    ]
    assert {item.state for item in AgendaItem.objects.all()} == {"decided"}
    assert not Meeting.objects.filter(attendances__intervals__ended_at=None).exists()


def test_votes_by_name_come_to_a_decision_with_the_literal_text_of_the_draft(room: Room) -> None:
    agenda.write_draft(
        item_id=room.items[0].pk, body="车棚修在北门，十月底完成。", actor=room.body.secretary, now=room.now
    )
    poll = room.open_poll()
    vote(room, poll, "ffffffaa-")
    assert finish(room, poll) == "adopted"
    decision = Decision.objects.get()
    assert (decision.text, decision.poll_id) == ("车棚修在北门，十月底完成。", poll.pk)
    row = newest(poll)
    assert row is not None
    assert decision.certification_id == row.pk
    found = {c["name"] + c["group"]: (c["numerator"], c["denominator"]) for c in row.criteria}
    assert found["approvalall"] == (6, 9)
    assert found["quorumresidents"] == (3, 3)


def test_half_of_those_present_is_not_enough(world: World, body: Body) -> None:
    room = opened(world, body, there=body.all_seats[:6] + body.all_seats[6:8])
    poll = room.open_poll()
    vote(room, poll, "ffffaaaa.")
    assert finish(room, poll) == "not_adopted"
    assert AgendaItem.objects.get().state == "decided"


@pytest.mark.parametrize("there", [5, 6])
def test_a_poll_opens_only_with_quorum_and_says_how_many_are_missing(world: World, body: Body, there: int) -> None:
    seats = [body.seats[p][0] for p in body.seats] + [body.seats["residents"][1], body.seats["community"][1]]
    room = opened(world, body, there=seats[:there])
    room.discuss()
    if there == 6:
        assert polls.open_poll(item_id=room.items[0].pk, method="named", actor=body.secretary, now=room.now).at_opening[
            "quorum"
        ][0] == {"group": "all", "present": 6, "needed": 6, "missing": 0}
        return
    with pytest.raises(ValidationError, match="还差 1 人"):
        polls.open_poll(item_id=room.items[0].pk, method="named", actor=body.secretary, now=room.now)
    assert not Poll.objects.exists()
    assert AgendaItem.objects.get().state == "in_discussion"


def test_who_leaves_before_closing_is_missed_in_the_second_snapshot(room: Room) -> None:
    poll = room.open_poll()
    vote(room, poll, "ff.......")
    for seat in room.body.seats["residents"]:
        presence.sign_out(meeting_id=room.meeting.pk, seat_id=seat.pk, actor=room.body.secretary, now=room.now + MINUTE)
    room.now += 2 * MINUTE
    assert finish(room, poll) == "no_quorum"
    poll = Poll.objects.get()
    assert (len(poll.at_opening["present"]), len(poll.at_closing["present"])) == (9, 6)
    assert not Decision.objects.exists()
    assert AgendaItem.objects.get().state == "in_discussion"


def test_an_item_that_was_not_in_the_notice_is_not_voted_on(room: Room) -> None:
    AgendaItem.objects.update(published_at=None)
    with pytest.raises(ValidationError, match="没有公告"):
        room.discuss()
    AgendaItem.objects.update(state="in_discussion")
    with pytest.raises(ValidationError, match="没有列入会议通知"):
        polls.open_poll(item_id=room.items[0].pk, method="named", actor=room.body.secretary, now=room.now)
    AgendaItem.objects.update(late_reason="水管昨夜爆裂")
    assert polls.open_poll(item_id=room.items[0].pk, method="named", actor=room.body.secretary, now=room.now)


def test_the_roll_is_frozen_when_the_poll_opens(room: Room) -> None:
    poll = room.open_poll()
    room.body.seats["residents"][0].party.members.update(has_vote=False)
    assert poll.electors.count() == 9
    assert sum(e.head for e in poll.electors.all()) == poll.at_opening["heads"] == 9


def test_a_recused_elector_leaves_the_roll_and_cannot_vote(room: Room) -> None:
    seat = room.body.seats["property_company"][0]
    poll = room.open_poll(recused={seat.pk: "承包人是其亲属"})
    elector = Elector.objects.get(poll=poll, seat=seat)
    with pytest.raises(ValidationError, match="回避"):
        ballots.cast_ballot(
            poll_id=poll.pk, elector_id=elector.pk, choice="for", channel="phone", actor=seat.user, now=room.now
        )
    result = compute(poll)
    assert {t.group: t.roll for t in result.totals}["all"] == 8
    assert elector.recusal == "承包人是其亲属"


def test_a_recusal_needs_its_reason_and_somebody_on_the_roll(room: Room) -> None:
    with pytest.raises(ValidationError):
        room.open_poll(recused={room.body.chair.pk: " "})
    with pytest.raises(ValidationError):
        polls.open_poll(
            item_id=room.items[0].pk, method="named", actor=room.body.secretary, now=room.now, recused={999: "不在"}
        )


def test_hands_are_no_more_than_those_who_are_there_and_counted_by_two(room: Room) -> None:
    room.discuss()
    with pytest.raises(ValidationError, match="到会只有 2 人"):
        by_hands(room, 0, (3, 0, 0), (2, 0, 0), (2, 0, 0), (2, 0, 0))
    with pytest.raises(ValidationError, match="两个人"):
        hands.vote_by_hands(
            item_id=room.items[0].pk, hands=room.hands((2, 0, 0)), counters=Counters("甲", "甲"),
            actor=room.body.secretary, now=room.now,
        )  # fmt: skip
    assert not Poll.objects.exists()
    assert by_hands(room, 0, (2, 0, 0), (2, 0, 0), (0, 2, 0), (1, 1, 1)) == "adopted"


def test_only_the_secretary_runs_a_poll(room: Room) -> None:
    room.discuss()
    with pytest.raises(PermissionDenied):
        polls.open_poll(
            item_id=room.items[0].pk,
            method="named",
            actor=room.body.chair.user,
            now=room.now,  # type: ignore[arg-type]
        )


def test_a_method_that_the_rules_do_not_know_is_refused(room: Room) -> None:
    with pytest.raises(ValidationError, match="没有这种表决方式"):
        room.open_poll("written")


def test_a_poll_is_never_opened_twice(room: Room) -> None:
    poll = room.open_poll()
    with pytest.raises(TransitionNotAllowed):
        polls.open_poll(item_id=room.items[0].pk, method="named", actor=room.body.secretary, now=room.now)
    polls.close_poll(poll_id=poll.pk, actor=room.body.secretary, now=room.now)
    with pytest.raises(TransitionNotAllowed):
        polls.close_poll(poll_id=poll.pk, actor=room.body.secretary, now=room.now)


def test_a_poll_is_voided_by_two_and_a_new_one_follows_it(room: Room) -> None:
    poll = room.open_poll()
    vote(room, poll, "ff.......")
    with pytest.raises(ValidationError, match="还没有人提请"):
        decide_voiding(poll_id=poll.pk, actor=room.body.overseer, now=room.now, agree=True)
    ask_to_void(poll_id=poll.pk, actor=room.body.secretary, now=room.now, reason="题目念错了。")
    with pytest.raises(PermissionDenied):
        decide_voiding(poll_id=poll.pk, actor=room.body.secretary, now=room.now, agree=True)
    with pytest.raises(ValidationError, match="已经有人提请"):
        ask_to_void(poll_id=poll.pk, actor=room.body.secretary, now=room.now, reason="再请一次。")
    with pytest.raises(ValidationError, match="不同意的理由"):
        decide_voiding(poll_id=poll.pk, actor=room.body.overseer, now=room.now, agree=False)
    decide_voiding(poll_id=poll.pk, actor=room.body.overseer, now=room.now, agree=False, note="没有念错。")
    assert Poll.objects.get(pk=poll.pk).void_asked_by is None
    ask_to_void(poll_id=poll.pk, actor=room.body.secretary, now=room.now, reason="确实念错了。")
    decide_voiding(poll_id=poll.pk, actor=room.body.overseer, now=room.now, agree=True)
    assert [p.status for p in VoidingProcess.objects.order_by("pk")] == ["DONE", "DONE"]
    assert Poll.objects.get(pk=poll.pk).state == "void"
    assert poll.ballots.count() == 2
    again = polls.open_poll(item_id=room.items[0].pk, method="named", actor=room.body.secretary, now=room.now)
    assert again.follows_id == poll.pk
    assert again.ballots.count() == 0


def test_a_poll_that_led_to_a_decision_is_not_voided(room: Room) -> None:
    poll = room.open_poll()
    vote(room, poll, "fffffffff")
    finish(room, poll)
    with pytest.raises(ValidationError, match="已形成决议"):
        ask_to_void(poll_id=poll.pk, actor=room.body.secretary, now=room.now, reason="后悔了。")


def test_a_recount_agrees_until_a_ballot_is_changed_behind_its_back(room: Room) -> None:
    poll = room.open_poll()
    vote(room, poll, "ffffffaa-")
    finish(room, poll)
    first = recount(poll)
    assert first is not None
    assert first.same
    poll.ballots.filter(choice="against").update(choice="abstain")
    changed = recount(Poll.objects.get())
    assert changed is not None
    assert not changed.same
    assert changed.found.input_sha256 != first.kept.input_sha256
    keep_recount(poll_id=poll.pk, actor=room.body.overseer, now=room.now, reason="发现改动，重新核定。")
    assert [row.n for row in poll.certifications.all()] == [1, 2]
    assert recount(poll).same  # type: ignore[union-attr]


def test_a_matter_of_the_owners_can_only_be_recommended(world: World, body: Body) -> None:
    room = opened(world, body, matter="maintenance_fund")
    room.discuss()
    assert by_hands(room, 0, (2, 0, 0), (2, 0, 0), (2, 0, 0), (3, 0, 0)) == "adopted"
    decision = Decision.objects.get()
    assert (decision.kind, decision.competent) == ("recommendation", "owners_assembly")


def test_a_meeting_that_was_only_announced_has_no_polls(world: World, body: Body) -> None:
    meeting = convened(world, body)
    item = meeting.items.get()
    with pytest.raises(ValidationError, match="还没有开始"):
        agenda.discuss_item(item_id=item.pk, actor=body.secretary, now=world.now + LEAD)


def test_the_history_says_what_was_opened_closed_and_certified(room: Room) -> None:
    poll = room.open_poll()
    vote(room, poll, "fffffffff")
    finish(room, poll)
    said = CaseEvent.objects.filter(council=room.body.council, data__poll=poll.pk).order_by("seq")
    assert list(said.values_list("type", flat=True)) == [
        "poll.opened", "poll.closed", "poll.certified", "decision.recorded",
    ]  # fmt: skip
    assert said.get(type="poll.certified").data["outcome"] == "adopted"
