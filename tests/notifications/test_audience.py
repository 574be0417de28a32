from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.template.loader import get_template

from cases.commands import Person, add_note, issue_link, reveal_reporter
from cases.models import Case, CaseEvent, Reporter, RoleAssignment, User
from cases.terms import EventType, Priority, RejectReason, RequestKind, ResultCode, Role, Satisfaction, Source
from notifications.audience import AUDIENCE
from notifications.models import Delivery
from notifications.relay import relay
from notifications.render import render
from tests.factories import SHANGHAI, STEPS, World, user
from workflows import permissions as may
from workflows.commands import adjust, handling, history, intake, review, supervise, surveys
from workflows.commands.calendar import publish_calendar
from workflows.commands.sweep import sweep
from workflows.flows.approval import ask_request, decide_request, withdraw_request
from workflows.flows.joint import answer_part, dispatch_jointly
from workflows.models import CalendarDay, Part

DAY = timedelta(days=1)
RESIDENT = "resident"


def told(world: World, event_type: str) -> set[str]:
    """Who was told of the newest event of a type, once everything is relayed."""
    relay(now=world.now)
    event = CaseEvent.objects.filter(type=event_type).latest("pk")
    rows = event.deliveries.exclude(state="cancelled").select_related("recipient_user")
    return {row.recipient_user.username if row.recipient_user else RESIDENT for row in rows}


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_has_its_row_and_tells_somebody_or_says_why_nobody(event_type: EventType) -> None:
    row = AUDIENCE[event_type]
    tells = bool(row.colleagues) or row.resident
    assert tells != bool(row.nobody_because)


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_that_tells_somebody_has_its_words(event_type: EventType) -> None:
    row = AUDIENCE[event_type]
    if row.colleagues:
        assert get_template(f"notifications/{event_type}.txt")
    if row.resident:
        assert get_template(f"notifications/{event_type}.resident.txt")


@pytest.mark.parametrize("event_type", [*EventType, "case.from_the_future"])
def test_an_event_with_nothing_in_it_holds_up_nobody(world: World, event_type: str) -> None:
    world.case("in_progress", resident=True)
    CaseEvent.objects.filter(type="case.signed").update(type=event_type, data={})
    assert relay(now=world.now) > 0
    assert not CaseEvent.objects.filter(relayed_at=None).exists()


def test_a_whole_life_tells_each_person_at_their_turn(world: World) -> None:
    case = world.report(resident=True)
    pk, now = case.pk, world.now
    assert told(world, "case.reported") == {"desk"}
    intake.request_info(case_id=pk, actor=world.desk, now=now, question="哪一栋？")
    assert told(world, "case.info_requested") == {"grid"}
    intake.supply_info(case_id=pk, actor=world.grid_worker, now=now, answer="三栋。")
    assert told(world, "case.info_supplied") == {"desk"}
    intake.accept_case(case_id=pk, actor=world.desk, now=now, category=world.category, priority=Priority.NORMAL)
    assert told(world, "case.accepted") == {"dispatcher", RESIDENT}
    part = handling.CoHandling(world.other_team, "清运", now + DAY)
    dispatch_jointly(case_id=pk, actor=world.dispatcher, now=now, team=world.team, co_handlers=[part])
    assert told(world, "case.dispatched") == {"member", "leader", "member2"}
    handling.sign_case(case_id=pk, actor=world.leader, now=now, handler=world.member)
    assert told(world, "case.signed") == {"member"}
    answer_part(part_id=Part.objects.get().pk, actor=world.other_member, now=now, answer="已清运。")
    assert told(world, "part.answered") == {"member", "leader"}
    handling.submit_case(
        case_id=pk, actor=world.member, now=now, result_code=ResultCode.SOLVED, result_text="已换灯泡。"
    )
    assert told(world, "case.submitted") == {"grid"}
    review.send_back_case(case_id=pk, actor=world.grid_worker, now=now, missing="还有一盏")
    assert told(world, "case.sent_back") == {"member"}
    handling.submit_case(case_id=pk, actor=world.member, now=now, result_code=ResultCode.SOLVED, result_text="两盏。")
    review.verify_case(case_id=pk, actor=world.desk, now=now, finding="都亮了。")
    assert told(world, "case.verified") == {"survey", "grid", RESIDENT}
    not_solved = surveys.SurveyAnswer(solved=False, satisfaction=Satisfaction.DISSATISFIED, words="又不亮了。")
    surveys.record_survey(case_id=pk, actor=world.survey_desk, now=now, answer=not_solved)
    assert told(world, "case.survey_recorded") == {"supervisor", RESIDENT}
    review.reopen_case(case_id=pk, actor=world.supervisor, now=now, reason="确实不亮")
    assert told(world, "case.reopened") == {"member", "leader", RESIDENT}
    handling.reassign_case(case_id=pk, actor=world.leader, now=now, handler=world.leader)
    assert told(world, "case.reassigned") == set()  # the leader hands it to themself
    supervise.urge_case(case_id=pk, actor=world.supervisor, now=now, words="请抓紧。")
    assert told(world, "case.urged") == {"leader"}


