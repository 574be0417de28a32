"""Shared fixtures."""

import pytest
from django.conf import settings
from django.utils import translation

from tests.factories import World, make_world
from workflows import limits


@pytest.fixture(autouse=True)
def _forget_the_test_before() -> None:
    """A calendar or version that was rolled back leaves its key to the next one."""
    limits.built.cache_clear()
    limits._version_limits.cache_clear()
    translation.activate(settings.LANGUAGE_CODE)  # an English page leaves its language in the thread


@pytest.fixture
def world(db: None) -> World:
    """A small district."""
    return make_world()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of locks and processes need the real database."""
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return
    for item in items:
        if item.get_closest_marker("pg"):
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL"))
