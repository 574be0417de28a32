import threading
from collections import Counter
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from PIL import Image

from cases.council_terms import BallotChannel, PollState
from cases.events import verify_councils
from cases.models import Ballot, CaseEvent, Certification, Elector, Poll
from cases.terms import EventType
from tests.factories import World, make_world
from tests.owners import (
    at,
    elector,
    everybody,
    opened,
    owners,
    recommended,
    register,
    started,
    vote,
)
from tests.threads import at_once
from workflows.council import owners_ballots as commands
from workflows.council.owners_links import ballot_token, elector_of_token
from workflows.council.owners_roll import elector_of_unit, label_of
from workflows.council.owners_votes import AlreadyVoted, NotOpen, record_ballot, strike_vote
from workflows.flows.voiding import ask_to_void, decide_voiding

THREE = (
    "1-101,张三,A1,60,不动产登记,",
    "1-102,张三,A1,40,买卖合同,",
    "1-201,李四,,100,测绘报告,",
    "1-301,王五,,100,登记,",
)
OVER = 14


@pytest.fixture(autouse=True)
def files_in_a_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def ended(world: World, poll: Poll) -> Certification:
    """The result when the time is over."""
    commands.close_owners_ballot(poll_id=poll.pk, actor=None, now=at(world, OVER))
    return commands.certify_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, OVER))