def test_the_end_of_a_case_is_told_to_its_resident(world: World) -> None:
    world.case("rejected", resident=True)
    assert told(world, "case.rejected") == {"grid", RESIDENT}
    world.case("closed", resident=True)
    assert told(world, "case.closed_unanswered") == {RESIDENT}
    asked = world.case("reopen_requested", resident=True)
    assert told(world, "case.reopen_requested") == {"supervisor"}
    review.decline_reopen(case_id=asked.pk, actor=world.supervisor, now=world.now, reason="不是同一盏灯")
    assert told(world, "case.reopen_declined") == {RESIDENT}


def test_a_resident_is_not_told_what_they_have_just_said_themselves(world: World) -> None:
    case = world.case("answered", resident=True)
    solved = surveys.SurveyAnswer(solved=True, satisfaction=Satisfaction.SATISFIED)
    surveys.record_survey(case_id=case.pk, actor=may.RESIDENT, now=world.now, answer=solved)
    assert told(world, "case.survey_recorded") == set()


def test_a_council_hears_of_what_is_referred_and_the_next_one_of_its_decision(world: World) -> None:
    case = world.case("deliberating")
    assert told(world, "case.referred_to_council") == {"secretary"}
    STEPS["decide"](world, case.pk, world.now, world.category, Priority.NORMAL)
    assert told(world, "case.decision_taken") == {"grid"}


def test_a_request_goes_to_those_who_may_decide_and_comes_back_to_the_one_who_asked(world: World) -> None:
    case = world.case("in_progress", resident=True)
    asked: dict[str, Any] = {"case_id": case.pk, "actor": world.member, "now": world.now, "reason": "等配件"}
    review_at = {"review_at": (world.now + 10 * DAY).isoformat()}
    first = ask_request(kind=RequestKind.HOLD, reason_code="season", details=review_at, **asked)
    assert told(world, "request.asked") == {"supervisor"}
    decide_request(request_id=first.pk, actor=world.supervisor, now=world.now, agree=False, note="不必")
    assert told(world, "request.declined") == {"member"}
    second = ask_request(kind=RequestKind.HOLD, reason_code="season", details=review_at, **asked)
    decide_request(request_id=second.pk, actor=world.supervisor, now=world.now, agree=True)
    assert told(world, "request.agreed") == {"member"}
    assert told(world, "case.held") == {"leader"}  # the asker knows by the request already
    adjust.resume_case(case_id=case.pk, actor=world.supervisor, now=world.now)
    assert told(world, "case.resumed") == {"member"}


def test_a_voided_case_is_told_to_the_resident_and_to_those_who_worked_on_it(world: World) -> None:
    case = world.case("in_progress", resident=True)
    request = world.agreed(case, RequestKind.VOID, reason_code="test")
    adjust.void_case(request=request, actor=world.supervisor, now=world.now)
    assert told(world, "case.voided") == {"grid", RESIDENT}


def test_a_returned_case_is_told_to_the_dispatcher_and_an_extended_one_to_the_leader(world: World) -> None:
    case = world.case("in_progress")
    until = (world.now + 20 * DAY).isoformat()
    adjust.extend_case(
        request=world.agreed(case, RequestKind.EXTENSION, until=until), actor=world.supervisor, now=world.now
    )
    assert told(world, "case.extended") == {"leader"}
    returned = world.agreed(case, RequestKind.RETURN)
    handling.return_to_dispatch(request=returned, actor=world.supervisor, now=world.now)
    assert told(world, "case.returned_to_dispatch") == {"dispatcher"}


