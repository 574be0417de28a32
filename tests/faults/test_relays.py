"""Relays that are killed: whoever is to be told is told, once."""

from collections import Counter
from typing import Any

import pytest

from cases.models import CaseEvent
from notifications.models import Delivery
from tests.factories import World
from tests.faults.processes import KILLED, Crew

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]


def told() -> Counter[tuple[Any, ...]]:
    rows = Delivery.objects.values_list("event", "recipient_user", "recipient_reporter", "channel")
    return Counter(rows)


@pytest.fixture
def world(world: World) -> World:
    """Four cases of residents who are answered: everybody hears something."""
    for _ in range(4):
        world.case("answered", resident=True)
    return world


def should_be_told(world: World, crew: Crew) -> set[tuple[Any, ...]]:
    """What a relay tells that nobody disturbs; taken back."""
    crew.alone("relay", now=world.now, limit=200)
    keys = set(told())
    take_back()
    return keys


def take_back() -> None:
    Delivery.objects.all().delete()
    CaseEvent.objects.update(relayed_at=None)


def test_a_relay_killed_at_a_named_point_of_its_second_batch_tells_everybody_once_in_the_end(
    world: World, crew: Crew
) -> None:
    wanted = should_be_told(world, crew)
    for point in ("after_relay_claim", "after_rows", "after_relayed", "before_commit", "after_commit"):
        end = crew.alone("relay", now=world.now, limit=6, die_at=point, visit=2)
        relayed = CaseEvent.objects.exclude(relayed_at=None).count()
        assert (point, end.code, relayed) == (point, KILLED, 12 if point == "after_commit" else 6)
        assert 0 < len(told()) < len(wanted)
        crew.alone("relay", now=world.now, limit=200)
        assert told() == dict.fromkeys(wanted, 1)
        take_back()


def test_a_relay_killed_after_each_of_its_statements_in_turn_tells_everybody_once(world: World, crew: Crew) -> None:
    wanted = should_be_told(world, crew)
    assert crew.killed_everywhere("relay", now=world.now, limit=200) > 5
    assert told() == dict.fromkeys(wanted, 1)


def test_control_a_relay_that_marks_before_it_tells_leaves_somebody_untold(world: World, crew: Crew) -> None:
    assert crew.alone("marking_relay", now=world.now).code == KILLED
    crew.alone("relay", now=world.now, limit=200)
    assert not told()
