from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django_fsm import TransitionNotAllowed

from cases.council_terms import NoticeKind, PollState
from cases.events import verify_councils
from cases.models import CaseEvent, Certification, Council, Decision, FollowUp, Notice, Poll, Topic
from cases.terms import DecisionOutcome, EventType, MatterType
from tests.decided import clocks_hold
from tests.factories import World
from tests.owners import (
    DAY,
    TEXT,
    at,
    everybody,
    follow_up_of,
    opened,
    owners,
    question,
    recommended,
    register,
    started,
    vote,
)
from workflows.council import owners_ballots as commands
from workflows.council.certify import compute, recount
from workflows.council.owners_result import certified_words
from workflows.council_pages.owners_ballots import ballot_page
from workflows.tasks import sweep as sweep_task

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


def certified(world: World, poll: Poll) -> Certification:
    """The result when the time is over."""
    commands.close_owners_ballot(poll_id=poll.pk, actor=None, now=at(world, OVER))
    return commands.certify_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, OVER))


def test_a_recommendation_starts_a_ballot_of_the_owners_assembly(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    decision = recommended(world)
    poll = started(world, decision)
    assert (poll.state, poll.method, poll.item, poll.text) == (PollState.DRAFT, "written", None, TEXT)
    assert (poll.council.kind, poll.council.area, poll.council.name) == (
        "owners_assembly",
        world.estate,
        "平山小区业主大会",
    )
    assert poll.topic == Topic.objects.get(cases=decision.case)
    assert FollowUp.objects.get(decision=decision).poll == poll
    notice = Notice.objects.get(poll=poll)
    assert (notice.kind, notice.must_stay_until) == (NoticeKind.PRE_MEETING, poll.closes_at)
    assert TEXT in notice.body
    assert "不少于三分之二" in notice.body
    assert poll.electors.count() == 0


def test_a_second_ballot_uses_the_same_assembly(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    first, second = started(world), started(world)
    assert first.council == second.council
    assert Council.objects.filter(kind="owners_assembly").count() == 1


def test_the_roll_is_one_head_for_each_owner_with_the_sum_of_areas_and_the_weakest_source(
    world: World, tmp_path: Path
) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    assert list(poll.electors.values_list("label", "head", "area_cm2", "area_source")) == [
        ("1-101、1-102", 1, 1_000_000, "contract"),
        ("1-201", 1, 1_000_000, "survey"),
        ("1-301", 1, 1_000_000, "register"),
    ]
    assert poll.at_opening == {"heads": 3, "area_cm2": 3_000_000}
    (event,) = CaseEvent.objects.filter(type=EventType.POLL_OPENED)
    assert (event.council, event.data["heads"], event.data["area_cm2"]) == (poll.council, 3, 3_000_000)


def test_an_import_while_a_ballot_is_open_does_not_touch_its_roll(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    before = list(poll.electors.order_by("pk").values())
    register(world, tmp_path, "1-201,赵六,,70,登记,", "9-901,钱七,,500,登记,")
    assert list(poll.electors.order_by("pk").values()) == before
    vote(world, poll, 1, "for")
    assert poll.ballots.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcome": DecisionOutcome.NOT_ADOPTED}, "没有通过"),
        ({"state": "suspended"}, "暂缓执行"),
        ({"state": "provisional"}, "待公示"),
    ],
)
def test_no_ballot_follows_from_a_decision_that_is_no_yes_in_force(
    world: World, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    register(world, tmp_path, *THREE)
    decision = recommended(world)
    Decision.objects.filter(pk=decision.pk).update(**change)
    with pytest.raises(ValidationError, match=words):
        started(world, decision)
    assert Poll.objects.count() == 0


def test_without_a_follow_up_only_a_recommendation_in_a_matter_of_the_owners_is_put_to_them(
    world: World, tmp_path: Path
) -> None:
    register(world, tmp_path, *THREE)
    of_its_own, of_others = recommended(world, kind="decision"), recommended(world, matter=MatterType.CULTURE)
    FollowUp.objects.update(kind="task")
    for decision in (of_its_own, of_others):
        with pytest.raises(ValidationError):
            started(world, decision)
    theirs = recommended(world)
    FollowUp.objects.update(kind="task")
    assert started(world, theirs).state == PollState.DRAFT


def test_a_named_follow_up_must_belong_to_the_decision_and_ask_for_a_ballot(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    decision, other = recommended(world), recommended(world)
    mine = FollowUp.objects.get(decision=decision)
    given = {"decision_id": decision.pk, "question": question(world), "actor": world.secretary, "now": world.now}
    with pytest.raises(ValidationError):
        commands.start_owners_ballot(**given, follow_up_id=FollowUp.objects.get(decision=other).pk)
    FollowUp.objects.filter(pk=mine.pk).update(kind="task")
    with pytest.raises(ValidationError):
        commands.start_owners_ballot(**given, follow_up_id=mine.pk)
    FollowUp.objects.filter(pk=mine.pk).update(kind="owners_ballot")
    assert commands.start_owners_ballot(**given, follow_up_id=mine.pk).pk == FollowUp.objects.get(pk=mine.pk).poll_id


def test_without_a_register_there_is_no_ballot(world: World) -> None:
    with pytest.raises(ValidationError, match="名册"):
        started(world)
    assert Poll.objects.count() == 0


def test_a_register_that_was_emptied_meanwhile_keeps_the_ballot_closed(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = started(world)
    poll.council.area.owned_units.all().delete()
    with pytest.raises(ValidationError, match="名册"):
        commands.open_owners_ballot(poll_id=poll.pk, actor=None, now=at(world))
    assert commands.end_due_ballots(now=at(world)) == {"ballots_opened": 0, "ballots_closed": 0}
    assert ballot_page(world.secretary, Poll.objects.get(pk=poll.pk), at(world)).next == "register"


def test_only_the_secretary_starts_one_and_one_at_a_time(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    decision = recommended(world)
    given = {"decision_id": decision.pk, "question": question(world), "now": world.now}
    for actor in (world.supervisor, world.member, world.admin):
        with pytest.raises(PermissionDenied):
            commands.start_owners_ballot(**given, actor=actor)
    started(world, decision)
    with pytest.raises(ValidationError):
        started(world, decision)
    assert Poll.objects.count() == 1


def test_the_days_of_notice_are_whole_days(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    decision = recommended(world)
    early = world.now + timedelta(days=15)
    with pytest.raises(ValidationError) as refused:
        started(world, decision, opens_at=early)
    assert list(refused.value.message_dict) == ["opens_at"]
    assert commands.earliest_opening("owners_278_ordinary", world.now).isoformat() == "2026-03-18T00:00:00+08:00"
    assert started(world, decision).state == PollState.DRAFT


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"pack_code": "four_party"}, "pack_code"), ({"text": "  "}, "text"), ({"closes": -1}, "closes_at")],
)
def test_what_is_asked_must_be_complete(world: World, tmp_path: Path, wrong: dict[str, Any], field: str) -> None:
    register(world, tmp_path, *THREE)
    if "closes" in wrong:
        wrong = {"closes_at": at(world)}
    with pytest.raises(ValidationError) as refused:
        started(world, **wrong)
    assert list(refused.value.message_dict) == [field]


def test_an_emergency_opens_at_once(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = started(world, pack_code="fund_emergency", opens_at=world.now)
    assert poll.state == PollState.OPEN
    assert poll.electors.count() == 3


def test_it_does_not_open_before_its_time_nor_twice(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = started(world)
    with pytest.raises(ValidationError):
        commands.open_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world) - timedelta(seconds=1))
    assert commands.open_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world))
    assert not commands.open_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world))
    assert poll.electors.count() == 3