def test_merged_residents_get_the_answer_of_the_main_case_once_each(world: World) -> None:
    main, other, same = (world.report(resident=True) for _ in range(3))
    neighbour = Reporter.objects.create(name="李四", phone="13900139000", email="li@example.com")
    Case.objects.filter(pk=other.pk).update(reporter=neighbour)
    for case in (other, same):
        adjust.merge_case(case_id=case.pk, main_case_id=main.pk, actor=world.desk, now=world.now, reason="同一盏灯")
    assert told(world, "case.merged") == {"grid", RESIDENT}
    assert told(world, "case.merged_into") == set()  # the desk has the main case and merged it
    for step in ("accept", "dispatch", "sign", "submit", "verify"):
        STEPS[step](world, main.pk, world.now, world.category, Priority.NORMAL)
    relay(now=world.now)
    rows = Delivery.objects.filter(event__type="case.verified", channel="email").exclude(recipient_reporter=None)
    assert sorted(row.recipient_reporter_id or 0 for row in rows) == sorted([main.reporter_id or 0, neighbour.pk])
    assert not Delivery.objects.filter(event__type="case.accepted", recipient_reporter=neighbour).exists()


def test_a_case_split_off_is_told_to_its_resident_and_its_new_holder(world: World) -> None:
    main, other = world.case("accepted"), world.case("accepted", resident=True)
    adjust.merge_case(case_id=other.pk, main_case_id=main.pk, actor=world.desk, now=world.now, reason="同一盏灯")
    adjust.split_off_case(case_id=other.pk, actor=world.desk, now=world.now, reason="不是同一盏")
    assert told(world, "case.split_off") == {"dispatcher", RESIDENT}


def test_a_limit_that_comes_near_or_passed_is_told_to_the_holder_and_then_up_the_ladder(world: World) -> None:
    world.calendar.slapolicy_set.filter(clock="overall").update(amount=100)
    world.case("in_progress")
    relay(now=world.now)
    world.now = world.now + 11 * DAY
    sweep(now=world.now)
    assert told(world, "clock.warned") == {"member"}
    world.now = datetime(2026, 3, 16, 17, 30, tzinfo=SHANGHAI)
    sweep(now=world.now)
    assert told(world, "clock.overdue") == {"member"}
    for hour, person in ((21, "leader"), (24, "supervisor"), (72, "chief")):
        world.now = datetime(2026, 3, 16, 17, 30, tzinfo=SHANGHAI) + timedelta(hours=hour)
        sweep(now=world.now)
        assert told(world, "clock.escalated") == {person}


def test_a_limit_that_a_holiday_moved_is_told_to_the_holder(world: World) -> None:
    world.case("in_progress")
    CalendarDay.objects.create(calendar=world.calendar, date=date(2026, 3, 10), is_working=False)
    publish_calendar(world.calendar, source="通知", now=world.now)
    assert told(world, "clock.recomputed") == {"member"}


def test_a_survey_limit_that_passed_blames_nobody(world: World) -> None:
    world.case("answered", resident=True)
    world.now = world.now + 8 * DAY
    sweep(now=world.now)
    overdue = CaseEvent.objects.get(type="clock.overdue", data__clock="survey")
    relay(now=world.now)
    assert not overdue.deliveries.exists()
    assert told(world, "case.closed_unanswered") == {RESIDENT}


def test_errands_that_are_late_are_told(world: World) -> None:
    case = world.case("accepted")
    part = handling.CoHandling(world.other_team, "清运", world.now + DAY)
    dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part])
    handling.sign_case(case_id=case.pk, actor=world.member, now=world.now, handler=world.member)
    ask_request(
        case_id=case.pk, actor=world.member, now=world.now, kind=RequestKind.HOLD, reason="等配件",
        reason_code="season", details={"review_at": (world.now + 10 * DAY).isoformat()},
    )  # fmt: skip
    world.now = world.now + 5 * DAY
    sweep(now=world.now)
    assert told(world, "part.overdue") == {"member2", "member", "leader"}
    assert told(world, "request.overdue") == {"supervisor"}


def test_a_kept_promise_is_told_to_the_resident(world: World) -> None:
    case = world.case("in_progress", resident=True)
    handling.submit_case(
        case_id=case.pk, actor=world.member, now=world.now, result_code=ResultCode.PLANNED, result_text="列入计划",
        promised_date=date(2026, 5, 1),
    )  # fmt: skip
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=world.now, finding="属实")
    review.keep_promise(case_id=case.pk, actor=world.member, now=world.now, what="已换新灯")
    assert told(world, "promise.kept") == {RESIDENT}


