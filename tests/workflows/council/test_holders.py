"""Votes that somebody hands in for an owner: as the rules of the ballot say, and no more of them."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from cases.models import Ballot, Poll, RulePack
from tests.factories import World, make_world
from tests.owners import at, elector, opened, owners, register, vote
from tests.threads import at_once
from workflows.council.holders import Holder, votes_held
from workflows.council.owners_ballots import certify_owners_ballot, close_owners_ballot
from workflows.council.owners_result import certified_words, rule_words
from workflows.council.owners_votes import strike_vote

TOLD = Holder("赵六", "138 0013-8000", "委托书2号", is_told=True)


@pytest.fixture
def poll(world: World, tmp_path: Path) -> Poll:
    register(world, tmp_path, *owners(["100"] * 6))
    return opened(world)


def test_a_paper_that_another_hands_in_keeps_who_and_by_which_document(world: World, poll: Poll) -> None:
    vote(world, poll, 1, "for", holder=TOLD)
    kept = Ballot.objects.get()
    assert (kept.holder, kept.document, kept.choice) == ("赵六", "委托书2号", "for")
    with connection.cursor() as cursor:
        cursor.execute("SELECT holder, holder_index FROM cases_ballot")
        assert not any("赵六" in text or "13800138000" in text for text in cursor.fetchone())


@pytest.mark.parametrize(("wrong", "field"), [
    ({"name": " "}, "holder"), ({"name": "业主1"}, "holder"), ({"phone": "12"}, "holder_phone"),
    ({"document": ""}, "document"), ({"party": "property_company"}, "holder_party"), ({"is_told": False}, "is_told"),
])  # fmt: skip
def test_what_the_rules_do_not_allow_is_refused_at_its_field(
    world: World, poll: Poll, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        vote(world, poll, 1, "for", holder=replace(TOLD, **wrong))
    assert list(refused.value.message_dict) == [field]
    assert not Ballot.objects.exists()


def test_one_holds_three_however_the_name_is_written_and_a_struck_one_is_free_again(world: World, poll: Poll) -> None:
    for n, name in enumerate(("赵六", "赵 六", "老赵"), 1):
        vote(world, poll, n, "for", holder=replace(TOLD, name=name))
    with pytest.raises(ValidationError, match="最多受托 3 份"):
        vote(world, poll, 4, "for", holder=TOLD)
    vote(world, poll, 4, "for", holder=replace(TOLD, phone="13900139000"))
    first = Ballot.objects.order_by("pk")[0]
    strike_vote(ballot_id=first.pk, actor=world.secretary, now=at(world, 1), reason="录错了")
    vote(world, poll, 5, "against", holder=TOLD)
    assert Ballot.objects.filter(struck_at=None).count() == 4


def test_where_the_rules_allow_no_mandates_none_is_taken(world: World, poll: Poll) -> None:
    pack = RulePack.objects.get(pk=poll.pack_id)
    RulePack.objects.filter(pk=pack.pk).update(rules=pack.rules | {"proxy": {"allowed": False}})
    with pytest.raises(ValidationError, match="不允许委托"):
        vote(world, poll, 1, "for", holder=TOLD)
    assert not any("委托" in line for line in rule_words(Poll.objects.get()))
    vote(world, poll, 1, "for")
    assert Ballot.objects.get().holder == ""


def test_the_rules_and_the_result_say_it(world: World, poll: Poll) -> None:
    assert "可以书面委托他人交票，委托书写明意见，一人最多受托 3 份" in rule_words(poll)
    for n in range(1, 5):
        vote(world, poll, n, "for", holder=TOLD if n < 3 else None)
    close_owners_ballot(poll_id=poll.pk, actor=None, now=at(world, 14))
    row = certify_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, 14))
    assert "其中 2 票由受托人代交，每票都有委托书" in certified_words(row)


def test_the_database_itself_keeps_no_holder_without_a_document(world: World, poll: Poll) -> None:
    bare = Ballot(poll=poll, elector=elector(poll), choice="for", channel="paper", at=at(world, 1), holder_index="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        bare.save()


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_several_desks_at_once_do_not_take_a_fourth(transactional_db: None, tmp_path: Path) -> None:
    world = make_world()
    register(world, tmp_path, *owners(["100"] * 8))
    poll = opened(world)
    results = at_once(lambda i: vote(world, poll, i + 1, "for", holder=TOLD))
    assert sorted(str(type(r).__name__) for r in results) == ["NoneType"] * 3 + ["ValidationError"] * 5
    assert Ballot.objects.count() == 3


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_several_see_that_one_more_may_be_held(transactional_db: None, tmp_path: Path) -> None:
    world = make_world()
    register(world, tmp_path, *owners(["100"] * 8))
    poll = opened(world)
    for n in (1, 2):
        vote(world, poll, n, "for", holder=TOLD)
    looked = threading.Barrier(8)

    def look(_: int) -> int:
        with transaction.atomic():
            seen = votes_held(poll, TOLD)
            looked.wait(10)
            return seen

    assert at_once(look) == [2] * 8  # each would take the third
