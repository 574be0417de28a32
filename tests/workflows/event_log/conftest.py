"""One demonstration for all tests of logs: they only read it."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.lived import demonstration


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demonstration."""
    with django_db_blocker.unblock(), demonstration():
        yield