@pytest.mark.parametrize(("given", "desk"), [
    ({}, False), ({"answer_way": "phone"}, True), ({"email": ""}, True), ({"answer_way": "phone", "phone": ""}, False),
    ({"answer_way": "page"}, False), ({"answer_way": "phone", "opted_out": True}, False),
])  # fmt: skip
def test_the_survey_desk_calls_whom_no_message_reaches(world: World, given: dict[str, Any], desk: bool) -> None:
    case = world.report(resident=True)
    Reporter.objects.update(**given)
    intake.reject_case(
        case_id=case.pk, actor=world.desk, now=world.now, reason=RejectReason.NOT_OURS, text="不归社区管。"
    )
    assert ("survey" in told(world, "case.rejected")) is desk
    said = render(CaseEvent.objects.latest("pk"), world.survey_desk, language="zh-hans", now=world.now).text
    assert (f"请回访员致电答复居民：{case.number}" in said) is desk


def test_the_desk_calls_those_of_merged_cases_and_with_a_kept_promise(world: World) -> None:
    main, other = world.report(resident=True), world.report()
    neighbour = Reporter.objects.create(name="李四", phone="13900139000", answer_way="phone")
    Case.objects.filter(pk=other.pk).update(reporter=neighbour)
    adjust.merge_case(case_id=other.pk, main_case_id=main.pk, actor=world.desk, now=world.now, reason="同一盏灯")
    for step in ("accept", "dispatch", "sign"):
        STEPS[step](world, main.pk, world.now, world.category, Priority.NORMAL)
    handling.submit_case(
        case_id=main.pk, actor=world.member, now=world.now, result_code=ResultCode.PLANNED, result_text="列入计划",
        promised_date=date(2026, 5, 1),
    )  # fmt: skip
    review.verify_case(case_id=main.pk, actor=world.grid_worker, now=world.now, finding="属实")
    review.keep_promise(case_id=main.pk, actor=world.member, now=world.now, what="已换新灯")
    for event_type in ("case.verified", "promise.kept"):
        assert "survey" in told(world, event_type)
        event = CaseEvent.objects.filter(type=event_type).latest("pk")
        said = render(event, world.survey_desk, language="zh-hans", now=world.now).text
        assert f"请回访员致电答复居民：{other.number}" in said


def test_a_declined_reopening_is_told_by_phone_too(world: World) -> None:
    case = world.case("reopen_requested", resident=True)
    Reporter.objects.update(answer_way="phone")
    review.decline_reopen(case_id=case.pk, actor=world.supervisor, now=world.now, reason="线路没有问题")
    assert "survey" in told(world, "case.reopen_declined")
    said = render(CaseEvent.objects.latest("pk"), world.survey_desk, language="en", now=world.now)
    assert case.number in said.subject
    assert "线路没有问题" in said.text


def test_a_correction_is_told_only_when_it_moves_a_limit(world: World) -> None:
    case = world.case("in_progress")
    change: dict[str, Any] = {"case_id": case.pk, "actor": world.desk, "now": world.now, "reason": "看错了"}
    adjust.correct_facts(category=world.photo_category, priority=Priority.NORMAL, **change)
    assert told(world, "case.facts_corrected") == set()
    CaseEvent.objects.filter(type="case.facts_corrected").update(
        relayed_at=None, data={"limits": {"handle": {"was": "2026-03-16", "is": "2026-03-10"}}}
    )
    assert told(world, "case.facts_corrected") == {"member"}


def test_looking_at_a_case_tells_nobody(world: World) -> None:
    case = world.case("in_progress", resident=True)
    add_note(case_id=case.pk, actor=world.desk, now=world.now, words="已电话联系")
    reveal_reporter(case_id=case.pk, actor=world.desk, now=world.now, reason="回电")
    issue_link(case_id=case.pk, actor=world.desk, now=world.now)
    for silent in ("case.note_added", "case.reporter_revealed", "case.link_issued"):
        assert told(world, silent) == set()