def test_a_vote_counts_from_the_opening_until_just_before_the_end(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    with pytest.raises(NotOpen):
        vote(world, poll, 1, "for", now=at(world, OVER))
    vote(world, poll, 1, "for", now=at(world, OVER) - timedelta(seconds=1))
    ended(world, poll)
    with pytest.raises(NotOpen):
        vote(world, poll, 2, "for", now=at(world, OVER))
    assert poll.ballots.count() == 1


def test_an_owner_votes_once_whatever_the_channel(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    by_phone = {"channel": BallotChannel.PHONE, "actor": None}
    vote(world, poll, 1, "for", **by_phone)
    with pytest.raises(AlreadyVoted) as refused:
        vote(world, poll, 1, "against")
    assert refused.value.ballot is not None
    assert (refused.value.ballot.channel, refused.value.ballot.cast_by) == ("phone", None)
    vote(world, poll, 2, "against")
    with pytest.raises(AlreadyVoted):
        vote(world, poll, 2, "for", **by_phone)
    assert sorted(poll.ballots.values_list("choice", flat=True)) == ["against", "for"]


def test_the_database_itself_holds_one_counted_ballot(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    vote(world, poll, 1, "for")
    twice = Ballot(poll=poll, elector=elector(poll), choice="for", channel="phone", at=at(world, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        twice.save()


def test_papers_are_entered_by_who_runs_the_ballot_and_phones_cast_nothing_invalid(
    world: World, tmp_path: Path
) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    with pytest.raises(PermissionDenied):
        vote(world, poll, 1, "for", actor=world.supervisor)
    with pytest.raises(ValidationError):
        vote(world, poll, 1, "invalid", channel=BallotChannel.PHONE, actor=None)
    with pytest.raises(ValidationError):
        vote(world, poll, 1, "maybe")
    other = opened(world)
    with pytest.raises(Elector.DoesNotExist):
        record_ballot(
            poll_id=poll.pk, elector_id=elector(other).pk, choice="for", channel=BallotChannel.PAPER,
            actor=world.secretary, now=at(world, 1),
        )  # fmt: skip
    assert Ballot.objects.count() == 0


def test_a_scan_is_kept_without_what_the_camera_knew(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll, file = opened(world), BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    Image.new("RGB", (64, 48), "white").save(file, "JPEG", exif=exif)
    vote(world, poll, 1, "for", scan=file)
    kept = poll.ballots.get().scan
    assert kept.name.startswith("ballots/")
    assert b"SecretCamera" not in kept.read()
    kept.close()
    with pytest.raises(ValidationError) as refused:
        vote(world, poll, 2, "for", scan=BytesIO(b"no picture"))
    assert list(refused.value.message_dict) == ["scan"]
    assert poll.ballots.count() == 1


def test_a_wrong_entry_is_struck_with_a_reason_and_entered_again(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    vote(world, poll, 1, "against")
    known = poll.ballots.get()
    given = {"ballot_id": known.pk, "now": at(world, 1), "reason": "录错了"}
    with pytest.raises(PermissionDenied):
        strike_vote(**given, actor=world.member)
    with pytest.raises(ValidationError):
        strike_vote(**(given | {"reason": " "}), actor=world.secretary)
    strike_vote(**given, actor=world.secretary)
    with pytest.raises(ValidationError):
        strike_vote(**given, actor=world.secretary)
    vote(world, poll, 1, "for")
    assert poll.ballots.filter(struck_at=None).get().choice == "for"
    event = CaseEvent.objects.get(type=EventType.BALLOT_STRUCK)
    assert (event.data["reason"], event.data["elector"]) == ("录错了", known.elector_id)


def test_a_vote_by_link_is_struck_by_an_overseer_only_and_nothing_after_the_end(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    vote(world, poll, 1, "for", channel=BallotChannel.PHONE, actor=None)
    vote(world, poll, 2, "for")
    phone, paper = poll.ballots.order_by("pk")
    with pytest.raises(PermissionDenied):
        strike_vote(ballot_id=phone.pk, actor=world.secretary, now=at(world, 1), reason="业主说不是他投的")
    strike_vote(ballot_id=phone.pk, actor=world.supervisor, now=at(world, 1), reason="业主说不是他投的")
    ended(world, poll)
    with pytest.raises(NotOpen):
        strike_vote(ballot_id=paper.pk, actor=world.secretary, now=at(world, OVER), reason="太晚")


def test_a_link_opens_its_elector_and_no_other(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll, other = opened(world), opened(world)
    tokens = {ballot_token(e): e for p in (poll, other) for e in p.electors.all()}
    assert len(tokens) == 6
    assert all(elector_of_token(token) == e for token, e in tokens.items())
    first, second = [next(t for t, e in tokens.items() if e == elector(poll, n)) for n in (1, 2)]
    mixed = f"{first.partition('-')[0]}-{second.partition('-')[2]}"
    for wrong in (mixed, first[:-1], f"{first}A", first.upper(), "", "-", "zz", "0-0", "zzzzzzzzzzzzz-x", "é-1", "٣-1"):
        assert elector_of_token(wrong) is None


def test_a_link_dies_with_the_words_or_the_key_it_was_made_for(world: World, tmp_path: Path, settings: Any) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    token = ballot_token(elector(poll))
    Poll.objects.filter(pk=poll.pk).update(sha256="0" * 64)
    assert elector_of_token(token) is None
    Poll.objects.filter(pk=poll.pk).update(sha256=poll.sha256)
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-a-test-of-links"
    assert elector_of_token(token) is None


def test_a_seat_of_a_meeting_has_no_link(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    seat = Elector.objects.create(poll=poll, voter="seat:1", label="席位")
    assert elector_of_token(ballot_token(seat)) is None


def test_a_unit_is_found_on_the_frozen_roll_by_any_of_its_numbers(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE, "11-101,赵六,,50,登记,")
    poll = opened(world)
    found = [elector_of_unit(poll, unit) for unit in ("1-102", "11-101", "1-10", "")]
    assert [e.label if e else None for e in found] == ["1-101、1-102", "11-101", None, None]


def test_the_label_of_many_units_fits_its_column() -> None:
    units = [f"12-{n}" for n in range(101, 140)]
    label = label_of(units)
    assert len(label) <= 60
    assert label.startswith("12-101、12-102")
    assert label.endswith("…39")
    assert label_of(["1" * 40, "2" * 40]) == f"{'1' * 40}、…2"
    assert label_of(units[:3]) == "12-101、12-102、12-103"


def test_a_ballot_is_void_when_two_people_say_so_and_may_be_held_again(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    decision = recommended(world)
    waiting = started(world, decision)
    asked = {"actor": world.secretary, "now": at(world, 1), "reason": "选票印错"}
    with pytest.raises(ValidationError):
        ask_to_void(poll_id=waiting.pk, **asked)
    commands.open_owners_ballot(poll_id=waiting.pk, actor=None, now=at(world))
    with pytest.raises(PermissionDenied):
        ask_to_void(poll_id=waiting.pk, **(asked | {"actor": world.supervisor}))
    with pytest.raises(ValidationError):
        decide_voiding(agree=True, poll_id=waiting.pk, actor=world.supervisor, now=at(world, 1))
    ask_to_void(poll_id=waiting.pk, **asked)
    with pytest.raises(PermissionDenied):
        decide_voiding(agree=True, poll_id=waiting.pk, actor=world.secretary, now=at(world, 1))
    decide_voiding(agree=True, poll_id=waiting.pk, actor=world.supervisor, now=at(world, 1))
    assert Poll.objects.get(pk=waiting.pk).state == PollState.VOID
    with pytest.raises(NotOpen):
        vote(world, waiting, 1, "for")
    assert started(world, decision).follows == waiting
    assert verify_councils().broken == []


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_paper_and_phone_at_once_make_one_ballot(transactional_db: None, tmp_path: Path) -> None:
    world = make_world()
    register(world, tmp_path, *THREE)
    poll = opened(world)
    who = elector(poll)

    def cast(i: int) -> Any:
        ways = (BallotChannel.PAPER, world.secretary), (BallotChannel.PHONE, None)
        channel, actor = ways[i % 2]
        choice = ("for", "against")[i % 2]
        return record_ballot(
            poll_id=poll.pk, elector_id=who.pk, choice=choice, channel=channel, actor=actor, now=at(world, 1)
        )

    results = at_once(cast)
    assert Counter(type(r) for r in results) == {Ballot: 1, AlreadyVoted: 7}
    assert Ballot.objects.filter(struck_at=None).count() == 1


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_several_see_that_nobody_has_voted(transactional_db: None, tmp_path: Path) -> None:
    world = make_world()
    register(world, tmp_path, *THREE)
    poll = opened(world)
    read = threading.Barrier(8)

    def look(_: int) -> bool:
        with transaction.atomic():
            free = not Ballot.objects.filter(poll=poll).exists()
            read.wait(10)
            return free

    assert sum(at_once(look)) > 1


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_votes_that_race_the_end_are_counted_or_refused(transactional_db: None, tmp_path: Path) -> None:
    world = make_world()
    register(world, tmp_path, *owners(["10"] * 12))
    poll = opened(world)
    roll = list(poll.electors.all())
    everybody(world, poll, ["for"] * 4)

    def act(i: int) -> Any:
        if i == 0:
            return commands.close_owners_ballot(poll_id=poll.pk, actor=None, now=at(world, OVER))
        moment = at(world, OVER) - timedelta(seconds=1)
        return record_ballot(
            poll_id=poll.pk,
            elector_id=roll[3 + i].pk,
            choice="for",
            channel=BallotChannel.PHONE,
            actor=None,
            now=moment,
        )

    results = at_once(act)
    assert results[0] is True
    cast = sum(isinstance(r, Ballot) for r in results)
    assert cast + sum(isinstance(r, NotOpen) for r in results) == 7
    closed = Poll.objects.get(pk=poll.pk)
    assert closed.at_closing == {"returned": 4 + cast, "out": 8 - cast}
    row = commands.certify_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, OVER))
    assert next(t for t in row.totals if t["measure"] == "head")["participating"] == 4 + cast


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_several_sweepers_open_a_ballot_once(transactional_db: None, tmp_path: Path) -> None:
    world = make_world()
    register(world, tmp_path, *THREE)
    poll = started(world)
    results = at_once(lambda _: commands.end_due_ballots(now=at(world)), 4)
    assert sum(r["ballots_opened"] for r in results) == 1
    assert poll.electors.count() == 3
