"""Many at once on real PostgreSQL: one move wins, each clock rings once. Each probe has a control that must fail."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django_fsm import TransitionNotAllowed

from cases.events import verify_all
from cases.models import Case, CaseEvent
from cases.terms import ClockKind
from tests.factories import World, make_world
from tests.threads import THREADS, at_once
from workflows.commands import handling
from workflows.commands.sweep import sweep
from workflows.models import Clock

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def test_of_many_moves_at_once_exactly_one_wins_and_the_others_change_nothing(world: World) -> None:
    case = world.case("dispatched")

    def sign(_: int) -> None:
        handling.sign_case(case_id=case.pk, actor=world.member, now=world.now, handler=world.member)

    results = at_once(sign)
    assert Counter(type(r) for r in results) == {type(None): 1, TransitionNotAllowed: THREADS - 1}
    assert CaseEvent.objects.filter(case=case, type="case.signed").count() == 1
    assert Clock.objects.filter(case=case, kind=ClockKind.HANDLE).count() == 1
    assert verify_all().broken == []


def test_control_without_the_lock_more_than_one_believes_to_have_won(world: World) -> None:
    case = world.case("dispatched")
    read = threading.Barrier(THREADS)

    def sign(_: int) -> bool:
        with transaction.atomic():
            seen = Case.objects.get(pk=case.pk).state == "dispatched"
            read.wait(10)
            return seen

    assert sum(at_once(sign)) > 1


def test_several_sweepers_ring_each_clock_once(world: World) -> None:
    for _ in range(30):
        world.case("in_progress")
    due = world.now + timedelta(days=100)
    results = at_once(lambda _: sweep(now=due), 4)
    assert not [r for r in results if isinstance(r, Exception)]
    again = sweep(now=due)  # what one sweeper skipped because another held it
    assert sum(r["overdue"] for r in results) + again["overdue"] == 60
    assert CaseEvent.objects.filter(type="clock.overdue").count() == 60
    assert verify_all().broken == []


def test_control_a_sweeper_that_looks_and_then_rings_rings_twice(world: World) -> None:
    world.case("in_progress")
    due = world.now + timedelta(days=100)
    read = threading.Barrier(4)

    def naive(_: int) -> int:
        found = list(Clock.objects.filter(alarm_at__lte=due))
        read.wait(10)
        return len(found)

    assert sum(at_once(naive, 4)) > 2


def test_moves_and_sweeps_at_once_never_deadlock(world: World) -> None:
    cases = [world.case("dispatched") for _ in range(20)]
    due = world.now + timedelta(days=100)

    def work(i: int) -> None:
        if i % 2:
            sweep(now=due)
            return
        for case in cases[:: 1 if i % 4 else -1]:
            try:
                handling.sign_case(case_id=case.pk, actor=world.member, now=due, handler=world.member)
            except TransitionNotAllowed:
                continue

    results = at_once(work)
    assert not [r for r in results if isinstance(r, Exception)]
    assert CaseEvent.objects.filter(type="case.signed").count() == 20
    assert verify_all().broken == []


def test_a_sweeper_skips_a_case_that_somebody_holds(world: World) -> None:
    held, free = world.case("in_progress"), world.case("in_progress")
    due = world.now + timedelta(days=100)
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=held.pk)
        rang = at_once(lambda _: sweep(now=due), 1)[0]
    assert rang["overdue"] == 2
    assert set(CaseEvent.objects.filter(type="clock.overdue").values_list("case_id", flat=True)) == {free.pk}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE cases_case SET state = 'flying'",
        "UPDATE cases_case SET holder_role = ''",
        "UPDATE cases_case SET state = 'closed'",
        "UPDATE cases_case SET team_id = NULL",
        """INSERT INTO cases_caseevent (case_id, seq, type, at, state, data, previous_hash, hash)
        SELECT case_id, seq, type, at, state, data, previous_hash, hash FROM cases_caseevent LIMIT 1""",
        "UPDATE workflows_clock SET alarm_at = now(), stopped_at = now()",
    ],
)
def test_the_database_itself_refuses_what_no_command_would_do(world: World, sql: str) -> None:
    world.case("in_progress")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
