"""A secret ballot: that somebody voted is known, and how often each choice was made, and nothing joins the two."""

import logging
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models

from cases.models import CaseEvent, Participation, Poll, RulePack, Slip
from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.rooms import Room, opened
from workflows.council import polls
from workflows.council.ballots import AlreadyVoted, cast_ballot
from workflows.council.certify import newest, recount

MINUTE = timedelta(minutes=1)
CHOICES = ("for", "against", "for", "for", "abstain", "for", "against", "for")


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


@pytest.fixture
def room(world: World, body: Body) -> Room:
    return opened(world, body)


def vote(room: Room, poll: Poll) -> None:
    for n, (elector, choice) in enumerate(zip(poll.electors.select_related("seat__user"), CHOICES, strict=False)):
        assert elector.seat is not None
        assert elector.seat.user is not None
        cast_ballot(
            poll_id=poll.pk, elector_id=elector.pk, choice=choice, channel="phone", actor=elector.seat.user,  # type: ignore[arg-type]
            now=room.now + n * MINUTE,
        )  # fmt: skip


def finish(room: Room, poll: Poll) -> None:
    room.now += 20 * MINUTE
    polls.close_poll(poll_id=poll.pk, actor=room.body.secretary, now=room.now)
    polls.certify_poll(poll_id=poll.pk, actor=room.body.secretary, now=room.now)


def test_a_secret_vote_leaves_a_name_and_a_choice_that_nothing_joins(room: Room, caplog: object) -> None:
    poll = room.open_poll("secret")
    said = CaseEvent.objects.count()
    with caplog.at_level(logging.DEBUG):  # type: ignore[attr-defined]
        vote(room, poll)
    assert CaseEvent.objects.count() == said
    assert "against" not in caplog.text  # type: ignore[attr-defined]
    assert (Participation.objects.count(), Slip.objects.count(), poll.ballots.count()) == (8, 8, 0)
    columns = {field.name for field in Slip._meta.get_fields()}
    assert columns == {"id", "poll", "choice"}
    assert {field.name for field in Participation._meta.get_fields()} == {"id", "poll", "elector"}
    assert not any(
        isinstance(field, models.DateTimeField) for field in (*Slip._meta.fields, *Participation._meta.fields)
    )
    assert isinstance(Slip._meta.pk, models.UUIDField)


def test_at_closing_names_and_choices_are_written_anew_in_an_order_that_says_nothing(room: Room) -> None:
    poll = room.open_poll("secret")
    vote(room, poll)
    slips, names = (
        set(Slip.objects.values_list("pk", flat=True)),
        set(Participation.objects.values_list("pk", flat=True)),
    )
    finish(room, poll)
    after = list(Slip.objects.order_by("pk").values_list("pk", flat=True))
    assert slips.isdisjoint(after)
    assert names.isdisjoint(Participation.objects.values_list("pk", flat=True))
    order = list(Participation.objects.order_by("pk").values_list("elector", flat=True))
    assert order == sorted(order)
    assert sorted(Slip.objects.values_list("choice", flat=True)) == sorted(CHOICES)


def test_sums_of_all_are_certified_and_none_of_a_party(room: Room) -> None:
    poll = room.open_poll("secret")
    vote(room, poll)
    finish(room, poll)
    row = newest(poll)
    assert row is not None
    (total,) = row.totals
    assert (total["group"], total["votes_for"], total["votes_against"], total["abstained"], total["unreturned"]) == (
        "all", 5, 2, 1, 1,
    )  # fmt: skip
    assert row.outcome == "adopted"
    again = recount(Poll.objects.get())
    assert again is not None
    assert again.same


def test_nobody_votes_twice_in_secret_nor_for_somebody_else(room: Room) -> None:
    poll = room.open_poll("secret")
    first, second = poll.electors.select_related("seat__user")[:2]
    assert first.seat is not None
    given = {"poll_id": poll.pk, "choice": "for", "channel": "phone", "actor": first.seat.user, "now": room.now}
    cast_ballot(elector_id=first.pk, **given)  # type: ignore[arg-type]
    with pytest.raises(AlreadyVoted):
        cast_ballot(elector_id=first.pk, **given)  # type: ignore[arg-type]
    with pytest.raises(PermissionDenied):
        cast_ballot(elector_id=second.pk, **given)  # type: ignore[arg-type]
    with pytest.raises(PermissionDenied):  # no paper in secret: the secretary would know
        cast_ballot(elector_id=second.pk, **(given | {"actor": room.body.secretary, "channel": "paper"}))  # type: ignore[arg-type]
    assert Slip.objects.count() == 1


def test_rules_that_approve_by_party_refuse_a_secret_poll(room: Room) -> None:
    pack = RulePack.objects.get(pk=room.meeting.pack_id)
    rules = pack.rules | {
        "approval": [
            {"measure": "head", "num": "for", "den": "present", "group": "each_party", "op": ">", "frac": [1, 2]}
        ]
    }
    RulePack.objects.filter(pk=pack.pk).update(rules=rules)
    with pytest.raises(ValidationError, match="看出谁怎样投票"):
        room.open_poll("secret")
