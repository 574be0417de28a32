import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django_fsm import TransitionNotAllowed

from cases.council_terms import FollowUpState, FundSource, PollOutcome, ProjectState
from cases.events import verify_all
from cases.models import (
    Certification,
    Council,
    FollowUp,
    MicroProject,
    Poll,
    RoleAssignment,
    Topic,
)
from cases.terms import EventType, Role
from tests.decided import a_project, clocks_hold, followed, said, task
from tests.factories import World
from tests.threads import at_once
from workflows.council import follow_ups, projects
from workflows.council.acts import next_serial


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def fresh(project: MicroProject) -> MicroProject:
    return MicroProject.objects.get(pk=project.pk)


def proposal(**given: Any) -> projects.Proposal:
    words: dict[str, Any] = {
        "title": "花坛改车位",
        "scope": "拆除、硬化、划线。",
        "budget_fen": 1,
        "fund_source": "raised",
    }
    return projects.Proposal(**(words | given))


def wanted(world: World) -> FollowUp:
    (follow_up,) = followed(world, task(world, kind="micro_project"))
    follow_ups.accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)
    return follow_up


def propose(world: World, follow_up: FollowUp, **given: Any) -> MicroProject:
    return projects.propose_project(
        follow_up_id=follow_up.pk, actor=world.member, now=world.now, proposal=proposal(**given)
    )


def field_of(refused: Any) -> list[str]:
    return list(refused.value.message_dict)


def test_a_project_lives_from_its_proposal_to_the_survey(world: World) -> None:
    project = a_project(world, "surveyed")
    assert (project.number, project.state) == ("〔2026〕微项目1号", ProjectState.SURVEYED)
    assert (project.budget_fen, project.approved_fen, project.contract_fen, project.settled_fen) == (
        10_000_000, 8_000_000, 8_000_000, 8_000_000
    )  # fmt: skip
    assert [event.data["move"] for event in said(world, EventType.PROJECT_MOVED)] == [
        "propose", "approve", "contract", "start", "photo", "acceptance", "acceptance", "acceptance", "accept",
        "settle", "survey",
    ]  # fmt: skip
    assert {event.data["project"] for event in said(world, EventType.PROJECT_MOVED)} == {project.pk}
    follow_ups.finish_follow_up(follow_up_id=project.follow_up_id, actor=world.member, now=world.now, text="已结算")
    assert clocks_hold(project.follow_up.decision.case, world.now)
    assert verify_all().broken == []


def test_the_serial_is_one_for_all_councils_and_begins_with_the_year(world: World) -> None:
    assert propose(world, wanted(world)).number == "〔2026〕微项目1号"
    world.council = Council.objects.create(code="C2", name="第二议事会", area=world.estate)
    RoleAssignment.objects.create(
        user=world.secretary, role=Role.SECRETARY, council=world.council, valid_from=date(2020, 1, 1)
    )
    world.secretary = type(world.secretary).objects.get(pk=world.secretary.pk)
    second = wanted(world)
    assert propose(world, second).number == "〔2026〕微项目2号"
    third = wanted(world)
    late = projects.propose_project(
        follow_up_id=third.pk, actor=world.member, now=world.now + timedelta(days=365), proposal=proposal()
    )
    assert late.number == "〔2027〕微项目1号"


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_proposals_of_many_councils_at_once_get_a_number_each(world: World) -> None:
    waiting = []
    for n in range(8):
        world.council = Council.objects.create(code=f"R{n}", name=f"第{n}议事会", area=world.estate)
        RoleAssignment.objects.create(
            user=world.secretary, role=Role.SECRETARY, council=world.council, valid_from=date(2020, 1, 1)
        )
        world.secretary = type(world.secretary).objects.get(pk=world.secretary.pk)
        waiting.append(wanted(world))
    made = at_once(lambda i: propose(world, waiting[i]), len(waiting))
    assert [result for result in made if isinstance(result, Exception)] == []
    assert sorted(MicroProject.objects.values_list("serial", flat=True)) == list(range(1, 9))


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_control_without_another_try_many_take_the_same_number(world: World) -> None:
    read = threading.Barrier(8)

    def serial(_: int) -> int:
        with transaction.atomic():
            found = next_serial(MicroProject.objects, world.now)[1]
            read.wait(10)
            return found

    assert set(at_once(serial, 8)) == {1}


