"""A rating is left out of the rate by two people, and stays where it is."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.events import verify_all
from cases.models import Case, CaseEvent, RoleAssignment, User
from cases.terms import EventType, ExclusionReason, RequestState, Role, Satisfaction
from tests.factories import STEPS, World, user
from tests.workflows.flows.asking import X, agree, ask, days, rated
from workflows.clock_audit import audit
from workflows.commands import review, surveys
from workflows.flows.approval import decide_request, may_ask, may_decide, requests_to_decide, withdraw_request
from workflows.models import Request
from workflows.permissions import RESIDENT

PEOPLE = ("grid_worker", "desk", "dispatcher", "member", "leader", "other_member", "survey_desk", "supervisor", "chief")


def again(person: User) -> User:
    """As in another request: roles not read yet."""
    return User.objects.get(pk=person.pk)


def second_supervisor(world: World) -> User:
    return user("second", "孙督办", Role.SUPERVISOR, area=world.street)


@pytest.mark.parametrize("solved", [True, False])
def test_the_survey_desk_the_team_leader_and_the_supervisor_ask(world: World, solved: bool) -> None:
    case = rated(world, solved=solved)
    assert case.state == ("closed" if solved else "reopen_requested")
    assert {name for name in PEOPLE if X in may_ask(case, getattr(world, name))} == {
        "leader",
        "survey_desk",
        "supervisor",
    }
    for name in ("grid_worker", "desk", "member", "other_member", "chief"):
        with pytest.raises(PermissionDenied):
            ask(world, case, X, getattr(world, name))
    assert not Request.objects.exists()


@pytest.mark.parametrize("state", ["in_progress", "answered", "closed"])
def test_where_nobody_rated_there_is_nothing_to_leave_out(world: World, state: str) -> None:
    case = world.case(state, resident=True)  # closed: the survey clock closed it
    assert X not in may_ask(case, world.supervisor)
    with pytest.raises(TransitionNotAllowed):
        ask(world, case, X)


@pytest.mark.parametrize(("given", "field"), [({"reason": " "}, "reason"), ({"reason_code": "test"}, "reason_code")])
def test_words_and_a_reason_of_the_list_are_needed(world: World, given: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ask(world, rated(world), X, **given)
    assert set(caught.value.message_dict) == {field}


def test_what_is_agreed_leaves_the_rating_in_its_place_marked(world: World) -> None:
    case = rated(world)
    request = ask(world, case, X, now=world.now + days(1))
    assert request.details == {
        "round": 1,
        "solved": True,
        "satisfaction": "dissatisfied",
        "reasons": ["slow"],
        "words": "不是我评的",
    }
    assert request.clock.stopped_at is None  # the case has ended, the request is still owed
    assert audit(now=world.now + days(1)).faults == []
    later = world.now + days(2)
    assert agree(world, request, world.supervisor, now=later).case.state == "closed"
    survey = case.surveys.get()
    assert (survey.excluded_at, survey.solved, survey.words) == (later, True, "不是我评的")
    said = CaseEvent.objects.get(type=EventType.SURVEY_EXCLUDED)
    assert (said.actor, said.data["round"], said.data["request"]) == (world.supervisor, 1, request.pk)
    assert said.data["reason_code"] == ExclusionReason.NOT_THE_REPORTER
    request.clock.refresh_from_db()
    assert request.clock.stopped_at == later
    assert audit(now=later).faults == []
    assert verify_all().broken == []
    assert X not in may_ask(Case.objects.get(pk=case.pk), world.survey_desk)
    with pytest.raises(TransitionNotAllowed):
        ask(world, case, X)


def test_what_is_declined_or_taken_back_counts_as_before(world: World) -> None:
    case = rated(world)
    decide_request(
        request_id=ask(world, case, X).pk, actor=world.supervisor, now=world.now, agree=False, note="是本人评的"
    )
    withdraw_request(request_id=ask(world, case, X).pk, actor=world.survey_desk, now=world.now)
    assert case.surveys.get().excluded_at is None
    assert not CaseEvent.objects.filter(type=EventType.SURVEY_EXCLUDED).exists()
    assert X in may_ask(case, world.survey_desk)


def test_the_asker_never_agrees_another_supervisor_does(world: World) -> None:
    request = ask(world, rated(world), X, world.supervisor)
    assert not may_decide(request, world.supervisor)
    with pytest.raises(PermissionDenied):
        agree(world, request, world.supervisor)
    for person in (world.chief, world.survey_desk, world.leader, world.desk):
        with pytest.raises(PermissionDenied):
            agree(world, request, person)
    assert agree(world, request, second_supervisor(world)).state == RequestState.AGREED


@pytest.mark.parametrize("hand", ["submitted", "verified", "named", "team", "co_team"])
def test_who_had_a_hand_in_the_case_does_not_decide_and_is_not_offered_it(world: World, hand: str) -> None:
    case, hands = rated(world), second_supervisor(world)
    if hand in ("submitted", "verified"):
        case.events.filter(type=f"case.{hand}").update(actor=hands)
    elif hand == "named":
        case.events.filter(type=EventType.SIGNED).update(data={"handler": hands.pk})
    else:
        team = world.team if hand == "team" else world.other_team
        RoleAssignment.objects.create(user=hands, role=Role.TEAM_MEMBER, team=team, valid_from="2020-01-01")
        case.co_teams.set([world.other_team])
    request = ask(world, case, X)
    assert request not in requests_to_decide(again(hands))
    assert not may_decide(request, again(hands))
    with pytest.raises(PermissionDenied):
        agree(world, request, again(hands))
    assert list(requests_to_decide(again(world.supervisor))) == [request]
    assert agree(world, request, world.supervisor).state == RequestState.AGREED


def test_a_supervisor_without_a_hand_in_it_is_offered_it_although_of_another_team(world: World) -> None:
    hands = second_supervisor(world)
    RoleAssignment.objects.create(user=hands, role=Role.TEAM_MEMBER, team=world.other_team, valid_from="2020-01-01")
    request = ask(world, rated(world), X)
    assert list(requests_to_decide(again(hands))) == [request]
    assert may_decide(request, again(hands))


def test_the_command_itself_refuses_what_nobody_else_agreed_to(world: World) -> None:
    case = rated(world)
    request = ask(world, case, X, world.supervisor)
    for person in (world.supervisor, world.chief):
        with pytest.raises(PermissionDenied):
            surveys.exclude_survey(request=request, actor=person, now=world.now)
    assert case.surveys.get().excluded_at is None


def test_a_request_about_an_earlier_rating_does_not_strike_a_later_one(world: World) -> None:
    case = rated(world, solved=False)
    request = ask(world, case, X)
    review.reopen_case(case_id=case.pk, actor=world.supervisor, now=world.now, reason="属实")
    for step in ("submit", "verify"):
        STEPS[step](world, case.pk, world.now, world.category, case.priority)
    answer = surveys.SurveyAnswer(True, Satisfaction.SATISFIED)
    surveys.record_survey(case_id=case.pk, actor=RESIDENT, now=world.now, answer=answer)
    with pytest.raises(ValidationError, match="后来又评价过"):
        agree(world, Request.objects.get(pk=request.pk), world.supervisor)
    assert not case.surveys.exclude(excluded_at=None).exists()
    decide_request(request_id=request.pk, actor=world.supervisor, now=world.now, agree=False, note="已重办")
