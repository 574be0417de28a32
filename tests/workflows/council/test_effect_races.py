"""Objections against the sweep that puts a decision into effect, on real PostgreSQL, with a control that must fail."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from cases.council_terms import DECISIONS_IN_FORCE, ObjectionState
from cases.events import verify_all
from cases.models import Decision, Notice, Objection
from tests.factories import World, make_world
from tests.posted import AFTER, posted
from tests.threads import at_once
from workflows.council.notices import end_due_notices
from workflows.council.objections import raise_objection

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]
OBJECTIONS, SWEEPERS = 50, 6


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def contradictions() -> list[str]:
    """Decisions in force with an open objection that suspends, read in one statement."""
    wrong = Decision.objects.filter(
        state__in=DECISIONS_IN_FORCE, notices__objections__state=ObjectionState.OPEN
    ).distinct()
    return [decision.number for decision in wrong]


def test_fifty_objections_against_the_sweep_never_leave_a_decision_in_effect_with_one_open(world: World) -> None:
    notice = posted(world)
    seen: list[str] = []

    def work(i: int) -> object:
        if i < SWEEPERS:
            found = end_due_notices(now=AFTER)
            seen.extend(contradictions())
            return found
        objection = raise_objection(notice_id=notice.pk, actor=None, now=AFTER, text=f"异议 {i}")
        seen.extend(contradictions())
        return objection

    results = at_once(work, OBJECTIONS + SWEEPERS)
    assert [r for r in results if isinstance(r, Exception)] == []
    end_due_notices(now=AFTER)
    assert (seen, contradictions()) == ([], [])
    assert Objection.objects.filter(state=ObjectionState.OPEN).count() == OBJECTIONS
    assert sum(r["notices_ended"] for r in results if isinstance(r, dict)) <= 1
    assert verify_all().broken == []


def test_several_sweepers_put_a_decision_into_effect_once(world: World) -> None:
    for _ in range(5):
        posted(world)
    results = at_once(lambda _: end_due_notices(now=AFTER), SWEEPERS)
    assert [r for r in results if isinstance(r, Exception)] == []
    again = end_due_notices(now=AFTER)  # what one sweeper skipped because another held its council
    assert sum(r["decisions_effective"] for r in [*results, again]) == 5
    assert verify_all().broken == []


def test_control_without_the_lock_both_believe_that_they_came_first(world: World) -> None:
    notice = posted(world)
    read = threading.Barrier(2)

    def look(i: int) -> bool:
        with transaction.atomic():
            if i:
                clear = not Objection.objects.filter(notice=notice, state=ObjectionState.OPEN).exists()
                read.wait(10)
                Decision.objects.filter(pk=notice.decision_id).update(
                    state="effective", effective_from=AFTER + timedelta(seconds=1)
                )
                return clear
            hangs = Notice.objects.filter(pk=notice.pk, state="posted").exists()
            read.wait(10)
            Objection.objects.create(notice=notice, text="异议", received_at=AFTER)
            return hangs

    assert at_once(look, 2) == [True, True]
    assert contradictions() != []
