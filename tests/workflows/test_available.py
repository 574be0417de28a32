from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django_fsm import TransitionNotAllowed

from cases.commands import add_note
from cases.models import User
from cases.terms import Priority, ResultCode, Role, State
from tests.factories import ROADS, World, user
from workflows.available import FACTS, LIKELY, available_moves, check_move, last_move, likely, was_made
from workflows.commands import adjust, handling, intake, review, surveys
from workflows.flows import joint
from workflows.graph import moves_of
from workflows.lifecycle import CaseLifecycle
from workflows.views.moves import MOVES

PEOPLE = (
    "grid_worker", "other_grid_worker", "contact", "desk", "dispatcher", "member", "leader", "other_member",
    "secretary", "survey_desk", "supervisor", "chief", "auditor", "admin",
)  # fmt: skip
DECLARED = {move.name: move for move in moves_of(CaseLifecycle, State)}
BY_SYSTEM = {"close_unanswered", "adopt_answer", "undo_import"}

# What each person may do in each state, besides notes: the whole law of who may, on one page.
EXPECTED: dict[str, dict[str, set[str]]] = {
    "reported": {"desk": {"request_info", "accept", "reject", "merge"}},
    "info_requested": {"grid_worker": {"supply_info"}},
    "accepted": {"dispatcher": {"dispatch", "refer_to_council"}, "desk": {"merge"}},
    "dispatched": {"member": {"sign"}, "leader": {"sign"}},
    "in_progress": {"member": {"submit"}, "leader": {"submit", "reassign", "refer_to_council"},
                    "dispatcher": {"refer_to_council"}},
    "deliberating": {"secretary": {"take_decision", "return_from_council"}},
    "submitted": {"grid_worker": {"verify", "send_back"}, "desk": {"verify", "send_back"}},
    "answered": {"survey_desk": {"record_survey", "request_reopen"}},
    "reopen_requested": {"supervisor": {"reopen", "decline_reopen"}},
    "closed": {"survey_desk": {"request_reopen", "report_again"}, "desk": {"report_again"}},
    "rejected": {},
}  # fmt: skip
ENDED = {"closed", "rejected"}
CORRECTING, URGING = {"desk", "dispatcher", "supervisor"}, {"supervisor", "chief"}


def names(case: CaseLifecycle, person: User, world: World) -> set[str]:
    return {move.name for move in available_moves(case, person, now=world.now)}


@pytest.mark.parametrize("state", sorted(ROADS))
def test_each_person_may_exactly_what_the_law_says(world: World, state: str) -> None:
    case = world.case(state)
    wanted = {
        name: EXPECTED[state].get(name, set())
        | ({"correct_facts"} if name in CORRECTING and state not in ENDED else set())
        | ({"urge"} if name in URGING and state not in ENDED else set())
        | (set() if name in ("auditor", "admin") else {"add_note"})
        for name in PEOPLE
    }
    assert {name: names(case, getattr(world, name), world) for name in PEOPLE} == wanted


@pytest.mark.parametrize("state", sorted(ROADS))
def test_a_move_is_checked_as_it_is_shown(world: World, state: str) -> None:
    case = world.case(state)
    for name in ("desk", "member", "supervisor", "survey_desk"):
        person = getattr(world, name)
        shown = names(case, person, world)
        for move in {*DECLARED, *FACTS}:
            try:
                check_move(move, case, person, now=world.now)
            except (TransitionNotAllowed, PermissionDenied):
                assert move not in shown
            else:
                assert move in shown


def test_every_move_that_people_make_has_a_form_and_two_person_moves_are_asked_for() -> None:
    asked_for = {name for name, move in DECLARED.items() if move.two_people}
    assert set(MOVES) == set(DECLARED) - asked_for - BY_SYSTEM | set(FACTS)
    camel = {name: "".join(part.title() for part in name.split("_")) + "Form" for name in MOVES}
    assert {name: move.form.__name__ for name, move in MOVES.items()} == camel


def test_the_likely_move_of_every_open_state_starts_there() -> None:
    assert set(LIKELY) == {state for state in State if CaseLifecycle(state=state).is_open}
    assert all(state in DECLARED[name].sources for state, name in LIKELY.items())


@pytest.mark.parametrize(("state", "person", "expected"), [
    ("reported", "desk", "accept"), ("accepted", "dispatcher", "dispatch"), ("submitted", "grid_worker", "verify"),
    ("in_progress", "leader", "submit"), ("in_progress", "supervisor", None), ("closed", "desk", None),
])  # fmt: skip
def test_the_likely_move_is_the_one_that_the_state_waits_for(
    world: World, state: str, person: str, expected: str | None
) -> None:
    case = world.case(state)
    found = likely(available_moves(case, getattr(world, person), now=world.now), case)
    assert (found.name if found else None) == expected


