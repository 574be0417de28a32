"""Conformance: the district's own history fits its own model, and whatever does not is found where it stands."""

import json

import pytest
from django.db import connection

from cases import events
from cases.terms import EventType, RequestKind
from tests.councils import make_body
from tests.factories import ROADS, World
from tests.mining import checked
from workflows.commands import adjust
from workflows.conformance.tables import MACHINES, SAYS
from workflows.machines import MACHINES as DECLARED


def sql(statement: str, *values: object) -> None:
    """Past every guard of the application."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_every_machine_of_councils_is_replayed() -> None:
    assert {m.lifecycle for m in MACHINES.values()} == set(DECLARED)
    assert {says.machine for says in SAYS.values()} == set(MACHINES)


@pytest.mark.django_db
@pytest.mark.parametrize("state", sorted(ROADS))
def test_every_road_fits(world: World, state: str) -> None:
    case = world.case(state)
    if state == "in_progress":
        request = world.agreed(case, RequestKind.HOLD, review_at="2026-04-02T09:00:00+08:00")
        adjust.hold_case(request=request, actor=world.supervisor, now=world.now)
    code, found = checked()
    assert (code, found["deviations"]) == (0, [])


@pytest.mark.django_db
def test_a_move_that_is_not_declared_is_found(world: World) -> None:
    touched, other = world.case("in_progress"), world.case("in_progress")
    sql("UPDATE cases_caseevent SET type = 'case.verified' WHERE case_id = %s AND seq = 3", touched.pk)
    code, found = checked()
    assert code == 1
    assert [(d["number"], d["seq"]) for d in found["deviations"]] == [(touched.number, 3)]
    assert found["deviations"][0]["reason"] == "verify does not lead from accepted to dispatched"
    assert found["fitness"] < 1
    assert found["fitting"]["case"] == 1
    assert other.number not in json.dumps(found)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE cases_caseevent SET state = 'submitted' WHERE case_id = %s AND seq = 4", "sign does not lead from"),
        ("UPDATE cases_case SET state = 'submitted' WHERE id = %s", "the history ends in in_progress"),
        ("UPDATE cases_caseevent SET type = 'case.accepted' WHERE case_id = %s AND seq = 1", "does not begin"),
        (
            "UPDATE cases_caseevent SET type = 'case.urged' WHERE case_id = %s AND seq = 2",
            "by an event that moves",
        ),
        ("UPDATE cases_case SET version = 2 WHERE id = %s", "behind the end of the history"),
    ],
)
def test_whatever_is_planted_in_a_case_is_found(world: World, statement: str, reason: str) -> None:
    case = world.case("in_progress")
    sql(statement, case.pk)
    code, found = checked()
    assert code == 1
    assert any(d["number"] == case.number and reason in d["reason"] for d in found["deviations"])


@pytest.mark.django_db
def test_what_is_planted_in_a_council_is_found(world: World) -> None:
    body = make_body(world)
    events.record_in_council(body.council, EventType.MEETING_OPENED, actor=None, at=world.now, data={"meeting": 999})
    code, found = checked()
    assert code == 1
    assert found["deviations"] == [
        {
            "machine": "meeting",
            "number": f"{body.council.code}/999",
            "seq": 1,
            "event": "meeting.opened",
            "reason": "open does not lead on from draft",
        }
    ]