def test_the_sweep_opens_and_closes_each_once(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = started(world)
    moments = (at(world) - DAY, at(world), at(world), at(world, OVER) - timedelta(seconds=1), at(world, OVER))
    done = [tuple(commands.end_due_ballots(now=moment).values()) for moment in moments]
    assert done == [(0, 0), (1, 0), (0, 0), (0, 0), (0, 1)]
    assert Poll.objects.get(pk=poll.pk).state == PollState.CLOSED


def test_the_worker_and_the_loop_look_at_ballots(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = started(world)
    with time_machine.travel(at(world), tick=False):
        assert sweep_task()["ballots_opened"] == 1
    out = StringIO()
    with time_machine.travel(at(world, OVER), tick=False):
        call_command("sweep", "--once", stdout=out)
    assert "ballots_closed 1" in out.getvalue()
    assert Poll.objects.get(pk=poll.pk).state == PollState.CLOSED


# 3 owners of 100 m² each: two thirds of the area is 2 000 000 cm².
@pytest.mark.parametrize(
    ("areas", "choices", "outcome"),
    [
        (("100", "100", "100"), ("for", "for", ""), "adopted"),  # exactly 2/3 of both
        (("100", "99.9999", "100"), ("for", "for", ""), "no_quorum"),  # one cm² short of 2/3 of the area
        (("100", "100.0001", "100"), ("for", "for", ""), "adopted"),
        (("200", "50", "50"), ("for", "", ""), "no_quorum"),  # area enough, heads not
        (("10", "10", "300"), ("for", "for", ""), "no_quorum"),  # heads enough, area not
        (("100", "100", "100"), ("for", "against", "abstain"), "not_adopted"),
        (("100", "100", "100"), ("for", "for", "abstain"), "adopted"),
        (("100", "100", "200"), ("for", "for", "against"), "not_adopted"),  # exactly half of the area
        (("100", "100.0001", "200"), ("for", "for", "against"), "adopted"),  # one cm² above half
        (("100", "100", "100"), ("invalid", "for", "for"), "adopted"),
        (("100", "100", "100"), ("", "", ""), "no_quorum"),
    ],
)
def test_the_result_is_exact_to_the_square_centimetre(
    world: World, tmp_path: Path, areas: tuple[str, ...], choices: tuple[str, ...], outcome: str
) -> None:
    register(world, tmp_path, *owners(areas))
    poll = opened(world)
    everybody(world, poll, choices)
    assert certified(world, poll).outcome == outcome


@pytest.mark.parametrize(
    ("choices", "outcome"),
    [(("for", "for", "for", "against"), "adopted"), (("for", "for", "against", "against"), "not_adopted")],
)
def test_special_matters_need_three_quarters_of_those_who_take_part(
    world: World, tmp_path: Path, choices: tuple[str, ...], outcome: str
) -> None:
    register(world, tmp_path, *owners(("100",) * 4))
    poll = opened(world, pack_code="owners_278_special")
    everybody(world, poll, choices)
    assert certified(world, poll).outcome == outcome


def test_several_units_of_one_owner_are_one_head_and_all_their_area(world: World, tmp_path: Path) -> None:
    big = [f"9-{n},大业主,B1,100,登记," for n in range(1, 7)]
    register(world, tmp_path, *big, *owners(("100", "100", "100")))
    poll = opened(world)
    heads = {e.label[:3]: n for n, e in enumerate(poll.electors.all(), 1)}
    vote(world, poll, heads["9-1"], "for")
    totals = {(t.measure, t.group): t for t in compute(poll).totals}
    assert (totals["head", "all"].votes_for, totals["head", "all"].roll) == (1, 4)
    assert (totals["area", "all"].votes_for, totals["area", "all"].roll) == (6_000_000, 9_000_000)
    assert certified(world, poll).outcome == "no_quorum"


def test_the_stored_result_is_that_of_its_rows_and_names_each_criterion(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *owners(("100", "100", "100")))
    poll = opened(world)
    everybody(world, poll, ("for", "for", ""))
    row = certified(world, poll)
    again = recount(Poll.objects.get(pk=poll.pk))
    assert again is not None
    assert again.same
    assert [c["passed"] for c in row.criteria] == [True] * 4
    words = certified_words(Certification.objects.get(pk=row.pk))
    assert words[0] == "结果：通过"
    assert (
        "参与表决（按面积）：应到（名册）300 平方米，参与 200 平方米，要求不少于三分之二（200 平方米），达到" in words
    )
    assert words[-1] == "尚有 1 票（100 平方米）未回，不会改变结果"


@pytest.mark.parametrize(
    ("choices", "change"), [(("for", "against", ""), "可能改变结果"), (("for", "for", ""), "不会改变结果")]
)
def test_it_is_said_whether_what_is_out_could_change_the_result(
    world: World, tmp_path: Path, choices: tuple[str, ...], change: str
) -> None:
    register(world, tmp_path, *owners(("100", "100", "100")))
    poll = opened(world)
    everybody(world, poll, choices)
    assert change in certified_words(certified(world, poll))[-1]


def test_an_adopted_ballot_settles_the_follow_up_and_publishes_its_result(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *owners(("100", "100", "100")))
    poll = opened(world)
    everybody(world, poll, ("for", "for", "for"))
    certified(world, poll)
    follow_up = follow_up_of(poll)
    assert follow_up.state == "done"
    assert clocks_hold(follow_up.decision.case, at(world, OVER))
    published = commands.publish_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, OVER))
    assert published.state == PollState.PUBLISHED
    notice = Notice.objects.get(poll=poll, kind=NoticeKind.RESULT)
    assert "结果：通过" in notice.body
    assert "全部选票都已收回" in notice.body
    assert "纸质 3 张，手机 0 张" in notice.body
    assert "业主1" not in notice.body
    assert notice.must_stay_until.isoformat() == "2026-04-08T15:59:59+00:00"
    assert verify_councils().broken == []


