"""Whole lives of cases through the commands: states, holders, clocks, history."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.events import verify_all
from cases.models import Answer, Case, Survey
from cases.terms import END_STATES, ClockKind, Priority, RequestKind, ResultCode, Satisfaction, State
from tests.factories import ROADS, World
from workflows import permissions as may
from workflows.commands import adjust, council, handling, intake, review, supervise, surveys
from workflows.commands.sweep import sweep
from workflows.lifecycle import HOLDERS, CaseLifecycle
from workflows.limits import NoLimit, _version_limits
from workflows.models import Clock
from workflows.sla import STAGE_CLOCK

hours, days = (lambda n: timedelta(hours=n)), (lambda n: timedelta(days=n))


def live(case: Case) -> dict[str, Clock]:
    return {c.kind: c for c in Clock.objects.filter(case=case, stopped_at=None)}


@pytest.mark.parametrize("state", sorted(ROADS))
def test_every_state_has_its_one_holder_and_its_one_running_stage_clock(world: World, state: str) -> None:
    case = world.case(state)
    assert case.state == state
    running = {k for k, c in live(case).items() if c.paused_at is None and k != ClockKind.OVERALL}
    if State(state) in END_STATES:
        assert (case.holder_role, live(case), case.due_at) == ("", {}, None)
    else:
        assert case.holder_role == HOLDERS[State(state)]
        assert running == {STAGE_CLOCK[State(state)]}
        assert ClockKind.OVERALL in live(case)
        assert case.due_at == live(case)[STAGE_CLOCK[State(state)]].due_at
    assert case.version == case.events.count()
    assert verify_all().broken == []


def test_a_case_is_numbered_for_life(world: World) -> None:
    case = world.report()
    assert case.number == f"2026-{case.pk:06d}"


def test_a_phone_that_sends_twice_makes_one_case(world: World) -> None:
    assert world.report(client_key="k1").pk == world.report(client_key="k1").pk
    assert Case.objects.count() == 1


def test_a_report_without_words_names_the_fields(world: World) -> None:
    with pytest.raises(ValidationError) as caught:
        world.report(title=" ", description="")
    assert set(caught.value.message_dict) == {"title", "description"}


def test_a_report_outside_the_own_grid_is_refused(world: World) -> None:
    with pytest.raises(PermissionDenied):
        world.report(actor=world.other_grid_worker)


def test_a_move_that_the_state_forbids_is_a_conflict_and_not_a_refusal(world: World) -> None:
    case = world.case("closed")
    with pytest.raises(TransitionNotAllowed):
        intake.accept_case(
            case_id=case.pk, actor=world.desk, now=world.now, category=world.category, priority=Priority.NORMAL
        )


def test_the_wrong_person_is_refused_and_nothing_changes(world: World) -> None:
    case = world.case("reported")
    with pytest.raises(PermissionDenied):
        intake.accept_case(
            case_id=case.pk, actor=world.supervisor, now=world.now, category=world.category, priority=Priority.NORMAL
        )
    again = Case.objects.get(pk=case.pk)
    assert (again.state, again.version) == ("reported", 1)


def test_the_acceptance_clock_waits_for_information_and_gives_back_what_was_left(world: World) -> None:
    case = world.case("reported")  # Monday 09:00, due Tuesday 17:30
    intake.request_info(case_id=case.pk, actor=world.desk, now=world.now + hours(1), question="哪一栋？")
    assert live(case)[ClockKind.ACCEPT].paused_at == world.now + hours(1)
    intake.supply_info(case_id=case.pk, actor=world.grid_worker, now=world.now + days(1) + hours(1), answer="三栋")
    assert live(case)[ClockKind.ACCEPT].due_at == world.now + days(2) + hours(8.5)
    assert ClockKind.INFO not in live(case)


def test_a_hold_pauses_handling_and_watches_the_review_date(world: World) -> None:
    case = world.case("in_progress")
    due = live(case)[ClockKind.HANDLE].due_at
    review_at = (world.now + days(20)).isoformat()
    request = world.agreed(case, RequestKind.HOLD, review_at=review_at, reason_code="season")
    adjust.hold_case(request=request, actor=world.supervisor, now=world.now)
    held = Case.objects.get(pk=case.pk)
    assert (held.state, held.due_at) == ("on_hold", world.now + days(20))
    adjust.resume_case(case_id=case.pk, actor=world.member, now=world.now + days(7))
    assert live(case)[ClockKind.HANDLE].due_at == due + days(7)


def test_an_extension_moves_the_limit_to_the_moment_agreed(world: World) -> None:
    case = world.case("in_progress")
    until = world.now + days(40)
    request = world.agreed(case, RequestKind.EXTENSION, until=until.isoformat())
    adjust.extend_case(request=request, actor=world.supervisor, now=world.now)
    assert Case.objects.get(pk=case.pk).due_at == until
    assert live(case)[ClockKind.OVERALL].due_at == until


def test_a_returned_case_does_not_get_its_time_anew(world: World) -> None:
    case = world.case("in_progress")
    due = live(case)[ClockKind.HANDLE].due_at
    request = world.agreed(case, RequestKind.RETURN)
    request.decided_by = world.dispatcher
    request.save()
    later = world.now + days(2)
    moved = handling.return_to_dispatch(request=request, actor=world.dispatcher, now=later)
    assert (moved.case.state, moved.case.team_id) == ("accepted", None)
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=later, team=world.other_team)
    handling.sign_case(case_id=case.pk, actor=world.other_member, now=later, handler=world.other_member)
    assert live(case)[ClockKind.HANDLE].due_at == due


def test_the_third_return_makes_the_dispatch_a_supervisors_and_final(world: World) -> None:
    case = world.case("accepted")
    for n in range(3):
        actor = world.dispatcher
        handling.dispatch_case(case_id=case.pk, actor=actor, now=world.now, team=world.team)
        request = world.agreed(case, RequestKind.RETURN)
        handling.return_to_dispatch(request=request, actor=world.supervisor, now=world.now)
        assert Case.objects.get(pk=case.pk).dispatch_is_final is (n == 2)
    with pytest.raises(PermissionDenied):
        handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team)
    handling.dispatch_case(case_id=case.pk, actor=world.supervisor, now=world.now, team=world.team)


def test_a_move_of_two_people_needs_the_agreed_request(world: World) -> None:
    case = world.case("in_progress")
    from workflows.commands._transition import transition  # noqa: PLC0415

    with pytest.raises(TransitionNotAllowed):
        transition("hold", case.pk, actor=world.supervisor, now=world.now)


def test_rework_goes_on_with_the_time_that_was_left(world: World) -> None:
    case = world.case("submitted")
    due = Clock.objects.get(case=case, kind=ClockKind.HANDLE).due_at
    review.send_back_case(case_id=case.pk, actor=world.grid_worker, now=world.now + days(1), missing="还有一盏")
    clock = live(case)[ClockKind.HANDLE]
    assert clock.due_at == due + days(1)
    assert clock.alarm_at is not None


def test_the_handler_never_verifies(world: World) -> None:
    case = world.case("submitted")
    for person in (world.member, world.leader):
        with pytest.raises(PermissionDenied):
            review.verify_case(case_id=case.pk, actor=person, now=world.now, finding="好了")


def test_a_planned_result_needs_its_date_and_keeps_it_as_an_obligation(world: World) -> None:
    case = world.case("in_progress")
    submit = {"case_id": case.pk, "actor": world.member, "now": world.now, "result_text": "已列入计划"}
    with pytest.raises(ValidationError) as caught:
        handling.submit_case(**submit, result_code=ResultCode.PLANNED)
    assert "promised_date" in caught.value.message_dict
    promised = (world.now + days(60)).date()
    handling.submit_case(**submit, result_code=ResultCode.PLANNED, promised_date=promised)
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=world.now, finding="属实")
    surveys.close_unanswered(case_id=case.pk, now=world.now)
    promise = live(case)[ClockKind.PROMISE]
    assert promise.due_at.astimezone(world.now.tzinfo).date() == promised
    review.keep_promise(case_id=case.pk, actor=world.member, now=world.now + days(30), what="已完工")
    assert live(case) == {}


def test_a_category_that_asks_for_a_photo_gets_one(world: World) -> None:
    case = world.case("in_progress", accepted_as=world.photo_category)
    with pytest.raises(ValidationError) as caught:
        handling.submit_case(
            case_id=case.pk, actor=world.member, now=world.now, result_code=ResultCode.SOLVED, result_text="已清理"
        )
    assert "photos" in caught.value.message_dict


def test_the_reporter_is_answered_in_every_end_state(world: World) -> None:
    rejected = world.case("rejected", resident=True)
    answered = world.case("answered", resident=True)
    main, merged = world.case("in_progress", resident=True), world.case("reported", resident=True)
    adjust.merge_case(case_id=merged.pk, main_case_id=main.pk, actor=world.desk, now=world.now, reason="同一事项")
    handling.submit_case(
        case_id=main.pk, actor=world.member, now=world.now, result_code=ResultCode.SOLVED, result_text="好了"
    )
    review.verify_case(case_id=main.pk, actor=world.grid_worker, now=world.now, finding="好了")
    kinds = {(a.case_id, a.kind) for a in Answer.objects.filter(reporter__isnull=False)}
    assert kinds == {
        (rejected.pk, "rejected"),
        (answered.pk, "verified"),
        (main.pk, "verified"),
        (merged.pk, "merged"),
        (merged.pk, "verified"),
    }


def test_a_merged_case_can_be_split_off_while_its_main_case_is_open(world: World) -> None:
    main, other = world.case("in_progress"), world.case("accepted")
    adjust.merge_case(case_id=other.pk, main_case_id=main.pk, actor=world.desk, now=world.now, reason="同一事项")
    assert Case.objects.get(pk=other.pk).state == "merged"
    moved = adjust.split_off_case(case_id=other.pk, actor=world.desk, now=world.now, reason="不是一回事")
    assert (moved.case.state, moved.case.main_case_id) == ("accepted", None)
    assert ClockKind.DISPATCH in live(other)


def test_a_case_is_never_merged_into_a_merged_one_or_into_itself(world: World) -> None:
    main, other, third = world.case("accepted"), world.case("accepted"), world.case("accepted")
    merge = {"actor": world.desk, "now": world.now, "reason": "同一事项"}
    adjust.merge_case(case_id=other.pk, main_case_id=main.pk, **merge)
    for case_id, main_id in ((third.pk, other.pk), (third.pk, third.pk)):
        with pytest.raises(ValidationError):
            adjust.merge_case(case_id=case_id, main_case_id=main_id, **merge)


def test_a_decision_with_follow_ups_goes_back_to_the_team(world: World) -> None:
    case = world.case("deliberating")
    task = council.Task("划线", world.team, (world.now + days(10)).date())
    decision = council.DecisionRecord("〔2026〕1号", "adopted", "划定车位", world.now.date(), follow_ups=[task])
    moved = council.take_decision(case_id=case.pk, actor=world.secretary, now=world.now + days(1), decision=decision)
    assert moved.case.state == "in_progress"
    assert moved.case.decisions.get().follow_ups.get().owner == world.team
    clock = live(case)[ClockKind.HANDLE]
    assert clock.paused_at is None


def test_a_decision_needs_what_follows_or_an_explicit_nothing(world: World) -> None:
    case = world.case("deliberating")
    decision = council.DecisionRecord("〔2026〕1号", "adopted", "划定车位", world.now.date())
    with pytest.raises(ValidationError) as caught:
        council.take_decision(case_id=case.pk, actor=world.secretary, now=world.now, decision=decision)
    assert "nothing_to_do" in caught.value.message_dict


def test_not_solved_asks_for_another_round_and_solved_closes(world: World) -> None:
    bad = surveys.SurveyAnswer(False, Satisfaction.DISSATISFIED, "还是不亮")
    good = surveys.SurveyAnswer(True, Satisfaction.SATISFIED)
    case = world.case("answered", resident=True)
    moved = surveys.record_survey(case_id=case.pk, actor=may.RESIDENT, now=world.now, answer=bad)
    assert moved.case.state == "reopen_requested"
    moved = review.reopen_case(case_id=case.pk, actor=world.supervisor, now=world.now, reason="属实")
    assert (moved.case.state, moved.case.round) == ("in_progress", 2)
    assert {(c.kind, c.round) for c in live(case).values()} == {("handle", 2), ("overall", 2)}
    other = world.case("answered")
    moved = surveys.record_survey(case_id=other.pk, actor=world.survey_desk, now=world.now, answer=good)
    assert (moved.case.state, Survey.objects.get(case=other).channel) == ("closed", "phone")


def test_nobody_answers_a_survey_on_a_case_that_they_handled(world: World) -> None:
    from cases.models import RoleAssignment  # noqa: PLC0415

    case = world.case("answered")
    RoleAssignment.objects.create(user=world.member, role="survey_desk", area=world.street, valid_from="2020-01-01")
    good = surveys.SurveyAnswer(True, Satisfaction.SATISFIED)
    with pytest.raises(PermissionDenied):
        surveys.record_survey(case_id=case.pk, actor=world.member, now=world.now, answer=good)


def test_the_window_for_reopening_by_link_ends(world: World) -> None:
    case = world.case("closed")
    with pytest.raises(ValidationError):
        surveys.request_reopen(case_id=case.pk, actor=may.RESIDENT, now=world.now + days(31), words="又坏了")
    moved = surveys.request_reopen(case_id=case.pk, actor=may.RESIDENT, now=world.now + days(29), words="又坏了")
    assert moved.case.state == "reopen_requested"
    declined = review.decline_reopen(case_id=case.pk, actor=world.supervisor, now=world.now + days(29), reason="他因")
    assert declined.case.state == "closed"


def test_urging_stays_in_the_history_and_moves_nothing(world: World) -> None:
    case = world.case("in_progress")
    supervise.urge_case(case_id=case.pk, actor=world.supervisor, now=world.now, words="请抓紧")
    again = Case.objects.get(pk=case.pk)
    assert (again.state, again.version) == ("in_progress", case.version + 1)


def test_correcting_the_priority_recomputes_from_the_original_moment(world: World) -> None:
    from workflows.models import PolicyVersion, SlaPolicy  # noqa: PLC0415

    SlaPolicy.objects.create(
        version=PolicyVersion.objects.get(), clock="handle", priority="urgent", amount=3, unit="working_days",
        calendar=world.calendar,
    )  # fmt: skip
    case = world.case("in_progress")
    adjust.correct_facts(
        case_id=case.pk,
        actor=world.dispatcher,
        now=world.now + days(1),
        category=world.category,
        priority=Priority.URGENT,
        reason="有老人摔倒",
    )
    again = Case.objects.get(pk=case.pk)
    assert again.due_at == world.now + days(3) + hours(8.5)
    assert again.events.order_by("-seq")[0].data["limits"]["handle"]["is"].startswith("2026-03-05")


def test_a_sweep_rings_each_mark_once_and_never_early(world: World) -> None:
    case = world.case("in_progress")
    clock = live(case)[ClockKind.HANDLE]
    assert sweep(now=clock.warn_at - timedelta(seconds=1))["clocks"] == 0
    assert sweep(now=clock.warn_at)["warned"] == 1
    assert sweep(now=clock.warn_at)["clocks"] == 0
    late = sweep(now=clock.due_at + days(1))
    assert late["overdue"] == 1
    assert sweep(now=clock.due_at + days(1))["overdue"] == 0
    assert case.events.filter(type="clock.overdue").count() == 1


def test_after_a_long_sleep_only_the_overdue_mark_is_made(world: World) -> None:
    world.case("in_progress")
    rang = sweep(now=world.now + days(100))
    assert (rang["warned"], rang["overdue"]) == (0, 2)  # handling and overall


def test_the_survey_clock_closes_the_unanswered(world: World) -> None:
    case = world.case("answered")
    rang = sweep(now=world.now + days(8))
    assert rang["closed_unanswered"] == 1
    survey = Survey.objects.get(case=case)
    assert (survey.channel, survey.solved, survey.satisfaction) == ("none", None, "")
    assert CaseLifecycle.objects.get(pk=case.pk).state == "closed"
    assert verify_all().broken == []


def test_a_queryset_cannot_move_cases(world: World) -> None:
    with pytest.raises(TypeError):
        Case.objects.update(state="closed")


def test_the_state_cannot_be_set_by_hand(world: World) -> None:
    case = world.case("reported")
    with pytest.raises(AttributeError):
        case.state = "closed"


def test_a_move_whose_clock_cannot_start_leaves_nothing_behind(world: World) -> None:
    from workflows.models import SlaPolicy  # noqa: PLC0415

    case = world.case("accepted")
    SlaPolicy.objects.filter(clock="sign").delete()
    _version_limits.cache_clear()  # as a process that starts now
    with pytest.raises(NoLimit, match="sign"):
        handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team)
    again = Case.objects.get(pk=case.pk)
    assert (again.state, again.version, again.team_id) == ("accepted", case.version, None)
    assert set(live(case)) == {ClockKind.DISPATCH, ClockKind.OVERALL}
    assert verify_all().broken == []
