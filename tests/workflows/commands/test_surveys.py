"""Who is asked how it went, by which token, and who never takes it down."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import override_settings
from django_fsm import TransitionNotAllowed

from cases.commands import Person, issue_link, link_token, resident_link
from cases.events import verify_all
from cases.models import Case, Reporter, ResidentLink, RoleAssignment, Survey, SurveyInvitation, User
from cases.terms import AnswerWay, EventType, Role, Satisfaction, SurveyChannel
from tests.factories import STEPS, World, user
from workflows.commands import handling, review, surveys
from workflows.hands import had_a_hand
from workflows.invitations import SURVEY_LIFE, SURVEY_PAUSE, invitation_of_token, invitation_token
from workflows.lifecycle import CaseLifecycle
from workflows.permissions import RESIDENT

GOOD = surveys.SurveyAnswer(True, Satisfaction.SATISFIED)
BAD = surveys.SurveyAnswer(False, Satisfaction.DISSATISFIED, "还是不亮", ("not_done", "slow"), "en")
DAY = timedelta(days=1)


def both(world: World, login: str = "both") -> User:
    """Somebody of the survey desk who can be given a hand in a case."""
    return user(login, "两任", Role.SURVEY_DESK, area=world.street)


def again(person: User) -> User:
    """As in another request: roles not read yet."""
    return User.objects.get(pk=person.pk)


def answered_again(world: World, case: Case) -> None:
    """Not solved, reopened, done and verified once more."""
    surveys.record_survey(case_id=case.pk, actor=RESIDENT, now=world.now, answer=BAD)
    review.reopen_case(case_id=case.pk, actor=world.supervisor, now=world.now, reason="属实")
    for step in ("submit", "verify"):
        STEPS[step](world, case.pk, world.now, world.category, case.priority)


def test_an_answered_reporter_is_invited_once_and_only_the_hash_is_kept(world: World) -> None:
    case = world.case("answered", resident=True)
    invitation = SurveyInvitation.objects.get()
    assert (invitation.case_id, invitation.reporter_id, invitation.round) == (case.pk, case.reporter_id, 1)
    assert (invitation.way, invitation.issued_by, invitation.used_at) == ("message", None, None)
    assert invitation.expires_at == world.now + SURVEY_LIFE
    said = case.events.get(type=EventType.VERIFIED)
    assert (said.data["way"], said.data["invitation"]) == ("message", invitation.pk)
    token = invitation_token(invitation)
    assert len(token) >= 32
    kept = [str(value) for value in SurveyInvitation.objects.values().get().values()]
    assert not any(token in value for value in kept)
    assert token not in str(said.data)
    assert verify_all().broken == []


def test_a_token_opens_its_invitation_only_and_depends_on_the_secret_key(world: World) -> None:
    world.case("answered", resident=True)
    invitation = SurveyInvitation.objects.get()
    token = invitation_token(invitation)
    found = invitation_of_token(token, now=world.now)
    assert found == invitation
    for guess in ("", token[:-1], token.swapcase(), invitation.salt, invitation.token_hash, f"{token}A"):
        assert invitation_of_token(guess, now=world.now) is None
    assert invitation_of_token(token, now=world.now + SURVEY_LIFE) is None
    with override_settings(SECRET_KEY="another key, as long as it must be to be one"):
        assert invitation_token(invitation) != token


def test_two_invitations_never_share_a_token_and_a_link_is_none(world: World) -> None:
    case = world.case("answered", resident=True)
    answered_again(world, case)
    first, second = SurveyInvitation.objects.order_by("pk")
    assert invitation_token(first) != invitation_token(second)
    assert invitation_of_token(link_token(resident_link(case, now=world.now)), now=world.now) is None


@pytest.mark.parametrize("given", [
    {"email": ""}, {"opted_out": True}, {"answer_way": AnswerWay.PHONE}, {"answer_way": AnswerWay.PAGE},
])  # fmt: skip
def test_whom_no_message_reaches_is_not_invited_and_nothing_says_so(world: World, given: dict[str, object]) -> None:
    case = world.case("submitted", resident=True)
    Reporter.objects.update(**given)
    STEPS["verify"](world, case.pk, world.now, world.category, case.priority)
    assert not SurveyInvitation.objects.exists()
    assert "invitation" not in case.events.get(type=EventType.VERIFIED).data


def test_a_case_of_nobody_invites_nobody(world: World) -> None:
    world.case("answered")
    assert not SurveyInvitation.objects.exists()


@pytest.mark.parametrize(("after", "asked"), [(DAY, 1), (SURVEY_PAUSE - DAY, 1), (SURVEY_PAUSE + DAY, 2)])
def test_nobody_is_invited_about_another_case_within_ninety_days(world: World, after: timedelta, asked: int) -> None:
    world.case("answered", resident=True)
    world.case("answered", resident=True, now=world.now + after)
    assert SurveyInvitation.objects.count() == asked


def test_who_rated_by_the_own_link_is_not_invited_about_another_case_either(world: World) -> None:
    case = world.case("answered", resident=True)
    surveys.record_survey(case_id=case.pk, actor=RESIDENT, now=world.now, answer=GOOD)
    SurveyInvitation.objects.all().delete()
    world.case("answered", resident=True, now=world.now + DAY)
    assert not SurveyInvitation.objects.exists()


def test_a_survey_that_nobody_answered_is_no_rating(world: World) -> None:
    case = world.case("closed", resident=True)
    assert Survey.objects.get(case=case).channel == SurveyChannel.NONE
    SurveyInvitation.objects.all().delete()
    world.case("answered", resident=True, now=world.now + DAY)
    assert SurveyInvitation.objects.count() == 1


def test_the_same_phone_is_the_same_person_and_a_neighbour_is_another(world: World) -> None:
    world.case("answered", resident=True)
    same = Person("王小明", "138 0013 8000", "wang@example.com", "另一处住址")
    world.case("answered", reporter=same)
    assert SurveyInvitation.objects.count() == 1
    world.case("answered", reporter=Person("李四", "13900139000", "li@example.com"))
    world.case("answered", reporter=Person("张三", "", "zhang@example.com"))
    world.case("answered", reporter=Person("赵六", "", "zhao@example.com"))  # no phone is nobody's phone
    assert SurveyInvitation.objects.count() == 4


def test_another_round_of_the_same_case_invites_again(world: World) -> None:
    case = world.case("answered", resident=True)
    answered_again(world, case)
    assert [row.round for row in SurveyInvitation.objects.order_by("pk")] == [1, 2]


@pytest.mark.parametrize(("by", "used"), [("resident", 2), ("survey_desk", 0)])
def test_a_rating_by_whatever_way_is_the_only_one_of_its_round(world: World, by: str, used: int) -> None:
    case = world.case("answered", resident=True)
    surveys.issue_survey_slip(case_id=case.pk, actor=world.survey_desk, now=world.now)
    actor = RESIDENT if by == "resident" else world.survey_desk
    surveys.record_survey(case_id=case.pk, actor=actor, now=world.now, answer=GOOD)
    assert SurveyInvitation.objects.filter(used_at=world.now).count() == used
    with pytest.raises(TransitionNotAllowed):
        surveys.record_survey(case_id=case.pk, actor=RESIDENT, now=world.now, answer=BAD)
    assert Survey.objects.get().solved is True


def test_the_rating_keeps_reasons_of_the_list_and_the_language_of_the_page(world: World) -> None:
    case = world.case("answered", resident=True)
    made_up = surveys.SurveyAnswer(False, Satisfaction.DISSATISFIED, "还是不亮", ("slow", "made_up", "not_done"), "en")
    surveys.record_survey(case_id=case.pk, actor=RESIDENT, now=world.now, answer=made_up)
    survey = Survey.objects.get()
    assert (survey.reasons, survey.reason_words) == (["not_done", "slow"], ["没办或没办完", "办得慢"])
    assert (survey.language, survey.channel) == ("en", "link")
    assert case.events.get(type=EventType.SURVEY_RECORDED).data["reasons"] == ["not_done", "slow"]


@pytest.mark.parametrize(
    "hand", ["signed", "submitted", "verified", "reassigned", "named", "handler", "team", "co_team"]
)
def test_who_had_a_hand_in_a_case_neither_calls_nor_hands_out_a_slip(world: World, hand: str) -> None:
    case, person = world.case("answered", resident=True), both(world)
    if hand in ("signed", "submitted", "verified"):
        case.events.filter(type=f"case.{hand}").update(actor=person)
    elif hand == "reassigned":
        case.events.filter(type=EventType.SIGNED).update(type=EventType.REASSIGNED, actor=person)
    elif hand == "named":  # made handler once, replaced since
        case.events.filter(type=EventType.SIGNED).update(data={"handler": person.pk})
    elif hand == "handler":
        Case.objects.filter(pk=case.pk).update(handler=person)
    else:
        team = world.team if hand == "team" else world.other_team
        RoleAssignment.objects.create(user=person, role=Role.TEAM_MEMBER, team=team, valid_from="2020-01-01")
        case.co_teams.set([world.other_team])
    with pytest.raises(PermissionDenied):
        surveys.record_survey(case_id=case.pk, actor=again(person), now=world.now, answer=GOOD)
    with pytest.raises(PermissionDenied):
        surveys.issue_survey_slip(case_id=case.pk, actor=again(person), now=world.now)
    assert not Survey.objects.exists()
    assert SurveyInvitation.objects.count() == 1
    surveys.record_survey(case_id=case.pk, actor=again(both(world, "free")), now=world.now, answer=GOOD)


def test_who_answered_a_part_of_a_dispatch_does_not_call_although_of_the_team_no_more(world: World) -> None:
    case, person = world.case("answered", resident=True), both(world)
    case.events.filter(type=EventType.SUBMITTED).update(type=EventType.PART_ANSWERED, actor=person)
    with pytest.raises(PermissionDenied):
        surveys.record_survey(case_id=case.pk, actor=again(person), now=world.now, answer=GOOD)


def test_a_member_who_came_to_the_team_after_it_was_done_does_not_call(world: World) -> None:
    case, late = world.case("answered", resident=True), both(world)
    surveys.issue_survey_slip(case_id=case.pk, actor=again(late), now=world.now)
    RoleAssignment.objects.create(user=late, role=Role.TEAM_LEADER, team=world.team, valid_from="2020-01-01")
    with pytest.raises(PermissionDenied):
        surveys.record_survey(case_id=case.pk, actor=again(late), now=world.now, answer=GOOD)


def test_who_opted_out_is_not_called_and_gets_no_slip(world: World) -> None:
    case = world.case("answered", resident=True)
    Reporter.objects.update(opted_out=True)
    with pytest.raises(ValidationError, match="谢绝回访"):
        surveys.record_survey(case_id=case.pk, actor=world.survey_desk, now=world.now, answer=GOOD)
    with pytest.raises(ValidationError, match="谢绝回访"):
        surveys.issue_survey_slip(case_id=case.pk, actor=world.survey_desk, now=world.now)
    assert not Survey.objects.exists()
    surveys.record_survey(case_id=case.pk, actor=RESIDENT, now=world.now, answer=GOOD)  # of their own accord


def test_a_slip_names_who_gave_it_and_is_for_a_case_that_waits(world: World) -> None:
    case = world.case("answered")
    token = surveys.issue_survey_slip(case_id=case.pk, actor=world.survey_desk, now=world.now)
    slip = SurveyInvitation.objects.get()
    assert (slip.way, slip.issued_by, slip.reporter_id) == ("slip", world.survey_desk, None)
    assert invitation_of_token(token, now=world.now) == slip
    said = case.events.get(type=EventType.SURVEY_INVITED)
    assert (said.actor, said.data) == (world.survey_desk, {"way": "slip", "invitation": slip.pk})
    for person in (world.desk, world.grid_worker, world.member, world.supervisor, world.admin):
        with pytest.raises(PermissionDenied):
            surveys.issue_survey_slip(case_id=case.pk, actor=person, now=world.now)
    for state in ("submitted", "closed"):
        with pytest.raises(ValidationError, match="待回访"):
            surveys.issue_survey_slip(case_id=world.case(state).pk, actor=world.survey_desk, now=world.now)
    assert SurveyInvitation.objects.count() == 1


def test_a_link_that_staff_hand_over_is_never_the_one_of_messages(world: World) -> None:
    case = world.case("answered", resident=True)
    token = issue_link(case_id=case.pk, actor=world.desk, now=world.now)
    own = resident_link(case, now=world.now)
    assert own.handed_by is None
    assert link_token(own) != token
    assert issue_link(case_id=case.pk, actor=world.survey_desk, now=world.now) == token
    assert link_token(resident_link(case, now=world.now)) == link_token(own)
    assert {link.handed_by for link in ResidentLink.objects.all()} == {None, world.desk}


def test_a_member_of_a_co_handling_team_has_a_hand_in_it(world: World) -> None:
    joint = world.case("accepted")
    part = handling.CoHandling(world.other_team, "清运", world.now + 2 * DAY)
    handling.dispatch_case(case_id=joint.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part])
    member = both(world)
    RoleAssignment.objects.create(user=member, role=Role.TEAM_MEMBER, team=world.other_team, valid_from="2020-01-01")
    assert had_a_hand(CaseLifecycle.objects.get(pk=joint.pk), again(member))
    assert not had_a_hand(CaseLifecycle.objects.get(pk=joint.pk), world.survey_desk)
