from datetime import datetime, timedelta

import pytest

from cases.models import Case, CaseEvent
from cases.terms import ClockKind, Priority, RequestKind, ResultCode, Role
from tests.factories import SHANGHAI, World
from workflows.commands import adjust, handling, review
from workflows.commands.sweep import sweep
from workflows.flows.approval import ask_request, decide_request
from workflows.models import Clock

TOLD = ["clock.warned", "clock.overdue", "clock.escalated"]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def told(case: Case, kind: str = "handle") -> list[tuple[str, int | None, datetime]]:
    rows = CaseEvent.objects.filter(case=case, type__in=TOLD).order_by("seq")
    return [(e.type, e.data.get("level"), e.at) for e in rows if e.data["clock"] == kind]


def handled(world: World, **given: object) -> tuple[Case, Clock]:
    case = world.case("in_progress", **given)
    return case, case.clocks.get(kind=ClockKind.HANDLE)


def test_each_step_of_the_ladder_is_taken_at_its_own_moment_and_once(world: World) -> None:
    case, clock = handled(world)  # ten working days from Monday the 2nd
    assert clock.due_at == at(16, 17, 30)
    steps = [clock.warn_at, at(16, 17, 30), at(17, 14, 30), at(17, 17, 30), at(19, 17, 30)]
    for n, moment in enumerate(steps):
        assert sweep(now=moment - timedelta(seconds=1))["clocks"] in (0, 1)  # `overall` rings between them
        assert len(told(case)) == n
        sweep(now=moment)
        sweep(now=moment)
        assert len(told(case)) == n + 1
    assert told(case) == [
        ("clock.warned", None, steps[0]),
        ("clock.overdue", None, steps[1]),
        ("clock.escalated", 1, at(17, 14, 30)),
        ("clock.escalated", 2, at(17, 17, 30)),
        ("clock.escalated", 3, at(19, 17, 30)),
    ]
    roles = [e.data["to"] for e in CaseEvent.objects.filter(case=case, type=TOLD[2]).order_by("seq")]
    assert roles[:3] == [Role.TEAM_LEADER, Role.SUPERVISOR, Role.LEADER]
    assert Clock.objects.values_list("alarm_at", "level").get(pk=clock.pk) == (None, 3)


def test_a_machine_that_slept_for_weeks_takes_every_step_once_and_leaves_out_the_late_warning(world: World) -> None:
    case, _ = handled(world)
    wake = at(30, 9)
    assert sweep(now=wake)["escalated"] > 0
    again = sweep(now=wake)
    assert (again["clocks"], [(kind, level) for kind, level, _ in told(case)]) == (
        0,
        [("clock.overdue", None), ("clock.escalated", 1), ("clock.escalated", 2), ("clock.escalated", 3)],
    )
    assert {moment for *_, moment in told(case)} == {wake}


def test_marks_say_which_clock_and_which_limit(world: World) -> None:
    case, clock = handled(world)
    sweep(now=clock.due_at)
    event = CaseEvent.objects.filter(case=case, type="clock.overdue").order_by("seq").last()
    assert event is not None
    assert event.data == {
        "clock": "handle",
        "clock_id": clock.pk,
        "round": 1,
        "generation": 1,
        "due_at": clock.due_at.astimezone().isoformat().replace("+00:00", "Z"),
    } | {"due_at": event.data["due_at"]}
    assert datetime.fromisoformat(event.data["due_at"]) == clock.due_at


def test_time_on_hold_is_not_counted_towards_the_next_step(world: World) -> None:
    case, clock = handled(world)
    sweep(now=clock.due_at)
    request = world.agreed(case, RequestKind.HOLD, review_at=at(31, 9).isoformat(), reason_code="season")
    adjust.hold_case(request=request, actor=world.supervisor, now=at(17, 9))  # half an hour of four has passed
    assert sweep(now=at(20, 9))["escalated"] == 0
    adjust.resume_case(case_id=case.pk, actor=world.member, now=at(23, 9))
    assert Clock.objects.get(pk=clock.pk).alarm_at == at(23, 14, 30)


