"""New rows of one table by the hundred thousand: keys taken beforehand, and COPY on PostgreSQL."""

import json
from collections.abc import Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

ROWS_AT_ONCE = 500
Column: TypeAlias = "models.Field[Any, Any]"
M = TypeVar("M", bound=models.Model)
NULL = "\\N"  # in the text form of COPY
SIGNS = (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
# Columns whose values stand in a row as they are; asking each of them costs more than writing it.
AS_THEY_ARE = {
    field.get_prep_value
    for field in (models.CharField, models.TextField, models.IntegerField, models.FloatField, models.BooleanField,
                  models.ForeignKey, models.BigAutoField)
}  # fmt: skip


class Blank(Generic[M]):
    """New rows of one model from the values that differ from its defaults, by the names of the columns.

    A third of the time that the model takes with words and related rows, where there are a hundred thousand of them.
    """

    def __init__(self, model: type[M]) -> None:
        self.model = model
        self.defaults = [field.get_default() for field in model._meta.concrete_fields]
        self.places = {field.attname: n for n, field in enumerate(model._meta.concrete_fields)}

    def fill(self, **given: Any) -> M:
        """A row. Columns whose default is made anew for each row must be given."""
        values, places = self.defaults.copy(), self.places
        for name, value in given.items():
            values[places[name]] = value
        return self.model(*values)


def take_keys(model: type[models.Model], count: int) -> list[int]:
    """Primary keys for new rows, which nobody else gets. On SQLite only within a transaction that writes."""
    connection = connections[router.db_for_write(model)]
    if connection.vendor != "postgresql":
        last = model._meta.base_manager.aggregate(last=models.Max("pk"))["last"] or 0
        return list(range(last + 1, last + count + 1))
    with connection.cursor() as cursor:
        sequence = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
        cursor.execute(sequence, [model._meta.db_table, "id", count])
        return [key for (key,) in cursor.fetchall()]


def copy_many(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model as fast as the database takes them: by COPY on PostgreSQL.

    With their keys when the first one has one: either all of them have or none.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    if connection.vendor != "postgresql":
        model._meta.base_manager.bulk_create(rows, batch_size=ROWS_AT_ONCE)
        return
    keyed = rows[0].pk is not None
    columns: list[Column] = [column for column in model._meta.concrete_fields if keyed or not column.primary_key]
    names = ", ".join(connection.ops.quote_name(str(column.column)) for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for n in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[n : n + ROWS_AT_ONCE]
            by_column = [_as_text(part, column, connection) for column in columns]
            copy.write("".join(["\t".join(line) + "\n" for line in zip(*by_column, strict=True)]))


def _as_text(rows: Sequence[models.Model], column: Column, connection: BaseDatabaseWrapper) -> list[str]:
    """The values of a column in the text form of COPY."""
    values = [getattr(row, column.attname) for row in rows]
    if isinstance(column, models.DateTimeField):
        return [NULL if value is None else value.isoformat() for value in values]
    if isinstance(column, models.JSONField):
        return [_escaped(json.dumps(value, ensure_ascii=False)) for value in values]
    if type(column).get_prep_value not in AS_THEY_ARE:
        values = [column.get_db_prep_save(value, connection) for value in values]
    return [_literal(value) for value in values]


def _literal(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def _escaped(text: str) -> str:
    text = str(text)  # the value of a word from a list
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    for sign, written in SIGNS:
        if sign in text:
            text = text.replace(sign, written)
    return text
