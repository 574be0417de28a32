"""Shared fixtures."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase
from django.utils import translation

from tests.factories import World, make_world
from workflows import limits


@pytest.fixture(autouse=True)
def _forget_the_test_before() -> None:
    """A calendar or version that was rolled back leaves its key to the next one."""
    limits.built.cache_clear()
    limits._version_limits.cache_clear()
    translation.activate(settings.LANGUAGE_CODE)  # an English page leaves its language in the thread


KEPT = {"django_migrations", "django_content_type", "auth_permission"}  # as migrations left them; no test changes them


@pytest.fixture(autouse=True, scope="session")
def _empty_tables_by_their_rows() -> Iterator[None]:
    """After a test that commits. TRUNCATE of all tables and new permissions take a hundred times as long."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", _empty)
        yield


def _empty(_test: TransactionTestCase) -> None:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with transaction.atomic(), connection.cursor() as cursor:  # what refers to what is looked at when it commits
        for table in sorted(set(tables) - KEPT):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608  # our own names


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
