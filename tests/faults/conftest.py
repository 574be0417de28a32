"""Processes beside that of the test."""

from collections.abc import Iterator

import pytest

from tests.factories import World, make_world
from tests.faults.processes import Crew, Service


@pytest.fixture
def world(transactional_db: None) -> World:
    """A small district that other processes see, too."""
    return make_world()


@pytest.fixture(scope="session")
def crew(django_db_setup: None) -> Iterator[Crew]:
    """Loaded once for all tests."""
    made = Crew()
    yield made
    made.dismiss()


@pytest.fixture
def service(transactional_db: None) -> Iterator[Service]:
    """Ended before the tables are emptied."""
    made = Service()
    yield made
    made.end()
