"""A small demonstration, built once for the tests of a file that read it and change nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import time_machine
from django.db import transaction

from tests.factories import SHANGHAI
from workflows import demo, limits

SMALL = 0.05  # of the whole
LIVED_UNTIL = datetime(2026, 4, 15, 10, 20, tzinfo=SHANGHAI)


@contextmanager
def demonstration() -> Iterator[None]:
    """Cases and councils lived by the real commands, gone afterwards. Access to the database is open."""
    forget_limits()
    with transaction.atomic():
        with time_machine.travel(LIVED_UNTIL, tick=False):
            demo.build_district(LIVED_UNTIL, scale=SMALL)
        yield
        transaction.set_rollback(True)
    forget_limits()


def forget_limits() -> None:
    """What was rolled back leaves its keys to what comes next."""
    limits.built.cache_clear()
    limits._version_limits.cache_clear()
