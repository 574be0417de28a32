"""What may be asked for, by whom, with what, and who decides."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.models import Case, RoleAssignment, User
from cases.terms import RequestKind, Role
from tests.factories import World
from tests.workflows.flows.asking import E, H, M, R, V, agree, ask, days
from workflows import permissions as may
from workflows.commands import handling, intake
from workflows.flows.approval import may_ask, may_decide, own_requests, requests_to_decide
from workflows.models import Request

PEOPLE = ("grid_worker", "desk", "dispatcher", "member", "leader", "other_member", "supervisor", "chief", "auditor")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("reported", {"desk": [V], "dispatcher": [V], "supervisor": [V]}),
        ("accepted", {"desk": [V], "dispatcher": [V], "supervisor": [V]}),
        ("dispatched", {"desk": [V, M], "dispatcher": [V, M], "supervisor": [V], "member": [R], "leader": [R, V]}),
        (
            "in_progress",
            {"desk": [V, M], "dispatcher": [V, M], "supervisor": [V], "member": [R, E, H], "leader": [R, E, H, V]},
        ),
        ("submitted", {"desk": [V], "dispatcher": [V], "supervisor": [V], "leader": [V]}),
        ("closed", {}),  # nobody has rated it
    ],
)
def test_what_may_be_asked_follows_state_and_role(world: World, state: str, expected: dict[str, Any]) -> None:
    case = world.case(state)
    assert {name: kinds for name in PEOPLE if (kinds := may_ask(case, getattr(world, name)))} == expected
    assert may_ask(case, may.RESIDENT) == []


@pytest.mark.parametrize("kind", [R, E, H, V, M])
def test_who_may_not_ask_is_refused(world: World, kind: RequestKind) -> None:
    case = world.case("in_progress")
    with pytest.raises(PermissionDenied):
        ask(world, case, kind, world.other_member)
    assert Request.objects.count() == 0


@pytest.mark.parametrize(("kind", "state"), [(R, "accepted"), (E, "dispatched"), (H, "dispatched"), (M, "accepted")])
def test_a_request_that_the_state_forbids_is_a_conflict(world: World, kind: RequestKind, state: str) -> None:
    with pytest.raises(TransitionNotAllowed):
        ask(world, world.case(state), kind)


def test_an_ended_case_cannot_be_voided(world: World) -> None:
    with pytest.raises(TransitionNotAllowed):
        ask(world, world.case("closed"), V)


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        (R, {"reason": "  "}, "reason"),
        (H, {"reason_code": "test"}, "reason_code"),
        (V, {"reason_code": ""}, "reason_code"),
        (E, {"details": {}}, "until"),
        (E, {"details": {"until": "someday"}}, "until"),
        (E, {"details": {"until": "2026-03-10T09:00:00+08:00"}}, "until"),  # sooner than the limit
        (E, {"details": {"until": "2027-04-01T09:00:00+08:00"}}, "until"),
        (H, {"details": {"review_at": "2026-03-02T09:00:00+08:00"}}, "review_at"),
        (H, {"details": {"review_at": "2027-03-03T09:00:00+08:00"}}, "review_at"),
        (V, {"reason_code": "withdrawn", "details": {"said_at": "2026-03-01"}}, "how"),
        (V, {"reason_code": "withdrawn", "details": {"how": "电话"}}, "said_at"),
        (V, {"reason_code": "withdrawn", "details": {"how": "电话", "said_at": "2026-03-03"}}, "said_at"),
        (M, {"details": {"main_case": "2026-999999"}}, "main_case"),
        (M, {"details": {}}, "main_case"),
    ],
)
def test_bad_input_names_its_field_and_leaves_no_request(
    world: World, kind: RequestKind, given: dict[str, Any], field: str
) -> None:
    case = world.case("in_progress")
    with pytest.raises(ValidationError) as caught:
        ask(world, case, kind, **given)
    assert set(caught.value.message_dict) == {field}
    assert (Request.objects.count(), Case.objects.get(pk=case.pk).version) == (0, case.version)


def test_a_withdrawal_by_the_reporter_keeps_how_and_when(world: World) -> None:
    said = {"how": "电话", "said_at": "2026-03-01"}
    request = ask(world, world.case("in_progress"), V, reason_code="withdrawn", details=said)
    assert request.details == said


def test_an_extension_is_asked_before_the_limit(world: World) -> None:
    case = world.case("in_progress")
    assert case.due_at is not None
    with pytest.raises(ValidationError, match="处置时限已过"):
        ask(world, case, E, now=case.due_at)
    assert ask(world, case, E, now=case.due_at - timedelta(seconds=1)).decider_role == Role.SUPERVISOR


@pytest.mark.parametrize("by", ["number", "pk"])
def test_the_main_case_is_named_by_number_or_key(world: World, by: str) -> None:
    main = world.case("accepted")
    request = ask(world, world.case("in_progress"), M, details={"main_case": getattr(main, by)})
    assert request.details == {"main_case": main.number, "main_case_id": main.pk}


def test_a_case_is_not_merged_into_itself_an_ended_one_or_one_out_of_sight(world: World) -> None:
    case, ended, hidden = world.case("in_progress"), world.case("rejected"), world.case("accepted")
    Case.objects.filter(pk=hidden.pk).update(area=world.other_street)
    for main in (case, ended, hidden):
        with pytest.raises(ValidationError) as caught:
            ask(world, case, M, details={"main_case": main.number})
        assert "main_case" in caught.value.message_dict


def test_one_open_request_of_a_kind(world: World) -> None:
    case = world.case("in_progress")
    ask(world, case, H)
    with pytest.raises(ValidationError, match="同类申请"):
        ask(world, case, H, world.leader)
    assert ask(world, case, E).kind == E


def test_a_request_is_due_at_the_end_of_the_next_working_day(world: World) -> None:
    friday = world.now + days(4)
    request = ask(world, world.case("in_progress", now=friday), R, now=friday)
    assert request.clock.due_at == (friday + days(3)).replace(hour=17, minute=30)


def test_the_third_return_goes_to_a_supervisor_and_then_there_is_none(world: World) -> None:
    case = world.case("accepted")
    at = {"case_id": case.pk, "now": world.now, "team": world.team}
    for decider in (world.dispatcher, world.dispatcher, world.supervisor):
        handling.dispatch_case(actor=world.dispatcher, **at)
        request = ask(world, case, R)
        roles = {p for p in ("dispatcher", "supervisor", "chief") if may_decide(request, getattr(world, p))}
        assert [getattr(world, p) for p in roles] == [decider]
        agree(world, request, decider)
    handling.dispatch_case(actor=world.supervisor, **at)
    final = Case.objects.get(pk=case.pk)
    assert (final.dispatch_is_final, may_ask(final, world.member)) == (True, [])
    with pytest.raises(ValidationError, match="不能再退回"):
        ask(world, case, R)


def test_a_second_extension_needs_a_leader(world: World) -> None:
    case = world.case("in_progress")
    agree(world, ask(world, case, E), world.supervisor)
    second = ask(world, case, E, details={"until": (world.now + days(80)).isoformat()})
    assert second.decider_role == Role.LEADER
    with pytest.raises(PermissionDenied):
        agree(world, second, world.supervisor)
    assert agree(world, second, world.chief).case.due_at == world.now + days(80)


def test_the_asker_never_agrees_though_they_hold_the_role(world: World) -> None:
    case = world.case("in_progress")
    request = ask(world, case, V, world.supervisor)
    with pytest.raises(PermissionDenied):
        agree(world, request, world.supervisor)
    assert agree(world, request, world.chief).case.state == "voided"


@pytest.mark.parametrize(
    ("kind", "decider"), [(R, "dispatcher"), (E, "supervisor"), (H, "supervisor"), (M, "supervisor")]
)
def test_only_the_role_that_was_noted_decides(world: World, kind: RequestKind, decider: str) -> None:
    main = world.case("accepted")
    given = {"details": {"main_case": main.pk}} if kind == M else {}
    request = ask(world, world.case("in_progress"), kind, **given)
    assert [p for p in PEOPLE if may_decide(request, getattr(world, p))] == [decider]
    with pytest.raises(PermissionDenied):
        agree(world, request, world.chief)


def test_the_list_to_decide_says_what_may_decide_says(world: World) -> None:
    first, second = world.case("in_progress"), world.case("in_progress")
    agree(world, ask(world, first, E), world.supervisor)
    asked = [ask(world, first, E, details={"until": (world.now + days(70)).isoformat()}), ask(world, first, R)]
    asked += [ask(world, first, V, world.supervisor), ask(world, second, H), ask(world, second, V, world.leader)]
    far = world.case("in_progress")
    asked.append(ask(world, far, H))
    Case.objects.filter(pk=far.pk).update(area=world.other_street)
    RoleAssignment.objects.create(user=world.member, role="supervisor", area=world.street, valid_from="2020-01-01")
    seen = 0
    for person in (getattr(world, name) for name in PEOPLE):
        viewer = User.objects.get(pk=person.pk)
        listed = {r.pk for r in requests_to_decide(viewer)}
        assert listed == {r.pk for r in Request.objects.all() if may_decide(r, viewer)}
        seen += len(listed)
    assert seen > len(asked)
    assert {r.kind for r in requests_to_decide(User.objects.get(pk=world.chief.pk))} == {E, V}


def test_own_requests_are_those_that_were_asked_newest_first(world: World) -> None:
    case = world.case("in_progress")
    first = ask(world, case, R)
    second = ask(world, case, H, now=world.now + days(1))
    ask(world, case, V, world.desk)
    assert list(own_requests(world.member)) == [second, first]


def test_an_open_request_stops_no_move(world: World) -> None:
    case = world.case("reported")
    ask(world, case, V)
    moved = intake.accept_case(
        case_id=case.pk, actor=world.desk, now=world.now, category=world.category, priority=case.priority
    )
    assert moved.case.state == "accepted"
