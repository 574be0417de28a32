"""Joint handling: what co-handlers owe, the errand that ends with the last answer, and dispatches taken back."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from viewflow.workflow.models import Task

from cases.events import verify_all
from cases.models import Case, RoleAssignment, Team
from cases.terms import DecisionOutcome, MatterType, RequestKind, ResultCode, Role
from tests.factories import World, user
from tests.workflows.flows.asking import agree, ask
from workflows.commands import council, handling, review, surveys
from workflows.flows.joint import JointFlow, answer_part, dispatch_jointly, end_taken_back
from workflows.models import JointHandling, JointProcess, Part

soon = timedelta(days=2)


def shared(world: World, *teams: Team) -> Case:
    """A case in progress with co-handling teams."""
    case = world.case("accepted")
    parts = [handling.CoHandling(team, "清理杂物", world.now + soon) for team in teams]
    dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=parts)
    handling.sign_case(case_id=case.pk, actor=world.member, now=world.now, handler=world.member)
    return Case.objects.get(pk=case.pk)


def submit(world: World, case: Case) -> Case:
    return handling.submit_case(
        case_id=case.pk, actor=world.member, now=world.now, result_code=ResultCode.SOLVED, result_text="好了"
    ).case


def errand(case: Case) -> tuple[str, dict[str, str]]:
    process = JointProcess.objects.get(joint__case=case)
    tasks = Task.objects.filter(process=process).order_by("pk")
    return process.status, {task.flow_task.name: task.status for task in tasks}


def answered(world: World, part: Part) -> Part:
    return answer_part(part_id=part.pk, actor=world.other_member, now=world.now, answer="已清理")


@pytest.fixture
def third(world: World) -> Team:
    """One more team, of which the other member is a member too."""
    team = Team.objects.create(code="T3", name="物业专班", area=world.street)
    RoleAssignment.objects.create(user=world.other_member, role=Role.TEAM_MEMBER, team=team, valid_from="2020-01-01")
    return team


def test_the_nodes_keep_their_names_for_running_errands_hold_them() -> None:
    assert [node.name for node in JointFlow.instance.nodes()] == ["answer", "end", "start"]


def test_a_dispatch_without_co_handlers_starts_no_errand(world: World) -> None:
    assert shared(world).state == "in_progress"
    assert (JointHandling.objects.count(), JointProcess.objects.count()) == (0, 0)


def test_a_dispatch_that_is_refused_starts_no_errand(world: World) -> None:
    case = world.case("accepted")
    late = handling.CoHandling(world.other_team, "清理", world.now)
    with pytest.raises(ValidationError):
        dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[late])
    assert (JointProcess.objects.count(), Case.objects.get(pk=case.pk).state) == (0, "accepted")


def test_the_errand_waits_until_the_last_has_answered(world: World, third: Team) -> None:
    case = shared(world, world.other_team, third)
    first, second = Part.objects.order_by("pk")
    answered(world, first)
    assert errand(case) == ("NEW", {"start": "DONE", "answer": "NEW"})
    with pytest.raises(ValidationError, match="协办单位未答复"):
        submit(world, case)
    answered(world, second)
    assert errand(case) == ("DONE", {"start": "DONE", "answer": "DONE", "end": "DONE"})
    assert JointHandling.objects.get().closed_at == world.now
    assert submit(world, case).state == "submitted"
    assert verify_all().broken == []


def test_an_answer_stays_in_the_history(world: World) -> None:
    case = shared(world, world.other_team)
    part = answered(world, Part.objects.get())
    assert (part.answer, part.answered_by, part.answered_at) == ("已清理", world.other_member, world.now)
    event = case.events.order_by("-seq")[0]
    assert (event.type, event.actor) == ("part.answered", world.other_member)
    assert event.data == {"part": part.pk, "team": world.other_team.pk, "answer": "已清理"}


def test_only_the_team_that_owes_it_answers(world: World) -> None:
    case = shared(world, world.other_team)
    for stranger in (world.member, world.dispatcher, world.supervisor, user("nobody", "路人")):
        with pytest.raises(PermissionDenied):
            answer_part(part_id=Part.objects.get().pk, actor=stranger, now=world.now, answer="已清理")
    assert Case.objects.get(pk=case.pk).version == case.version


def test_an_answer_needs_words_and_is_given_once(world: World, third: Team) -> None:
    shared(world, world.other_team, third)
    part = Part.objects.order_by("pk")[0]
    with pytest.raises(ValidationError) as caught:
        answer_part(part_id=part.pk, actor=world.other_member, now=world.now, answer=" ")
    assert "answer" in caught.value.message_dict
    answered(world, part)
    with pytest.raises(ValidationError, match="已答复"):
        answered(world, part)


@pytest.mark.parametrize("kind", [RequestKind.RETURN, RequestKind.VOID, RequestKind.MERGE])
def test_a_dispatch_taken_back_ends_the_errand_at_once(world: World, kind: RequestKind) -> None:
    case = shared(world, world.other_team)
    given = {"details": {"main_case": world.case("accepted").pk}} if kind == RequestKind.MERGE else {}
    decider = world.dispatcher if kind == RequestKind.RETURN else world.supervisor
    agree(world, ask(world, case, kind, **given), decider)
    assert errand(case) == ("CANCELED", {"start": "DONE", "answer": "CANCELED"})
    assert not Task.objects.filter(finished=None).exists()
    with pytest.raises(ValidationError, match="协办已结束"):
        answered(world, Part.objects.get())


def test_a_hold_leaves_the_parts_owed(world: World) -> None:
    case = shared(world, world.other_team)
    agree(world, ask(world, case, RequestKind.HOLD), world.supervisor)
    assert errand(case)[0] == "NEW"
    answered(world, Part.objects.get())
    assert errand(case)[0] == "DONE"


def test_a_second_dispatch_has_an_errand_of_its_own(world: World) -> None:
    case = shared(world, world.other_team)
    agree(world, ask(world, case, RequestKind.RETURN), world.dispatcher)
    part = handling.CoHandling(world.other_team, "再清理", world.now + soon)
    dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part])
    answered(world, Part.objects.get(joint__closed_at=None))
    statuses = JointProcess.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["CANCELED", "DONE"]


def test_a_case_that_a_council_ended_frees_its_co_handlers(world: World) -> None:
    case = shared(world, world.other_team)
    at = {"case_id": case.pk, "now": world.now}
    council.refer_to_council(
        actor=world.leader, council=world.council, matter=MatterType.PARKING, question="怎么停？", **at
    )
    decision = council.DecisionRecord(
        "〔2026〕1号", DecisionOutcome.ADOPTED, "维持现状", world.now.date(), nothing_to_do="已解决"
    )
    council.take_decision(actor=world.secretary, decision=decision, **at)
    review.verify_case(actor=world.grid_worker, finding="属实", **at)
    assert end_taken_back(now=world.now) == 0  # it may still be sent back
    surveys.close_unanswered(**at)
    with pytest.raises(ValidationError, match="协办已结束"):
        answered(world, Part.objects.get())
    assert (end_taken_back(now=world.now), end_taken_back(now=world.now)) == (1, 0)
    assert errand(case)[0] == "CANCELED"
    assert JointHandling.objects.get().closed_at == world.now


def test_parts_of_a_bare_dispatch_are_answered_without_an_errand(world: World) -> None:
    case = world.case("accepted")
    part = handling.CoHandling(world.other_team, "清理", world.now + soon)
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part])
    answered(world, Part.objects.get())
    assert (JointHandling.objects.get().closed_at, JointProcess.objects.count()) == (world.now, 0)
