"""What other systems get wrong about time, each as a test through the real commands; moments are counted by hand."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cases.models import Case, CaseEvent
from cases.terms import ClockKind, Priority, RequestKind
from tests.factories import SHANGHAI, World
from workflows.commands import adjust, council, handling, intake, review
from workflows.commands.calendar import publish_calendar
from workflows.commands.limits import apply_version, copy_version
from workflows.commands.sweep import sweep
from workflows.models import CalendarDay, Clock, SlaPolicy
from workflows.seed import notice_days

ROOT = Path(__file__).resolve().parents[2]


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def clock_of(case: Case, kind: ClockKind = ClockKind.HANDLE) -> Clock:
    return Clock.objects.filter(case=case, kind=kind).latest("pk")


def marks(case: Case, kind: str = "handle") -> list[tuple[str, datetime]]:
    rows = CaseEvent.objects.filter(case=case, type__in=["clock.warned", "clock.overdue", "clock.escalated"])
    return [(e.type.removeprefix("clock."), e.at) for e in rows.order_by("seq") if e.data["clock"] == kind]


@pytest.fixture
def notice(world: World) -> World:
    """The State Council's notice of 2026 is in."""
    CalendarDay.objects.bulk_create(
        CalendarDay(calendar=world.calendar, date=day, is_working=works, name=name)
        for day, works, name in notice_days([2026])
    )
    publish_calendar(world.calendar, source="通知", now=world.now)
    return world


@pytest.mark.parametrize(
    ("reported", "due"),
    [
        (at(3, 7, 0, 30), at(3, 9, 17, 30)),  # Saturday here, still Friday in UTC: due on Monday
        (at(3, 9, 7), at(3, 10, 17, 30)),  # Monday here, still Sunday in UTC: due on Tuesday
        (at(3, 8, 23, 59), at(3, 9, 17, 30)),  # Sunday here and in UTC
    ],
)
def test_a_working_day_is_a_day_of_the_office_not_of_utc(world: World, reported: datetime, due: datetime) -> None:
    case = world.report(now=reported.astimezone(UTC))
    assert clock_of(case, ClockKind.ACCEPT).due_at == due


def test_a_limit_never_falls_into_a_holiday(notice: World) -> None:
    case = notice.report(now=at(9, 30, 10))
    assert clock_of(case, ClockKind.ACCEPT).due_at == at(10, 8, 17, 30)
    assert case.due_at == at(10, 8, 17, 30)


def test_a_make_up_saturday_is_worked_and_the_monday_it_stands_for_is_not(notice: World) -> None:
    case = notice.case("accepted", now=at(2, 13, 16))  # four working hours: 1.5 on Friday, 2.5 on Saturday the 14th
    assert clock_of(case, ClockKind.DISPATCH).due_at == at(2, 14, 11)
    late = notice.case("accepted", now=at(2, 14, 16))  # 1.5 on Saturday, 2.5 on Tuesday the 24th after the festival
    assert clock_of(late, ClockKind.DISPATCH).due_at == at(2, 24, 11)


def test_days_off_never_bring_a_reminder_nearer(notice: World) -> None:
    case = notice.case("dispatched", now=at(9, 30, 14))
    clock = clock_of(case, ClockKind.SIGN)
    assert clock.due_at == at(10, 8, 9)
    sweep(now=at(10, 8, 9))
    for quiet in (at(10, 8, 9, 30), at(10, 8, 14, 59)):
        assert sweep(now=quiet)["escalated"] == 0
    sweep(now=at(10, 8, 15))  # four working hours later
    sweep(now=at(10, 9, 17, 30))  # the end of the next working day
    assert [moment for name, moment in marks(case, "sign") if name == "escalated"] == [
        at(10, 8, 15),
        at(10, 9, 17, 30),
    ]


def test_waiting_for_an_answer_a_council_or_a_season_costs_nobody_time(world: World) -> None:
    asked = world.case("info_requested", now=at(3, 2, 9))
    intake.supply_info(case_id=asked.pk, actor=world.grid_worker, now=at(3, 6, 9), answer="3 栋")
    # 13.5 hours were left: 6.5 on Friday, 7 on Monday.
    assert clock_of(asked, ClockKind.ACCEPT).due_at == at(3, 9, 17, 30)
    held = world.case("in_progress", now=at(3, 2, 8, 30))
    request = world.agreed(held, RequestKind.HOLD, review_at=at(5, 1, 9).isoformat(), reason_code="season")
    adjust.hold_case(request=request, actor=world.supervisor, now=at(3, 3, 8, 30))
    sweep(now=at(4, 30, 9))
    assert (marks(held), marks(asked, "accept")[0]) == ([], ("overdue", at(4, 30, 9)))
    adjust.resume_case(case_id=held.pk, actor=world.member, now=at(5, 6, 8, 30))
    assert clock_of(held).due_at == at(5, 19, 17, 30)  # ten days were left, of eleven with the first


