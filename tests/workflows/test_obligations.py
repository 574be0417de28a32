from datetime import date, datetime

import pytest

from cases.models import Case
from cases.terms import ClockKind, Priority, RequestKind, ResultCode
from tests.factories import SHANGHAI, World
from workflows import clocks
from workflows.commands import adjust, handling, review
from workflows.commands.handling import CoHandling
from workflows.flows.approval import ask_request, decide_request, withdraw_request
from workflows.flows.joint import answer_part, dispatch_jointly
from workflows.models import Clock, Part, Request, SlaPolicy


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def of(case: Case, kind: ClockKind) -> list[Clock]:
    return list(Clock.objects.filter(case=case, kind=kind).order_by("pk"))


def ask(world: World, case: Case, kind: RequestKind = RequestKind.RETURN, now: datetime | None = None) -> Request:
    at_ = now or world.now
    return ask_request(case_id=case.pk, actor=world.member, now=at_, kind=kind, reason="不属我队", details={})


def helped(world: World, until: datetime) -> Case:
    case = world.case("accepted")
    owed = [CoHandling(world.other_team, "清运垃圾", until)]
    dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=owed)
    return case


def test_a_request_has_a_clock_from_asking_to_deciding(world: World) -> None:
    case = world.case("in_progress")
    request = ask(world, case)
    assert (request.clock.due_at, request.clock.stopped_at) == (at(3, 17, 30), None)
    decide_request(request_id=request.pk, actor=world.dispatcher, now=at(3, 9), agree=True)
    (clock,) = of(case, ClockKind.REQUEST)
    assert (clock.stopped_at, clock.is_met, clock.used_seconds) == (at(3, 9), True, 7 * 3600)


def test_a_request_that_is_taken_back_owes_nothing(world: World) -> None:
    request = ask(world, world.case("in_progress"))
    withdraw_request(request_id=request.pk, actor=world.member, now=at(2, 10))
    assert Clock.objects.get(request=request).stopped_at == at(2, 10)


def test_two_requests_on_one_case_have_a_clock_each(world: World) -> None:
    case = world.case("in_progress")
    ask(world, case)
    details = {"review_at": at(31, 9).isoformat()}
    both = {"case_id": case.pk, "actor": world.member, "now": at(2, 11)}
    ask_request(**both, kind=RequestKind.HOLD, reason="等雨季过去", reason_code="season", details=details)
    assert [(c.generation, c.stopped_at) for c in of(case, ClockKind.REQUEST)] == [(1, None), (2, None)]


def test_an_open_request_is_waited_for_even_when_its_case_has_ended(world: World) -> None:
    case = world.case("in_progress")
    request = ask(world, case)
    agreed = world.agreed(case, RequestKind.VOID, reason_code="test")
    adjust.void_case(request=agreed, actor=world.supervisor, now=at(2, 10))
    assert Clock.objects.get(request=request).stopped_at is None
    decide_request(request_id=request.pk, actor=world.dispatcher, now=at(2, 11), agree=False, note="已作废")
    assert Clock.objects.get(request=request).stopped_at == at(2, 11)


def test_a_part_runs_until_the_day_that_was_named_and_stops_with_its_answer(world: World) -> None:
    case = helped(world, at(5, 12))
    part = Part.objects.get()
    assert (part.clock.due_at, part.clock.started_at) == (at(5, 12), world.now)
    answer_part(part_id=part.pk, actor=world.other_member, now=at(4, 9), answer="已清运")
    (clock,) = of(case, ClockKind.PART)
    assert (clock.stopped_at, clock.is_met) == (at(4, 9), True)


@pytest.mark.parametrize("end", ["return", "void"])
def test_a_part_is_owed_no_longer_when_the_dispatch_is_taken_back_or_the_case_ends(world: World, end: str) -> None:
    case = helped(world, at(5, 12))
    if end == "return":
        request = ask(world, case)
        decide_request(request_id=request.pk, actor=world.dispatcher, now=at(3, 9), agree=True)
    else:
        agreed = world.agreed(case, RequestKind.VOID, reason_code="test")
        adjust.void_case(request=agreed, actor=world.supervisor, now=at(3, 9))
    (clock,) = of(case, ClockKind.PART)
    assert (clock.stopped_at, clock.alarm_at) == (at(3, 9), None)


def test_a_promise_outlives_its_case_and_a_new_date_starts_a_new_clock(world: World) -> None:
    case = world.case("in_progress")
    planned = {"result_code": ResultCode.PLANNED, "result_text": "列入计划", "promised_date": date(2026, 4, 30)}
    handling.submit_case(case_id=case.pk, actor=world.member, now=at(3, 9), **planned)
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=at(3, 10), finding="属实")
    (first,) = of(case, ClockKind.PROMISE)
    assert first.due_at == datetime(2026, 4, 30, 23, 59, 59, tzinfo=SHANGHAI)
    locked = Case.objects.get(pk=case.pk)
    event = locked.events.order_by("-seq")[0]
    clocks.start_obligation(locked, event, ClockKind.PROMISE, until=at(31, 17))
    first, second = of(case, ClockKind.PROMISE)
    assert (first.stopped_at, second.due_at, second.generation) == (at(3, 10), at(31, 17), 2)
    assert clocks.stop_promise(locked, at(4, 9))
    assert not clocks.stop_promise(locked, at(4, 9))


def test_what_is_owed_beside_the_stage_is_not_touched_by_moves(world: World) -> None:
    case = world.case("in_progress")
    request = ask(world, case)
    before = Clock.objects.filter(request=request).values().get()
    details = {"review_at": at(31, 9).isoformat()}
    held = world.agreed(case, RequestKind.HOLD, reason_code="season", **details)
    adjust.hold_case(request=held, actor=world.supervisor, now=at(2, 10))
    adjust.resume_case(case_id=case.pk, actor=world.member, now=at(2, 15))
    assert Clock.objects.filter(request=request).values().get() == before


def test_a_priority_corrected_while_the_handling_stood_still_counts_when_it_goes_on(world: World) -> None:
    limit = {"clock": "handle", "amount": 3, "unit": "working_days", "calendar": world.calendar}
    SlaPolicy.objects.create(version_id=SlaPolicy.objects.all()[0].version_id, priority=Priority.URGENT, **limit)
    case = world.case("submitted")
    words = {"category": world.category, "priority": Priority.URGENT, "reason": "漏电"}
    adjust.correct_facts(case_id=case.pk, actor=world.supervisor, now=at(2, 10), **words)
    review.send_back_case(case_id=case.pk, actor=world.grid_worker, now=at(2, 11), missing="还是不亮")
    (clock,) = of(case, ClockKind.HANDLE)
    assert clock.policy.priority == Priority.URGENT
    assert clock.due_at == at(6, 10, 30)  # the two hours of verification are given back
