"""Many reads of one moment: what others write meanwhile is not seen, or a moving case would be counted twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """All reads within see the database as it was at one moment; nothing is written. Within a transaction of the
    caller they see what that one sees."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with _without_the_lock_of_a_writer(), transaction.atomic():
            yield


@contextmanager
def _without_the_lock_of_a_writer() -> Iterator[None]:
    """SQLite: transactions begin as writers here (ZHUOLUO's settings say IMMEDIATE); one that reads need not wait."""
    database: Any = connection
    database.ensure_connection()  # which reads the setting: in a new process there is none yet
    usual, database.transaction_mode = database.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        database.transaction_mode = usual