def test_paused_time_is_not_lost_when_the_priority_changes(world: World) -> None:
    limit = {"clock": "handle", "amount": 3, "unit": "working_days", "calendar": world.calendar}
    SlaPolicy.objects.create(version=SlaPolicy.objects.all()[0].version, priority=Priority.URGENT, **limit)
    case = world.case("in_progress", now=at(3, 2, 8, 30))
    council_day = {"case_id": case.pk, "actor": world.leader, "council": world.council}
    council.refer_to_council(**council_day, now=at(3, 3, 8, 30), matter="parking", question="怎么停？")
    decision = council.DecisionRecord(
        number="〔2026〕1号", outcome="adopted", text="划线", decided_on=at(3, 6, 9).date(),
        follow_ups=[council.Task(what="划线", owner=world.team, due_date=at(3, 20, 9).date())],
    )  # fmt: skip
    council.take_decision(case_id=case.pk, actor=world.secretary, now=at(3, 6, 8, 30), decision=decision)
    words = {"category": world.category, "priority": Priority.URGENT, "reason": "漏电"}
    adjust.correct_facts(case_id=case.pk, actor=world.supervisor, now=at(3, 6, 9), **words)
    # Three days from the 2nd end on the 5th; three were left on the 3rd: the 6th, 9th and 10th.
    assert clock_of(case).due_at == at(3, 10, 17, 30)


def test_paused_time_is_not_lost_when_the_policy_changes(world: World) -> None:
    case = world.case("in_progress", now=at(3, 2, 8, 30))
    request = world.agreed(case, RequestKind.HOLD, review_at=at(3, 31, 9).isoformat(), reason_code="season")
    adjust.hold_case(request=request, actor=world.supervisor, now=at(3, 3, 8, 30))
    adjust.resume_case(case_id=case.pk, actor=world.member, now=at(3, 6, 8, 30))
    version = copy_version(SlaPolicy.objects.all()[0].version, now=world.now)
    version.policies.filter(clock="handle").update(amount=5)
    type(version).objects.filter(pk=version.pk).update(live_from=at(3, 6, 9))
    version.refresh_from_db()
    apply_version(version, actor=world.admin, now=at(3, 6, 10), reason="新标准")
    # Five days from the 2nd end on the 9th; on the 3rd five were left: the 6th and the 9th to the 12th.
    assert clock_of(case).due_at == at(3, 12, 17, 30)


def test_more_than_a_hundred_overdue_cases_ring_in_one_run(world: World) -> None:
    for _ in range(250):
        world.report()
    assert sweep(now=at(3, 3, 17, 30))["overdue"] == 250
    assert sweep(now=at(3, 3, 17, 31))["clocks"] == 0


def test_one_alert_does_not_silence_the_next_limit_for_ever(world: World) -> None:
    case = world.case("in_progress")
    sweep(now=at(3, 16, 17, 30))
    request = world.agreed(case, RequestKind.EXTENSION, until=at(3, 27, 17, 30).isoformat())
    adjust.extend_case(request=request, actor=world.supervisor, now=at(3, 17, 9))
    sweep(now=clock_of(case).warn_at)
    sweep(now=at(3, 27, 17, 30))
    assert [name for name, _ in marks(case)] == ["overdue", "warned", "overdue"]


def test_a_second_sweep_on_the_same_day_rings_what_fell_due_between(world: World) -> None:
    first = world.case("accepted", now=at(3, 2, 8, 30))  # to be dispatched by 14:30
    second = world.case("accepted", now=at(3, 2, 9, 30))  # by 15:30
    sweep(now=at(3, 2, 14, 30))
    assert [name for name, _ in marks(first, "dispatch")] == ["overdue"]
    sweep(now=at(3, 2, 15, 30))
    assert marks(second, "dispatch")[-1] == ("overdue", at(3, 2, 15, 30))


def test_work_that_is_sent_back_is_still_reminded_of(world: World) -> None:
    case = world.case("submitted")
    review.send_back_case(case_id=case.pk, actor=world.grid_worker, now=at(3, 3, 9), missing="还是不亮")
    clock = clock_of(case)
    assert clock.due_at == at(3, 17, 17, 30)  # the working day in verification was not the team's
    sweep(now=clock.warn_at)
    sweep(now=clock.due_at)
    assert [name for name, _ in marks(case)] == ["warned", "overdue"]


def test_a_reopened_case_is_not_overdue_at_once(world: World) -> None:
    case = world.case("reopen_requested")
    review.reopen_case(case_id=case.pk, actor=world.supervisor, now=at(6, 1, 9), reason="确有问题")
    assert clock_of(case).due_at == at(6, 15, 17, 30)
    assert clock_of(case, ClockKind.OVERALL).due_at == at(6, 22, 17, 30)
    sweep(now=at(6, 1, 10))
    assert marks(case) == []


def test_a_returned_case_gets_no_time_anew(world: World) -> None:
    case = world.case("in_progress")
    request = world.agreed(case, RequestKind.RETURN)
    handling.return_to_dispatch(request=request, actor=world.supervisor, now=at(3, 4, 9))
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=at(3, 5, 9), team=world.other_team)
    handling.sign_case(case_id=case.pk, actor=world.other_member, now=at(3, 6, 9), handler=world.other_member)
    assert clock_of(case).due_at == at(3, 16, 17, 30)


def test_no_moment_is_held_in_the_broker() -> None:
    apps = ("cases", "workflows", "notifications", "config")
    trees = [ast.parse(path.read_text("utf-8")) for app in apps for path in (ROOT / app).rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert len(calls) > 1000
    assert not [call for call in calls if {"eta", "countdown"} & {word.arg for word in call.keywords}]


def test_what_is_due_is_found_by_whoever_looks_however_late(world: World) -> None:
    case = world.case("in_progress")
    assert clock_of(case).alarm_at == clock_of(case).warn_at
    assert sweep(now=clock_of(case).warn_at - timedelta(microseconds=1))["clocks"] == 0
    sweep(now=at(9, 1, 9))
    assert [name for name, _ in marks(case)] == ["overdue", "escalated", "escalated", "escalated"]