def test_only_the_nearest_level_that_has_a_holder_is_told(world: World) -> None:
    user("district_desk", "区受理", Role.DESK, area=world.district)
    near = user("near_desk", "社区受理", Role.DESK, area=world.community)
    world.report()
    assert told(world, "case.reported") == {"near_desk"}
    User.objects.filter(pk=near.pk).update(is_active=False)
    world.report()
    assert told(world, "case.reported") == {"desk"}
    RoleAssignment.objects.filter(user=world.desk).update(valid_to=world.now.date())
    world.report()
    assert told(world, "case.reported") == {"district_desk"}


def test_what_somebody_asked_for_is_decided_one_level_up_when_they_hold_the_deciding_role_themselves(
    world: World,
) -> None:
    user("district_supervisor", "区督办", Role.SUPERVISOR, area=world.district)
    case = world.case("in_progress")
    request = world.agreed(case, RequestKind.HOLD)
    type(request).objects.filter(pk=request.pk).update(
        state="asked", asked_by=world.supervisor, decided_by=None, decided_at=None
    )
    CaseEvent.objects.filter(type="case.signed").update(type="request.asked", data={"request": request.pk})
    assert told(world, "request.asked") == {"district_supervisor"}


def test_a_named_holder_who_left_is_stood_in_for_by_the_role(world: World) -> None:
    case = world.case("in_progress")
    User.objects.filter(pk=world.member.pk).update(is_active=False)
    supervise.urge_case(case_id=case.pk, actor=world.supervisor, now=world.now, words="请抓紧。")
    assert told(world, "case.urged") == {"leader"}


def test_a_holder_is_not_called_to_a_case_that_has_moved_on(world: World) -> None:
    world.case("in_progress", resident=True)
    relay(now=world.now)
    by_event = defaultdict(set)
    for row in Delivery.objects.select_related("event", "recipient_user"):
        name = row.recipient_user.username if row.recipient_user else RESIDENT
        by_event[row.event.type].add(name)
    assert by_event == {"case.accepted": {RESIDENT}, "case.dispatched": {"member", "leader"}}


def test_residents_who_opted_out_or_left_no_address_are_told_nothing(world: World) -> None:
    world.case("accepted", resident=True)
    Reporter.objects.update(opted_out=True)
    assert told(world, "case.accepted") == {"dispatcher"}
    without = world.case("accepted", resident=True)
    Reporter.objects.filter(pk=without.reporter_id).update(opted_out=False, email="")
    assert told(world, "case.accepted") == {"dispatcher"}


def test_history_that_was_imported_is_relayed_to_nobody(world: World) -> None:
    person = Person("王小明", "13800138000", "wang@example.com")
    report = intake.Report(area=world.grid, title="旧件", description="旧件", source=Source.IMPORT, reporter=person)
    history.adopt_case(report=report, reported_at=world.now - 9 * DAY, answer="已办", answered_at=world.now - DAY)
    intake.report_case(report=report, actor=may.IMPORT, now=world.now - DAY)
    assert relay(now=world.now) == 5
    assert not Delivery.objects.exists()
    assert not CaseEvent.objects.filter(relayed_at=None).exists()


def test_an_imported_case_that_goes_on_here_is_told_like_any_other(world: World) -> None:
    report = intake.Report(area=world.grid, title="旧件", description="旧件", source=Source.IMPORT)
    case = intake.report_case(report=report, actor=may.IMPORT, now=world.now)
    intake.accept_case(
        case_id=case.pk, actor=world.desk, now=world.now, category=world.category, priority=Priority.NORMAL
    )
    assert told(world, "case.accepted") == {"dispatcher"}


def test_a_request_that_was_withdrawn_meanwhile_calls_nobody_to_decide(world: World) -> None:
    case = world.case("in_progress")
    request = ask_request(
        case_id=case.pk, actor=world.member, now=world.now, kind=RequestKind.HOLD, reason="等配件",
        reason_code="season", details={"review_at": (world.now + 10 * DAY).isoformat()},
    )  # fmt: skip
    withdraw_request(request_id=request.pk, actor=world.member, now=world.now)
    assert told(world, "request.asked") == set()


def test_a_handler_who_is_at_the_desk_too_is_not_called_to_verify(world: World) -> None:
    RoleAssignment.objects.create(user=world.member, role=Role.DESK, area=world.grid, valid_from=date(2020, 1, 1))
    world.case("submitted", actor=world.member)  # reported and handled by the same person
    assert told(world, "case.submitted") == {"desk"}
