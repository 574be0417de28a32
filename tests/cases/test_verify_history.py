"""verify_history finds whatever was done to a history behind the guards, and nothing in an untouched one."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests.factories import World

pytestmark = pytest.mark.django_db


def verified() -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of the command."""
    out, code = StringIO(), 0
    try:
        call_command("verify_history", "--json", stdout=out)
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, json.loads(out.getvalue())


def sql(statement: str, *values: object) -> None:
    """Past every guard of the application."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def edit_words(case_id: int) -> None:
    sql("UPDATE cases_caseevent SET data = %s WHERE case_id = %s AND seq = 2", '{"category": "999"}', case_id)


def edit_moment(case_id: int) -> None:
    sql("UPDATE cases_caseevent SET at = %s WHERE case_id = %s AND seq = 2", "2026-03-01 00:00:00+00:00", case_id)


def edit_actor(case_id: int) -> None:
    sql("UPDATE cases_caseevent SET actor_id = NULL WHERE case_id = %s AND seq = 2", case_id)


def delete_one(case_id: int) -> None:
    _forget_intervals()
    sql("DELETE FROM cases_caseevent WHERE case_id = %s AND seq = 2", case_id)


def delete_and_renumber(case_id: int) -> None:
    delete_one(case_id)
    for seq in (3, 4):
        sql("UPDATE cases_caseevent SET seq = %s WHERE case_id = %s AND seq = %s", seq - 1, case_id, seq)


def swap_two(case_id: int) -> None:
    for was, becomes in ((2, 99), (3, 2), (99, 3)):
        sql("UPDATE cases_caseevent SET seq = %s WHERE case_id = %s AND seq = %s", becomes, case_id, was)


def cut_the_tail(case_id: int) -> None:
    _forget_intervals()
    sql("DELETE FROM cases_caseevent WHERE case_id = %s AND seq = 4", case_id)


def cut_the_tail_and_turn_back_the_version(case_id: int) -> None:
    cut_the_tail(case_id)
    sql("UPDATE cases_case SET version = 3, state = 'dispatched' WHERE id = %s", case_id)


def move_without_an_event(case_id: int) -> None:
    sql("UPDATE cases_case SET state = 'submitted' WHERE id = %s", case_id)


def _forget_intervals() -> None:
    sql("DELETE FROM workflows_clockinterval")


TAMPERING: list[tuple[Callable[[int], None], int, str]] = [
    (edit_words, 2, "changed after"),
    (edit_moment, 2, "changed after"),
    (edit_actor, 2, "changed after"),
    (delete_one, 2, "missing"),
    (delete_and_renumber, 2, "does not follow"),
    (swap_two, 2, "does not follow"),
    (cut_the_tail, 4, "ends at 3"),
    (cut_the_tail_and_turn_back_the_version, 4, "ends at 3"),
    (move_without_an_event, 4, "the case says submitted"),
]


def test_an_untouched_history_holds(world: World) -> None:
    world.case("in_progress")
    world.case("closed")
    code, result = verified()
    assert (code, result["broken"]) == (0, [])
    assert (result["cases"], result["events"]) == (2, 4 + 7)


@pytest.mark.parametrize(("tamper", "seq", "reason"), TAMPERING, ids=lambda v: getattr(v, "__name__", None))
def test_tampering_is_found_where_it_was_done(
    world: World, tamper: Callable[[int], None], seq: int, reason: str
) -> None:
    touched = world.case("in_progress")
    world.case("in_progress")  # one that nobody touched is not named
    tamper(touched.pk)
    code, result = verified()
    assert code == 1
    assert [(b["number"], b["seq"]) for b in result["broken"]] == [(touched.number, seq)]
    assert reason in result["broken"][0]["reason"]


def test_the_plain_output_names_the_broken_case(world: World) -> None:
    case = world.case("in_progress")
    move_without_an_event(case.pk)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_history", stdout=out)
    assert case.number in out.getvalue()
    assert "1 broken" in out.getvalue()
