"""One obligation, one live clock: a healthy district has no fault, and each fault made by hand is found."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from cases.models import Case
from cases.terms import ClockKind
from tests.factories import ROADS, World
from tests.workflows.clocks_to_break import (
    BROKEN,
    COUNTED,
    Break,
    ask,
    clock,
    days,
    held,
    minutes,
    no_stage,
    ordered,
    stop,
    with_part,
    with_promise,
)
from workflows.clock_audit import audit, one_moment
from workflows.commands import orders, review
from workflows.commands.calendar import publish_calendar
from workflows.commands.sweep import sweep
from workflows.flows.joint import answer_part
from workflows.models import Calendar, CalendarDay, Clock, Part, SupervisionOrder


def found(world: World, case: Case, now: timedelta = timedelta(0), *, quick: bool = True) -> set[tuple[str, str]]:
    """What the audit says, all of it about this one case."""
    seen = audit(now=world.now + now, quick=quick)
    assert {fault.number for fault in seen.faults} <= {case.number}
    assert all(fault.words for fault in seen.faults)
    return {(fault.code, fault.clock) for fault in seen.faults}


def differences(world: World) -> dict[str, int]:
    return {kind.kind: kind.difference for kind in audit(now=world.now, quick=True).kinds if kind.difference}


def test_a_healthy_district_in_every_state_has_no_fault(world: World) -> None:
    for state in ROADS:
        world.case(state)
    ask(world, world.case("in_progress"))
    for make in (with_part, with_promise, held, ordered):
        make(world)
    seen = audit(now=world.now)
    assert seen.faults == []
    assert [kind.kind for kind in seen.kinds if kind.difference] == []
    assert seen.holds
    assert seen.open_cases == Case.objects.open().count() == 13
    assert seen.live_clocks == Clock.objects.filter(stopped_at=None).count()
    assert seen.recounted == Clock.objects.count()


def test_the_figures_say_what_runs_waits_is_near_and_late(world: World) -> None:
    late, near = world.case("in_progress"), world.case("in_progress", now=world.now + days(6))
    held(world)
    kinds = {kind.kind: kind for kind in audit(now=world.now + days(17), quick=True).kinds}
    handle = kinds["handle"]
    assert (handle.owed, handle.running, handle.paused, handle.warned, handle.overdue) == (3, 2, 1, 1, 1)
    assert (kinds["hold_review"].owed, kinds["hold_review"].running, kinds["overall"].owed) == (1, 1, 3)
    assert {late.state, near.state} == {"in_progress"}


def test_a_limit_in_a_year_without_a_notice_is_counted_as_provisional(world: World) -> None:
    world.case("in_progress", now=world.now + days(295))  # in December: ten working days end in 2027
    world.case("in_progress")
    kinds = {kind.kind: kind.provisional for kind in audit(now=world.now, quick=True).kinds if kind.provisional}
    assert kinds == {"handle": 1, "overall": 1}


def test_what_rang_to_its_end_is_silent_rightly(world: World) -> None:
    case = world.case("in_progress")
    ask(world, case)
    for day in (8, 15, 30, 60):
        sweep(now=world.now + days(day))
        assert found(world, case, days(day), quick=False) == set()
    assert clock(case, ClockKind.HANDLE).get().alarm_at is None


def test_an_order_is_watched_until_its_reply_and_again_when_it_is_sent_back(world: World) -> None:
    case = ordered(world)
    order = SupervisionOrder.objects.get()
    orders.reply_to_order(order_id=order.pk, actor=world.member, now=world.now, reply="已派人")
    assert found(world, case, quick=False) == set()
    again = world.now + days(4)
    orders.return_reply(order_id=order.pk, actor=world.supervisor, now=world.now, reason="没说清", due_at=again)
    assert found(world, case, quick=False) == set()
    assert clock(case, ClockKind.ORDER).get().due_at == again


def test_what_ends_early_and_what_outlives_its_case_is_no_fault(world: World) -> None:
    case = with_part(world)
    answer_part(part_id=Part.objects.get().pk, actor=world.other_member, now=world.now, answer="已清理")
    assert found(world, case, quick=False) == set()
    promised = with_promise(world)
    assert differences(world) == {}
    review.keep_promise(case_id=promised.pk, actor=world.member, now=world.now + days(9), what="已完工")
    assert audit(now=world.now + days(9)).holds is False  # nobody has swept for nine days
    sweep(now=world.now + days(9))
    assert audit(now=world.now + days(9)).holds


@pytest.mark.parametrize("make", BROKEN, ids=lambda make: make.__name__)
def test_each_fault_is_found_by_queries_alone_and_named(world: World, make: Break) -> None:
    world.case("in_progress")
    case, expected = make(world)
    assert found(world, case) == expected
    with pytest.raises(SystemExit) as ended:
        prove(world, "--quick")
    assert ended.value.code == 1


@pytest.mark.parametrize("make", COUNTED, ids=lambda make: make.__name__)
def test_what_is_missing_or_too_many_is_the_difference_of_its_kind(world: World, make: Break) -> None:
    world.case("in_progress")
    make(world)
    assert differences(world) == COUNTED[make]


def test_what_is_due_is_unfired_only_past_the_interval_of_the_sweep(world: World) -> None:
    case = world.case("in_progress")
    alarm = clock(case, ClockKind.HANDLE).get().alarm_at - world.now
    assert found(world, case, alarm + timedelta(seconds=60)) == set()
    assert found(world, case, alarm + timedelta(seconds=61)) == {("unfired", "handle")}


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        (ClockKind.HANDLE, {"started_at": minutes(-2000)}, "due_differs"),
        (ClockKind.SIGN, {"due_at": minutes(5000)}, "due_differs"),
        (ClockKind.OVERALL, {"warn_at": minutes(5)}, "warning_differs"),
        (ClockKind.OVERALL, {"alarm_at": minutes(5)}, "alarm_differs"),
        (ClockKind.SIGN, {"used_seconds": 77}, "used_differs"),
        (ClockKind.SIGN, {"calendar_revision": 9}, "revision_unknown"),
    ],
)
def test_what_only_counting_again_shows_is_found_unless_it_is_to_be_quick(
    world: World, kind: ClockKind, change: dict[str, Any], code: str
) -> None:
    case = world.case("in_progress")
    moved = {name: world.now + by if isinstance(by, timedelta) else by for name, by in change.items()}
    Clock.objects.filter(case=case, kind=kind).update(**moved)
    assert found(world, case) == set()
    assert (code, kind.value) in found(world, case, quick=False)


def test_a_limit_that_did_not_follow_its_calendar_is_found(world: World) -> None:
    case = world.case("in_progress")
    before = {clock.pk: clock for clock in Clock.objects.filter(case=case, stopped_at=None)}
    CalendarDay.objects.create(calendar=world.calendar, date="2026-03-05", is_working=False, name="停工日")
    publish_calendar(world.calendar, source="通知", now=world.now)
    assert found(world, case, quick=False) == set()
    for clock_, was in ((Clock.objects.get(pk=pk), was) for pk, was in before.items()):
        assert clock_.due_at > was.due_at
        was.save()
    Case.objects.filter(pk=case.pk).update(due_at=case.due_at, warn_at=case.warn_at)
    assert found(world, case, quick=False) == set()  # the new revision is still on its way
    Calendar.objects.update(settled=F("revision"))
    assert found(world, case, quick=False) == {("unsettled", "handle"), ("unsettled", "overall")}


def test_only_the_cases_asked_for_are_looked_at(world: World) -> None:
    mine, other = world.case("in_progress"), world.case("in_progress")
    stop(world, other, ClockKind.HANDLE)
    seen = audit(Case.objects.filter(pk=mine.pk), now=world.now)
    assert (seen.open_cases, seen.live_clocks, seen.holds) == (1, 2, True)
    assert audit(Case.objects.filter(pk=other.pk), now=world.now).holds is False


def prove(world: World, *options: str) -> str:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workflows.management.commands.prove_clocks.timezone.now", lambda: world.now)
        call_command("prove_clocks", *options, stdout=out)
    return out.getvalue()


def test_the_command_says_that_all_holds(world: World) -> None:
    world.case("in_progress")
    text = prove(world)
    assert "每一项义务都有一个在走的时钟。" in text
    assert "逐个重算了 5 个时钟" in text
    assert [line.split() for line in text.splitlines() if line.startswith("处置时限")] == [
        ["处置时限", "1", "1", "0", "0", "0", "0", "0"]
    ]


def test_the_command_lists_what_does_not_hold_and_as_json(world: World) -> None:
    case, _expected = no_stage(world)
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("prove_clocks", "--json", stdout=out)
    assert ended.value.code == 1
    said = json.loads(out.getvalue())
    assert said["holds"] is False
    assert said["recounted"] == 5
    wrong = [fault for fault in said["faults"] if fault["code"] == "stage_missing"]
    assert wrong == [
        {
            "code": "stage_missing",
            "number": case.number,
            "clock": "handle",
            "words": "在办的件，没有当前环节的时钟在走（处置时限）",
        }
    ]
    handle = next(kind for kind in said["kinds"] if kind["kind"] == "handle")
    assert (handle["owed"], handle["running"], handle["difference"]) == (1, 0, -1)


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_a_district_that_moves_meanwhile_is_seen_as_of_one_moment() -> None:
    with one_moment(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)