def test_a_ballot_that_fails_leaves_the_follow_up_open(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *owners(("100", "100", "100")))
    poll = opened(world)
    everybody(world, poll, ("against", "against", "for"))
    assert certified(world, poll).outcome == "not_adopted"
    assert follow_up_of(poll).state == "open"


def test_a_result_stands_when_the_decision_is_suspended_meanwhile(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *owners(("100", "100", "100")))
    poll = opened(world)
    everybody(world, poll, ("for", "for", "for"))
    Decision.objects.update(state="suspended")
    assert certified(world, poll).outcome == "adopted"
    assert follow_up_of(poll).state == "open"


def test_it_closes_early_only_when_everybody_has_voted(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    everybody(world, poll, ("for", "for", ""))
    with pytest.raises(ValidationError, match="1 票未回"):
        commands.close_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, 2))
    vote(world, poll, 3, "against")
    assert commands.close_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, 2))
    assert not commands.close_owners_ballot(poll_id=poll.pk, actor=world.secretary, now=at(world, 2))


def test_each_move_needs_its_state_and_its_person(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    poll = opened(world)
    for act in (commands.certify_owners_ballot, commands.publish_owners_ballot):
        with pytest.raises(TransitionNotAllowed):
            act(poll_id=poll.pk, actor=world.secretary, now=at(world, 1))
    with pytest.raises(PermissionDenied):
        commands.close_owners_ballot(poll_id=poll.pk, actor=world.supervisor, now=at(world, OVER))
    commands.close_owners_ballot(poll_id=poll.pk, actor=None, now=at(world, OVER))
    with pytest.raises(PermissionDenied):
        commands.certify_owners_ballot(poll_id=poll.pk, actor=world.supervisor, now=at(world, OVER))
    assert Certification.objects.count() == 0


def test_a_ballot_that_was_voided_may_be_followed_by_another(world: World, tmp_path: Path) -> None:
    register(world, tmp_path, *THREE)
    decision = recommended(world)
    first = started(world, decision)
    void = {
        "state": "void",
        "void_asked_by": world.secretary,
        "void_agreed_by": world.supervisor,
        "void_reason": "文字有误",
    }
    Poll.objects.filter(pk=first.pk).update(**void)
    second = started(world, decision)
    assert (second.follows, FollowUp.objects.get(decision=decision).poll) == (first, second)
