from datetime import date, timedelta

from cases.models import CaseEvent
from cases.terms import RequestKind
from tests.factories import NOW, World
from workflows.calendars import WorkCalendar
from workflows.commands import handling
from workflows.commands.calendar import publish_calendar
from workflows.commands.sweep import sweep
from workflows.flows.approval import ask_request
from workflows.limits import default_calendar
from workflows.models import CalendarDay
from workflows.timeline import timeline


def said(event_type: str) -> list[dict[str, str]]:
    calendar: WorkCalendar = default_calendar()
    events = list(CaseEvent.objects.filter(type=event_type).select_related("actor").order_by("pk"))
    return [dict(entry.lines) for entry in timeline(events, calendar)]


def test_a_step_of_the_ladder_says_which_and_to_whom(world: World) -> None:
    world.case("in_progress")
    sweep(now=NOW + timedelta(days=60))
    lines = [line for line in said("clock.escalated") if line["时限种类"] == "处置时限"]
    assert {(line["第几级"], line["报给"]) for line in lines} == {
        ("1", "工作队队长"),
        ("2", "督办员"),
        ("3", "分管领导"),
    }


def test_a_part_that_is_late_names_the_team_that_helps(world: World) -> None:
    case = world.case("accepted")
    owed = [handling.CoHandling(world.other_team, "清运", NOW + timedelta(days=1))]
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=NOW, team=world.team, co_handlers=owed)
    sweep(now=NOW + timedelta(days=2))
    (line,) = said("part.overdue")
    assert (line["协办"], "主办" in line) == ("城管工作组", False)


def test_a_new_holiday_names_each_limit_that_moved_those_of_requests_too(world: World) -> None:
    case = world.case("in_progress")
    asked = {"case_id": case.pk, "actor": world.member, "now": NOW, "reason": "不属我队", "details": {}}
    ask_request(**asked, kind=RequestKind.RETURN)
    CalendarDay.objects.create(calendar=world.calendar, date=date(2026, 3, 3), is_working=False)
    publish_calendar(world.calendar, source="通知", now=NOW)
    (line,) = said("clock.recomputed")
    assert {row.split()[0] for row in line["时限变化"].splitlines()} == {"处置时限", "总时限", "申请审定时限"}
