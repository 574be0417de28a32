"""The command line of time: sweep and seed_calendar."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from cases.models import CaseEvent
from cases.terms import State
from tests.factories import World
from workflows.lifecycle import CaseLifecycle
from workflows.models import Calendar, PolicyVersion
from workflows.tasks import sweep as sweep_task

pytestmark = pytest.mark.django_db


def run(*command: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*command, "--json", stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def at(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def test_a_sweep_with_nothing_due_rings_nothing(world: World) -> None:
    world.case("in_progress")
    with at(world.now + timedelta(minutes=1)):
        result = run("sweep", "--once")
    assert {name: result[name] for name in ("clocks", "warned", "overdue", "closed_unanswered")} == {
        "clocks": 0,
        "warned": 0,
        "overdue": 0,
        "closed_unanswered": 0,
    }


def test_a_sweep_marks_what_is_late_once(world: World) -> None:
    case = world.case("reported")
    with at(world.now + timedelta(days=2)):
        first, second = run("sweep", "--once"), run("sweep", "--once")
    assert (first["overdue"], second["overdue"]) == (1, 0)
    marks = CaseEvent.objects.filter(case=case, type="clock.overdue")
    assert [m.data["clock"] for m in marks] == ["accept"]


def test_the_task_closes_a_case_whose_survey_ran_out(world: World) -> None:
    case = world.case("answered")
    with at(world.now + timedelta(days=7, minutes=1)):
        assert sweep_task()["closed_unanswered"] == 1
    assert CaseLifecycle.objects.get(pk=case.pk).state == State.CLOSED


def test_the_task_is_found_under_the_name_of_the_timetable() -> None:
    assert sweep_task.name == "workflows.tasks.sweep"


def test_the_plain_sweep_says_so_when_nothing_is_due(world: World) -> None:
    out = StringIO()
    with at(world.now):
        call_command("sweep", "--once", stdout=out)
    assert "nothing is due" in out.getvalue()


def test_seed_calendar_fills_a_new_installation_and_then_changes_nothing() -> None:
    first = run("seed_calendar", "--from", "2025", "--to", "2026")
    second = run("seed_calendar", "--from", "2025", "--to", "2026")
    assert (first["years"], first["provisional"], first["changed"], second["changed"]) == (2, [], True, False)
    assert Calendar.objects.get().code == "cn"
    assert PolicyVersion.objects.get().number == 1


def test_seed_calendar_refuses_years_in_the_wrong_order() -> None:
    with pytest.raises(CommandError, match="--to comes before --from"):
        call_command("seed_calendar", "--from", "2026", "--to", "2025")