@pytest.mark.parametrize(("given", "field"), [
    ({"title": " "}, "title"), ({"scope": ""}, "scope"), ({"budget_fen": 0}, "budget"),
    ({"milestones": [(" ", date(2026, 4, 1))]}, "milestones"),
])  # fmt: skip
def test_what_a_proposal_lacks_is_said_at_its_field(world: World, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        propose(world, wanted(world), **given)
    assert field_of(refused) == [field]
    assert not MicroProject.objects.exists()


def test_only_an_accepted_follow_up_of_the_kind_has_a_project_and_only_one(world: World) -> None:
    plain, open_one = followed(world, task(world), task(world, kind="micro_project"))
    follow_ups.accept_follow_up(follow_up_id=plain.pk, actor=world.member, now=world.now)
    for follow_up, words in ((plain, "不是微项目"), (open_one, "接受以后")):
        with pytest.raises(ValidationError, match=words):
            propose(world, follow_up)
    follow_ups.accept_follow_up(follow_up_id=open_one.pk, actor=world.member, now=world.now)
    with pytest.raises(PermissionDenied):
        projects.propose_project(follow_up_id=open_one.pk, actor=world.other_member, now=world.now, proposal=proposal())
    propose(world, open_one)
    with pytest.raises(ValidationError, match="已经申报"):
        propose(world, open_one)


def test_an_overseer_approves_and_nobody_else(world: World) -> None:
    project = a_project(world)
    for nobody in (world.member, world.secretary):
        with pytest.raises(PermissionDenied):
            projects.approve_project(project_id=project.pk, actor=nobody, now=world.now, amount_fen=1)
    with pytest.raises(ValidationError):
        projects.approve_project(project_id=project.pk, actor=world.supervisor, now=world.now, amount_fen=0)
    projects.approve_project(project_id=project.pk, actor=world.chief, now=world.now, amount_fen=7_999_999)
    assert (fresh(project).state, fresh(project).approved_fen) == (ProjectState.APPROVED, 7_999_999)
    with pytest.raises(TransitionNotAllowed):
        projects.approve_project(project_id=project.pk, actor=world.chief, now=world.now, amount_fen=1)


def owners_voted(world: World, topic: Topic, outcome: PollOutcome) -> None:
    poll = Poll.objects.create(
        council=world.council, topic=topic, text="使用维修资金", sha256="", method="written", state="certified",
        pack=topic.items.get().meeting.pack, created_by=world.secretary, created_at=world.now,
    )  # fmt: skip
    Certification.objects.create(
        poll=poll, n=1, algorithm=1, input_sha256="", totals={}, criteria=[], outcome=outcome, could_change=False,
        tie=False, certified_by=world.secretary, certified_at=world.now,
    )  # fmt: skip


def test_the_maintenance_fund_is_used_on_the_word_of_the_owners_only(world: World) -> None:
    project = a_project(world, fund=FundSource.MAINTENANCE_FUND)
    topic = Topic.objects.get()
    approve = {"project_id": project.pk, "actor": world.supervisor, "now": world.now, "amount_fen": 8_000_000}
    with pytest.raises(ValidationError, match="须先经业主表决"):
        projects.approve_project(**approve)
    owners_voted(world, topic, PollOutcome.NOT_ADOPTED)
    with pytest.raises(ValidationError, match="须先经业主表决"):
        projects.approve_project(**approve)
    owners_voted(world, topic, PollOutcome.ADOPTED)
    projects.approve_project(**approve)
    assert fresh(project).state == ProjectState.APPROVED


def test_a_poll_of_the_council_itself_does_not_open_the_maintenance_fund(world: World) -> None:
    project = a_project(world, fund=FundSource.MAINTENANCE_FUND)
    owners_voted(world, Topic.objects.get(), PollOutcome.ADOPTED)
    Poll.objects.update(item=project.follow_up.decision.item)
    assert projects.lacks_owners_vote(fresh(project))


def contract(world: World, project: MicroProject, *given: Any) -> None:
    projects.contract_project(
        project_id=project.pk, actor=world.member, now=world.now, contract=projects.Contract(*given)
    )


def quote(world: World, project: MicroProject, bidder: str, fen: int) -> Any:
    return projects.add_quote(project_id=project.pk, actor=world.member, now=world.now, bidder=bidder, amount_fen=fen)


def test_the_work_goes_to_a_quote_that_was_entered(world: World) -> None:
    project = a_project(world, "approved")
    quote(world, project, "甲公司", 8_100_000)
    cheap = quote(world, project, "乙公司", 7_900_000)
    contract(world, project, cheap.pk, "", None, "HT-7")
    project = fresh(project)
    assert (project.contractor, project.contract_fen, project.contract) == ("乙公司", 7_900_000, "HT-7")
    assert [row.bidder for row in project.quotes.filter(is_chosen=True)] == ["乙公司"]


@pytest.mark.parametrize(("given", "field"), [
    ((None, "", 1, ""), "contractor"), ((None, "甲公司", None, ""), "amount"),
    ((None, "甲公司", 8_000_001, ""), "amount"), ((99, "", None, ""), "quote"),
])  # fmt: skip
def test_a_contract_names_somebody_and_no_more_than_was_approved(
    world: World, given: tuple[Any, ...], field: str
) -> None:
    project = a_project(world, "approved")
    with pytest.raises(ValidationError) as refused:
        contract(world, project, *given)
    assert field_of(refused) == [field]
    assert fresh(project).state == ProjectState.APPROVED


def test_a_bidder_has_one_quote_and_none_after_the_contract(world: World) -> None:
    project = a_project(world, "approved")
    quote(world, project, "甲公司", 1)
    with pytest.raises(ValidationError, match="已经报过价"):
        quote(world, project, "甲公司", 2)
    contract(world, project, None, "乙公司", 8_000_000, "")
    with pytest.raises(ValidationError, match="签约以后"):
        quote(world, project, "丙公司", 3)


def test_strangers_change_nothing_about_a_project(world: World) -> None:
    project = a_project(world, "approved")
    with pytest.raises(PermissionDenied):
        projects.add_quote(
            project_id=project.pk, actor=world.other_member, now=world.now, bidder="甲公司", amount_fen=1
        )
    with pytest.raises(PermissionDenied):
        projects.stop_project(project_id=project.pk, actor=world.member, now=world.now, reason="不做了")
    assert fresh(project).state == ProjectState.APPROVED


def test_a_project_that_is_stopped_says_why_and_lets_its_follow_up_be_cancelled(world: World) -> None:
    project = a_project(world, "under_way")
    cancel = {"follow_up_id": project.follow_up_id, "actor": world.supervisor, "now": world.now, "reason": "资金未到"}
    with pytest.raises(ValidationError, match="先终止微项目"):
        follow_ups.cancel_follow_up(**cancel)
    stop = {"project_id": project.pk, "actor": world.secretary, "now": world.now}
    with pytest.raises(ValidationError) as refused:
        projects.stop_project(**stop, reason=" ")
    assert field_of(refused) == ["reason"]
    projects.stop_project(**stop, reason="资金未到")
    assert (fresh(project).state, fresh(project).reason) == (ProjectState.STOPPED, "资金未到")
    follow_ups.cancel_follow_up(**cancel)
    assert FollowUp.objects.get(pk=project.follow_up_id).state == FollowUpState.CANCELLED
    assert clocks_hold(project.follow_up.decision.case, world.now)
