"""Obligations made by the real commands, and clocks broken by hand: each break returns its case and its faults."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cases.models import Case
from cases.terms import ClockKind, RequestKind, ResultCode
from tests.factories import World
from workflows.commands import adjust, handling, orders, review, surveys
from workflows.flows.approval import ask_request
from workflows.flows.joint import dispatch_jointly
from workflows.models import Clock, ClockInterval, Part, Request, SupervisionOrder

days, minutes = (lambda n: timedelta(days=n)), (lambda n: timedelta(minutes=n))


def ask(world: World, case: Case) -> Request:
    return ask_request(
        case_id=case.pk, actor=world.member, now=world.now, kind=RequestKind.RETURN, reason="不归我队", details={}
    )


def with_part(world: World) -> Case:
    case = world.case("accepted")
    owed = handling.CoHandling(world.other_team, "清理绿化", world.now + days(3))
    dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[owed])
    return case


def with_promise(world: World) -> Case:
    case = world.case("in_progress")
    handling.submit_case(
        case_id=case.pk,
        actor=world.member,
        now=world.now,
        result_code=ResultCode.PLANNED,
        result_text="列入计划",
        promised_date=(world.now + days(60)).date(),
    )
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=world.now, finding="属实")
    surveys.close_unanswered(case_id=case.pk, now=world.now)
    return case


def held(world: World) -> Case:
    case = world.case("in_progress")
    request = world.agreed(case, RequestKind.HOLD, review_at=(world.now + days(20)).isoformat(), reason_code="season")
    adjust.hold_case(request=request, actor=world.supervisor, now=world.now)
    return case


def ordered(world: World) -> Case:
    case = world.case("in_progress")
    due_at = world.now + days(3)
    orders.issue_order(case_id=case.pk, actor=world.supervisor, now=world.now, demand="限期办结", due_at=due_at)
    return case


def clock(case: Case, kind: ClockKind) -> Any:
    return Clock.objects.filter(case=case, kind=kind, stopped_at=None)


def stop(world: World, case: Case, kind: ClockKind) -> None:
    assert clock(case, kind).update(stopped_at=world.now, alarm_at=None, paused_at=None, used_seconds=0) == 1


Break = Callable[[World], tuple[Case, set[tuple[str, str]]]]


def no_stage(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    stop(world, case, ClockKind.HANDLE)
    return case, {("stage_missing", "handle")}


def stage_paused(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    clock(case, ClockKind.HANDLE).update(paused_at=world.now, alarm_at=None)
    return case, {("stage_missing", "handle"), ("stage_extra", "handle"), ("pause_missing", "handle")}


def second_stage(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    Clock.objects.filter(case=case, kind=ClockKind.SIGN).update(stopped_at=None, alarm_at=world.now + days(1))
    return case, {("stage_extra", "sign")}


def nothing_waits(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("info_requested")
    ClockInterval.objects.filter(clock__kind=ClockKind.ACCEPT).update(ended_at=world.now)
    stop(world, case, ClockKind.ACCEPT)
    return case, {("waiting_missing", "accept")}


def no_overall(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("dispatched")
    stop(world, case, ClockKind.OVERALL)
    return case, {("overall_missing", "overall")}


def overall_goes_on(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = held(world)
    ClockInterval.objects.filter(clock__kind=ClockKind.OVERALL).update(ended_at=world.now)
    clock(case, ClockKind.OVERALL).update(paused_at=None, alarm_at=world.now + days(5))
    return case, {("overall_astray", "overall")}


def live_after_the_end(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("closed")
    Clock.objects.filter(case=case, kind=ClockKind.HANDLE).update(stopped_at=None, alarm_at=world.now + days(1))
    return case, {("ended_live", "handle")}


def request_unwatched(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    ask(world, case)
    stop(world, case, ClockKind.REQUEST)
    return case, {("request_missing", "request")}


def request_over(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    request = ask(world, case)
    Request.objects.filter(pk=request.pk).update(state="withdrawn", decided_by=world.member, decided_at=world.now)
    return case, {("request_astray", "request")}


def part_unwatched(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = with_part(world)
    stop(world, case, ClockKind.PART)
    return case, {("part_missing", "part")}


def part_over(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = with_part(world)
    Part.objects.update(answered_at=world.now, answered_by=world.other_member)
    return case, {("part_astray", "part")}


def order_unwatched(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = ordered(world)
    stop(world, case, ClockKind.ORDER)
    return case, {("order_missing", "order")}


def order_over(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = ordered(world)
    SupervisionOrder.objects.update(state="replied")
    return case, {("order_astray", "order")}


def promise_unwatched(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = with_promise(world)
    stop(world, case, ClockKind.PROMISE)
    return case, {("promise_missing", "promise")}


def promise_kept_and_watched(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = with_promise(world)
    alarm = clock(case, ClockKind.PROMISE).get().alarm_at
    review.keep_promise(case_id=case.pk, actor=world.member, now=world.now, what="已完工")
    Clock.objects.filter(case=case, kind=ClockKind.PROMISE).update(stopped_at=None, alarm_at=alarm)
    return case, {("promise_astray", "promise")}


def never_to_ring(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    clock(case, ClockKind.HANDLE).update(alarm_at=None)
    return case, {("silent", "handle")}


def steps_left_out(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    clock(case, ClockKind.HANDLE).update(alarm_at=None, warned_at=world.now, overdue_at=world.now, level=2)
    return case, {("silent", "handle")}


def pause_without_its_interval(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = held(world)
    ClockInterval.objects.filter(clock__kind=ClockKind.HANDLE).update(ended_at=world.now)
    return case, {("pause_missing", "handle")}


def interval_without_its_pause(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    running = clock(case, ClockKind.HANDLE).get()
    ClockInterval.objects.create(clock=running, event=case.events.order_by("-seq")[0], began_at=world.now)
    return case, {("pause_astray", "handle")}


def other_moment_on_the_case(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    Case.objects.filter(pk=case.pk).update(due_at=case.due_at + minutes(1))
    return case, {("case_differs", "handle")}


def no_moment_on_the_case(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    Case.objects.filter(pk=case.pk).update(due_at=None)
    return case, {("case_differs", "handle")}


def moment_after_the_end(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("closed")
    Case.objects.filter(pk=case.pk).update(due_at=world.now)
    return case, {("case_differs", "")}


def unknown_revision(world: World) -> tuple[Case, set[tuple[str, str]]]:
    case = world.case("in_progress")
    clock(case, ClockKind.HANDLE).update(calendar_revision=7)
    return case, {("revision_unknown", "handle")}


BROKEN = [
    no_stage, stage_paused, second_stage, nothing_waits, no_overall, overall_goes_on, live_after_the_end,
    request_unwatched, request_over, part_unwatched, part_over, order_unwatched, order_over, promise_unwatched,
    promise_kept_and_watched, never_to_ring, steps_left_out, pause_without_its_interval, interval_without_its_pause,
    other_moment_on_the_case, no_moment_on_the_case, moment_after_the_end, unknown_revision,
]  # fmt: skip


COUNTED = {
    no_stage: {"handle": -1},
    second_stage: {"sign": 1},
    nothing_waits: {"accept": -1},
    no_overall: {"overall": -1},
    live_after_the_end: {"handle": 1},
    request_unwatched: {"request": -1},
    request_over: {"request": 1},
    part_unwatched: {"part": -1},
    part_over: {"part": 1},
    order_unwatched: {"order": -1},
    order_over: {"order": 1},
    promise_unwatched: {"promise": -1},
    promise_kept_and_watched: {"promise": 1},
}