def test_a_co_handler_who_owes_a_part_is_offered_the_answer_and_nobody_else_is(world: World) -> None:
    case = world.case("accepted")
    part = handling.CoHandling(world.other_team, "清运垃圾", world.now + timedelta(days=2))
    joint.dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part])
    case = CaseLifecycle.objects.get(pk=case.pk)
    moves = available_moves(case, world.other_member, now=world.now)
    found = likely(moves, case)
    assert found is not None
    assert found.name == "answer_part"
    assert "answer_part" not in names(case, world.member, world)


def test_a_promise_can_be_kept_by_the_team_until_it_is(world: World) -> None:
    case = world.case("in_progress")
    due = (world.now + timedelta(days=30)).date()
    handling.submit_case(
        case_id=case.pk, actor=world.member, now=world.now, result_code=ResultCode.PLANNED, result_text="列入计划。",
        promised_date=due,
    )  # fmt: skip
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=world.now, finding="属实。")
    surveys.close_unanswered(case_id=case.pk, now=world.now)
    case = CaseLifecycle.objects.get(pk=case.pk)
    assert "keep_promise" in names(case, world.member, world)
    assert "keep_promise" not in names(case, world.other_member, world)
    review.keep_promise(case_id=case.pk, actor=world.member, now=world.now, what="已换。")
    assert "keep_promise" not in names(CaseLifecycle.objects.get(pk=case.pk), world.member, world)


def test_who_handled_a_case_is_not_offered_its_survey(world: World) -> None:
    both = user("both", "两任", Role.TEAM_MEMBER, team=world.team)
    both.roles.create(role=Role.SURVEY_DESK, area=world.street, valid_from="2020-01-01")
    case = world.case("dispatched")
    handling.sign_case(case_id=case.pk, actor=both, now=world.now, handler=world.member)
    handling.submit_case(
        case_id=case.pk, actor=world.member, now=world.now, result_code=ResultCode.SOLVED, result_text="好了。"
    )
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=world.now, finding="好了。")
    case = CaseLifecycle.objects.get(pk=case.pk)
    assert "record_survey" not in names(case, both, world)
    assert "record_survey" in names(case, world.survey_desk, world)
    with pytest.raises(PermissionDenied):
        check_move("record_survey", case, both, now=world.now)


def test_a_reopening_is_offered_within_the_window_only(world: World) -> None:
    case = world.case("closed")
    late = world.now + timedelta(days=31)
    assert "request_reopen" not in {m.name for m in available_moves(case, world.survey_desk, now=late)}
    with pytest.raises(TransitionNotAllowed):
        check_move("request_reopen", case, world.survey_desk, now=late)


def test_a_merged_case_can_be_split_off_while_its_main_case_is_open(world: World) -> None:
    case, main = world.case(), world.case()
    adjust.merge_case(case_id=case.pk, main_case_id=main.pk, actor=world.desk, now=world.now, reason="同一件")
    case = CaseLifecycle.objects.get(pk=case.pk)
    assert "split_off" in names(case, world.desk, world)
    intake.reject_case(case_id=main.pk, actor=world.desk, now=world.now, reason="not_ours", text="不归我们。")
    assert "split_off" not in names(CaseLifecycle.objects.get(pk=case.pk), world.desk, world)


@pytest.mark.parametrize(("again", "expected"), [
    ({"priority": Priority.NORMAL}, True), ({"priority": Priority.URGENT}, False), ({}, True),
])  # fmt: skip
def test_the_same_words_twice_are_one_move_and_other_words_are_not(
    world: World, again: dict[str, Any], expected: bool
) -> None:
    case = world.case()
    version = case.version
    intake.accept_case(
        case_id=case.pk, actor=world.desk, now=world.now, category=world.category, priority=Priority.NORMAL
    )
    inputs = {"category": world.category, **again}
    assert was_made(case, "accept", world.desk, version=version, inputs=inputs) is expected
    assert was_made(case, "accept", world.desk, version=version + 1, inputs=inputs) is False
    assert was_made(case, "accept", world.supervisor, version=version, inputs=inputs) is False
    assert was_made(case, "accept", world.desk, version=None, inputs=inputs) is False
    other = {"category": world.photo_category, "priority": Priority.NORMAL}
    assert was_made(case, "accept", world.desk, version=version, inputs=other) is False


def test_the_last_move_is_not_a_note(world: World) -> None:
    case = world.case("accepted")
    add_note(case_id=case.pk, actor=world.desk, now=world.now, words="看过了")
    event = last_move(case)
    assert event is not None
    assert (event.type, event.actor) == ("case.accepted", world.desk)