def test_a_granted_extension_arms_warning_limit_and_ladder_anew(world: World) -> None:
    case, clock = handled(world)
    sweep(now=at(18, 9))
    assert Clock.objects.get(pk=clock.pk).level == 2
    request = world.agreed(case, RequestKind.EXTENSION, until=at(27, 17, 30).isoformat())
    adjust.extend_case(request=request, actor=world.supervisor, now=at(18, 10))
    fresh = Clock.objects.get(pk=clock.pk)
    assert (fresh.overdue_at, fresh.level, fresh.due_at) == (None, 0, at(27, 17, 30))
    sweep(now=at(27, 17, 30))
    sweep(now=at(30, 14, 30))
    assert [(kind, level) for kind, level, _ in told(case)][-2:] == [("clock.overdue", None), ("clock.escalated", 1)]


def test_a_stopped_clock_climbs_no_further(world: World) -> None:
    case, clock = handled(world)
    sweep(now=clock.due_at)
    done = {"case_id": case.pk, "actor": world.member, "now": at(17, 9)}
    handling.submit_case(**done, result_code=ResultCode.SOLVED, result_text="已换灯泡。")
    sweep(now=at(30, 9))
    assert [kind for kind, *_ in told(case)] == ["clock.overdue"]


def test_work_that_is_sent_back_late_goes_on_climbing_where_it_was(world: World) -> None:
    case, clock = handled(world)
    sweep(now=at(17, 14, 30))
    done = {"case_id": case.pk, "actor": world.member, "now": at(17, 14)}
    handling.submit_case(**done, result_code=ResultCode.SOLVED, result_text="已换灯泡。")
    review.send_back_case(case_id=case.pk, actor=world.grid_worker, now=at(19, 9), missing="还是不亮。")
    sweep(now=at(30, 9))
    assert [level for _, level, _ in told(case)] == [None, 1, 2, 3]
    assert Clock.objects.get(pk=clock.pk).level == 3


def test_round_the_clock_limits_climb_round_the_clock(world: World) -> None:
    limit = {"amount": 24, "unit": "hours", "ladder": [["team_leader", 1, "hours"], ["leader", 4, "hours"]]}
    world.calendar.slapolicy_set.filter(clock="handle").update(**limit)
    case, clock = handled(world, priority=Priority.CRITICAL)
    assert clock.due_at == at(3, 9)
    sweep(now=at(3, 9))
    sweep(now=at(3, 10))
    sweep(now=at(3, 13))
    assert told(case) == [
        ("clock.overdue", None, at(3, 9)),
        ("clock.escalated", 1, at(3, 10)),
        ("clock.escalated", 2, at(3, 13)),
    ]


@pytest.mark.parametrize("decided", [False, True])
def test_a_request_rings_until_it_is_decided(world: World, decided: bool) -> None:
    case = world.case("in_progress")
    asked = ask_request(
        case_id=case.pk,
        actor=world.member,
        now=world.now,
        kind=RequestKind.HOLD,
        reason="等雨季过去",
        reason_code="season",
        details={"review_at": at(31, 9).isoformat()},
    )
    if decided:
        decide_request(request_id=asked.pk, actor=world.supervisor, now=at(3, 9), agree=False, note="不必等")
    assert asked.clock.due_at == at(3, 17, 30)
    sweep(now=at(3, 17, 30))
    events = CaseEvent.objects.filter(case=case, type="request.overdue")
    assert [e.data["request"] for e in events] == ([] if decided else [asked.pk])


def test_a_survey_that_nobody_answers_ends_the_case_and_climbs_no_ladder(world: World) -> None:
    case = world.case("answered")
    rang = sweep(now=world.now + timedelta(days=8))
    assert (rang["closed_unanswered"], rang["escalated"]) == (1, 0)
    assert Case.objects.get(pk=case.pk).state == "closed"
    assert not Clock.objects.filter(case=case, stopped_at=None).exists()


def test_two_hundred_and_fifty_limits_ring_in_one_sweep_in_a_few_statements(
    world: World, django_assert_max_num_queries: object
) -> None:
    for _ in range(30):
        world.case("reported")
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        rang = sweep(now=at(3, 17, 30))
    assert rang["overdue"] == 30
