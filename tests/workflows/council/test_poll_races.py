"""Many voters and many closings at once on real PostgreSQL. Each probe has a control that must fail."""

import threading
from collections import Counter
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django_fsm import TransitionNotAllowed

from cases.models import Ballot, Certification, Poll, Seat
from tests.councils import SINCE, Body, make_body
from tests.factories import World, make_world
from tests.threads import THREADS, at_once
from tests.workflows.council.rooms import Room, opened
from workflows.council import polls
from workflows.council.ballots import AlreadyVoted, cast_ballot
from workflows.council.certify import newest

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]
CROWD = 100
AT_ONCE = 25


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


def crowded(world: World, body: Body) -> Room:
    """A room with a hundred voting seats; one login acts for all, which is not what is tried here."""
    user = body.all_seats[-1].user
    party = body.parties["residents"]
    Seat.objects.bulk_create(
        Seat(party=party, name=f"代表{n}", user=user, valid_from=SINCE) for n in range(CROWD - len(body.all_seats))
    )
    return opened(world, body, there=Seat.objects.filter(party__council=body.council))


def cast(room: Room, poll: Poll, elector: Any, choice: str = "for") -> None:
    cast_ballot(
        poll_id=poll.pk,
        elector_id=elector.pk,
        choice=choice,
        channel="phone",
        actor=elector.seat.user,
        now=room.now,  # type: ignore[arg-type]
    )


def test_a_hundred_voters_at_once_leave_exactly_a_hundred_ballots(world: World, body: Body) -> None:
    room = crowded(world, body)
    poll = room.open_poll()
    electors = list(poll.electors.select_related("seat__user"))
    assert len(electors) == CROWD

    def vote(i: int) -> None:
        for elector in electors[i::AT_ONCE]:
            cast(room, poll, elector)
            with pytest.raises(AlreadyVoted):  # and everybody taps twice
                cast(room, poll, elector)

    assert at_once(vote, AT_ONCE) == [None] * AT_ONCE
    assert Ballot.objects.filter(poll=poll, struck_at=None).count() == CROWD
    polls.close_poll(poll_id=poll.pk, actor=body.secretary, now=room.now)
    polls.certify_poll(poll_id=poll.pk, actor=body.secretary, now=room.now)
    row = newest(poll)
    assert row is not None
    assert row.totals[0]["votes_for"] == CROWD


def test_closings_racing_votes_leave_one_result_that_counts_every_ballot_there_is(world: World, body: Body) -> None:
    room = crowded(world, body)
    poll = room.open_poll()
    electors = list(poll.electors.select_related("seat__user"))[:50]

    def race(i: int) -> str:
        if i % 2:
            polls.close_poll(poll_id=poll.pk, actor=body.secretary, now=room.now)
            polls.certify_poll(poll_id=poll.pk, actor=body.secretary, now=room.now)
            return "closed"
        for elector in electors[i // 2 :: AT_ONCE]:
            cast(room, poll, elector)
        return "voted"

    results = at_once(race, 2 * AT_ONCE)
    kinds = Counter(r if isinstance(r, str) else type(r).__name__ for r in results)
    assert kinds["closed"] == 1
    assert set(kinds) <= {"closed", "voted", "TransitionNotAllowed", "ValidationError"}
    (row,) = Certification.objects.filter(poll=poll)
    assert row.totals[0]["votes_for"] == Ballot.objects.filter(poll=poll, struck_at=None).count()
    late = [e for e in electors if not Ballot.objects.filter(elector=e).exists()]
    if late:
        with pytest.raises(ValidationError):
            cast(room, poll, late[0])


def test_control_without_the_lock_a_vote_slips_in_behind_the_count(world: World, body: Body) -> None:
    room = opened(world, body)
    poll = room.open_poll()
    elector = poll.electors.select_related("seat__user")[0]
    looked, closed = threading.Event(), threading.Event()

    def race(i: int) -> int:
        if i:
            with transaction.atomic():
                assert Poll.objects.get(pk=poll.pk).state == "open"  # looked at, not locked
                looked.set()
                closed.wait(20)
                Ballot.objects.create(poll=poll, elector=elector, choice="for", channel="phone", at=room.now)
            return 0
        looked.wait(20)
        polls.close_poll(poll_id=poll.pk, actor=body.secretary, now=room.now)
        counted = Ballot.objects.filter(poll=poll).count()
        closed.set()
        return counted

    counted = at_once(race, 2)[0]
    assert counted != Ballot.objects.filter(poll=poll).count()


def test_one_elector_by_two_ways_at_once_has_one_ballot(world: World, body: Body) -> None:
    room = opened(world, body)
    poll = room.open_poll()
    elector = poll.electors.select_related("seat__user")[0]

    def vote(i: int) -> None:
        actor, channel = (elector.seat.user, "phone") if i % 2 else (body.secretary, "paper")  # type: ignore[union-attr]
        cast_ballot(
            poll_id=poll.pk, elector_id=elector.pk, choice="for" if i % 2 else "against", channel=channel, actor=actor,  # type: ignore[arg-type]
            now=room.now,
        )  # fmt: skip

    kinds = Counter(type(r) for r in at_once(vote))
    assert kinds == {type(None): 1, AlreadyVoted: THREADS - 1}
    assert Ballot.objects.filter(elector=elector).count() == 1


def test_of_many_who_put_an_item_to_the_vote_one_opens_the_poll(world: World, body: Body) -> None:
    room = opened(world, body)
    room.discuss()

    def begin(_: int) -> None:
        polls.open_poll(item_id=room.items[0].pk, method="named", actor=body.secretary, now=room.now)

    kinds = Counter(type(r) for r in at_once(begin))
    assert kinds == {type(None): 1, TransitionNotAllowed: THREADS - 1}
    assert Poll.objects.count() == 1
