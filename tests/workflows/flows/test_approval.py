"""The approval errand: asked, decided or withdrawn, carried out, with its process and tasks."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from viewflow.workflow.models import Task

from cases.events import verify_all
from cases.models import Answer, Case
from cases.terms import RequestKind, RequestState, ResultCode
from tests.factories import World
from tests.workflows.flows.asking import E, H, M, R, V, X, agree, ask, days, rated
from workflows.commands import adjust, handling
from workflows.flows.approval import ApprovalFlow, decide_request, withdraw_request
from workflows.models import ApprovalProcess, Request

DECIDERS = {R: "dispatcher", E: "supervisor", H: "supervisor", V: "supervisor", M: "supervisor", X: "supervisor"}


def errand(request: Request) -> tuple[str, dict[str, str]]:
    """The status of the process, and of its tasks in the order in which they came."""
    process = ApprovalProcess.objects.get(request=request)
    tasks = Task.objects.filter(process=process).order_by("pk")
    return process.status, {task.flow_task.name: task.status for task in tasks}


def asked(world: World, kind: RequestKind) -> Request:
    given = {"details": {"main_case": world.case("accepted").number}} if kind == M else {}
    if kind == X:
        return ask(world, rated(world), X)
    return ask(world, world.case("in_progress", resident=True), kind, **given)


def decline(world: World, request: Request, note: str = "理由不足") -> Request:
    actor = getattr(world, DECIDERS[RequestKind(request.kind)])
    return decide_request(request_id=request.pk, actor=actor, now=world.now, agree=False, note=note)


def test_the_nodes_keep_their_names_for_running_errands_hold_them() -> None:
    assert [node.name for node in ApprovalFlow.instance.nodes()] == [
        "carry_out",
        "decide",
        "end",
        "is_agreed",
        "start",
    ]


def test_what_the_database_keeps_of_a_task_finds_its_node_again(world: World) -> None:
    asked(world, R)
    with connection.cursor() as cursor:
        cursor.execute("SELECT flow_task FROM viewflow_task ORDER BY id")
        kept = [row[0] for row in cursor.fetchall()]
    assert kept == ["workflows/flows.approval.ApprovalFlow.start", "workflows/flows.approval.ApprovalFlow.decide"]


def test_a_request_that_was_asked_waits_at_its_decision(world: World) -> None:
    request = asked(world, H)
    assert errand(request) == ("NEW", {"start": "DONE", "decide": "NEW"})
    event = Case.objects.get(pk=request.case_id).events.order_by("-seq")[0]
    assert (event.type, event.actor, event.data["request"]) == ("request.asked", world.member, request.pk)
    assert event.data["decider_role"] == "supervisor"


@pytest.mark.parametrize(
    ("kind", "state", "event"),
    [
        (R, "accepted", "case.returned_to_dispatch"),
        (E, "in_progress", "case.extended"),
        (H, "on_hold", "case.held"),
        (V, "voided", "case.voided"),
        (M, "merged", "case.merged"),
    ],
)
def test_what_is_agreed_is_carried_out_at_once(world: World, kind: RequestKind, state: str, event: str) -> None:
    request = asked(world, kind)
    later = world.now + timedelta(hours=2)
    decided = agree(world, request, getattr(world, DECIDERS[kind]), now=later, note="属实")
    assert (decided.case.state, Case.objects.get(pk=request.case_id).state) == (state, state)
    kept = Request.objects.get(pk=request.pk)
    assert (kept.state, kept.decided_at, kept.note) == (RequestState.AGREED, later, "属实")
    last = list(decided.case.events.order_by("-seq").values_list("type", "actor", "at")[:2])
    assert last == [(event, kept.decided_by_id, later), ("request.agreed", kept.decided_by_id, later)]
    steps = {"start": "DONE", "decide": "DONE", "is_agreed": "DONE", "carry_out": "DONE", "end": "DONE"}
    assert errand(request) == ("DONE", steps)
    assert verify_all().broken == []


@pytest.mark.parametrize("kind", list(RequestKind))
def test_what_is_declined_moves_nothing_and_ends(world: World, kind: RequestKind) -> None:
    request = asked(world, kind)
    before = Case.objects.get(pk=request.case_id)
    decline(world, request)
    after = Case.objects.get(pk=request.case_id)
    assert (after.state, after.due_at, after.version) == (before.state, before.due_at, before.version + 1)
    assert after.events.order_by("-seq")[0].type == "request.declined"
    assert errand(request) == ("DONE", {"start": "DONE", "decide": "DONE", "is_agreed": "DONE", "end": "DONE"})


def test_declining_needs_a_reason(world: World) -> None:
    request = asked(world, H)
    with pytest.raises(ValidationError) as caught:
        decline(world, request, note=" ")
    assert "note" in caught.value.message_dict
    assert errand(request)[0] == "NEW"


def test_the_asker_alone_withdraws_and_the_kind_is_free_again(world: World) -> None:
    request = asked(world, H)
    with pytest.raises(PermissionDenied):
        withdraw_request(request_id=request.pk, actor=world.leader, now=world.now)
    withdrawn = withdraw_request(request_id=request.pk, actor=world.member, now=world.now)
    assert (withdrawn.state, withdrawn.case.state) == (RequestState.WITHDRAWN, "in_progress")
    assert withdrawn.case.events.order_by("-seq")[0].type == "request.withdrawn"
    assert errand(request)[0] == "DONE"
    assert errand(ask(world, request.case, H))[0] == "NEW"


def test_a_request_is_concluded_once(world: World) -> None:
    request = asked(world, H)
    decline(world, request)
    for again in (
        lambda: agree(world, request, world.supervisor),
        lambda: decline(world, request),
        lambda: withdraw_request(request_id=request.pk, actor=world.member, now=world.now),
    ):
        with pytest.raises(ValidationError, match="不同意"):
            again()
    assert Case.objects.get(pk=request.case_id).state == "in_progress"


@pytest.mark.parametrize("kind", [R, E, H, M])
def test_a_case_that_moved_on_is_not_moved_by_an_old_request(world: World, kind: RequestKind) -> None:
    request = asked(world, kind)
    case = handling.submit_case(
        case_id=request.case_id, actor=world.member, now=world.now, result_code=ResultCode.SOLVED, result_text="好了"
    ).case
    with pytest.raises(ValidationError, match="待核查"):
        agree(world, request, getattr(world, DECIDERS[kind]))
    after = Case.objects.get(pk=case.pk)
    assert (after.state, after.version, errand(request)[0]) == ("submitted", case.version, "NEW")
    decline(world, request)
    assert errand(request)[0] == "DONE"


def test_a_request_on_an_ended_case_can_still_be_withdrawn(world: World) -> None:
    request = asked(world, H)
    agree(world, ask(world, request.case, V), world.supervisor)
    assert withdraw_request(request_id=request.pk, actor=world.member, now=world.now).case.state == "voided"


def test_a_request_of_the_team_ends_with_its_dispatch(world: World) -> None:
    request = asked(world, E)
    agree(world, ask(world, request.case, R), world.dispatcher)
    at = {"case_id": request.case_id, "now": world.now}
    handling.dispatch_case(actor=world.dispatcher, team=world.other_team, **at)
    handling.sign_case(actor=world.other_member, handler=world.other_member, **at)
    with pytest.raises(ValidationError, match="情况已变"):
        agree(world, request, world.supervisor)


@pytest.mark.parametrize(("kind", "field", "late"), [(E, "until", 61), (H, "review_at", 91)])
def test_what_was_asked_for_may_be_over_when_it_is_decided(
    world: World, kind: RequestKind, field: str, late: int
) -> None:
    request = asked(world, kind)
    with pytest.raises(ValidationError) as caught:
        agree(world, request, world.supervisor, now=world.now + days(late))
    assert field in caught.value.message_dict
    assert Request.objects.get(pk=request.pk).state == RequestState.ASKED


def test_what_the_command_refuses_undoes_the_agreement(world: World) -> None:
    request = asked(world, M)
    main = Case.objects.get(number=request.details["main_case"])
    other = world.case("accepted")
    adjust.merge_case(case_id=main.pk, main_case_id=other.pk, actor=world.desk, now=world.now, reason="同一事项")
    before = Case.objects.get(pk=request.case_id)
    with pytest.raises(ValidationError) as caught:
        agree(world, request, world.supervisor)
    assert "main_case" in caught.value.message_dict
    after = Case.objects.get(pk=request.case_id)
    assert (after.state, after.version) == ("in_progress", before.version)
    assert (Request.objects.get(pk=request.pk).state, errand(request)[0]) == (RequestState.ASKED, "NEW")


def test_merging_tells_the_main_case_and_the_reporter(world: World) -> None:
    request = asked(world, M)
    agree(world, request, world.supervisor)
    main = Case.objects.get(number=request.details["main_case"])
    assert main.events.order_by("-seq")[0].type == "case.merged_into"
    assert Answer.objects.get(case=request.case_id).kind == "merged"


def test_a_life_with_every_kind(world: World) -> None:
    case = world.case("in_progress")
    agree(world, ask(world, case, R), world.dispatcher)
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team)
    handling.sign_case(case_id=case.pk, actor=world.member, now=world.now, handler=world.member)
    agree(world, ask(world, case, E), world.supervisor)
    held = agree(world, ask(world, case, H), world.supervisor)
    assert held.case.due_at == world.now + days(90)
    adjust.resume_case(case_id=case.pk, actor=world.member, now=world.now)
    decline(world, ask(world, case, M, details={"main_case": world.case("accepted").pk}))
    assert agree(world, ask(world, case, V), world.supervisor).case.state == "voided"
    assert set(ApprovalProcess.objects.values_list("status", flat=True)) == {"DONE"}
    assert not Task.objects.filter(finished=None).exists()
    assert (ApprovalProcess.objects.count(), verify_all().broken) == (5, [])


def test_the_database_too_knows_that_the_asker_never_agrees(world: World) -> None:
    request = asked(world, H)
    change = {"state": "agreed", "decided_by": world.member, "decided_at": world.now}
    with pytest.raises(IntegrityError, match="asker_never_agrees"), transaction.atomic():
        Request.objects.filter(pk=request.pk).update(**change)


@pytest.mark.pg
def test_the_case_is_locked_before_anything_else(world: World) -> None:
    request = asked(world, M)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        agree(world, request, world.supervisor)
    locks = [q["sql"] for q in queries if "FOR UPDATE" in q["sql"]]
    assert all('FOR UPDATE OF "cases_case"' in sql for sql in locks)
    writes = [n for n, q in enumerate(queries) if q["sql"].startswith(("UPDATE", "INSERT"))]
    assert min(n for n, q in enumerate(queries) if "FOR UPDATE" in q["sql"]) < min(writes)
