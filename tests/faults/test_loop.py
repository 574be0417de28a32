"""`manage.py sweep` as it runs in earnest, stopped in the middle of its writing: by the server, and by `kill -9`."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.utils import timezone

from tests.factories import World
from tests.faults.invariants import all_rang_once, rung
from tests.faults.processes import Service, terminate, until, waiting
from workflows.models import Clock

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(world: World) -> World:
    """Three cases of a March long past."""
    for _ in range(3):
        world.case("in_progress")
    return world


@contextmanager
def writing_is_held_up() -> Iterator[None]:
    """Whoever rings now has written its events and waits to write its marks."""
    with transaction.atomic():
        Clock.objects.select_for_update().order_by("pk").last()
        yield


def all_told() -> bool:
    return not Clock.objects.filter(alarm_at__isnull=False).exists()


def test_a_loop_whose_connection_is_ended_in_mid_sweep_goes_on_by_itself(world: World, service: Service) -> None:
    with writing_is_held_up():
        loop = service.manage("sweep")
        until(waiting)
        terminate(waiting()[0])
        until(lambda: not waiting())
    assert not rung()
    until(all_told)
    assert loop.poll() is None
    all_rang_once(timezone.now())


def test_control_a_sweeper_without_the_loop_ends_with_its_connection(world: World, service: Service) -> None:
    with writing_is_held_up():
        once = service.manage("sweep", "--once")
        until(waiting)
        terminate(waiting()[0])
        assert once.wait(10) != 0
    assert not rung()


def test_a_loop_that_is_killed_in_mid_sweep_is_taken_over_by_the_next(world: World, service: Service) -> None:
    with writing_is_held_up():
        loop = service.manage("sweep")
        until(waiting)
        service.kill(loop)
    assert not rung()
    service.manage("sweep")
    until(all_told)
    all_rang_once(timezone.now())
