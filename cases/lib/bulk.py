"""Many rows of one table written in one statement, on PostgreSQL and SQLite alike."""

import json
from collections.abc import Sequence
from datetime import date, time
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

ROWS_AT_ONCE = 500
Column: TypeAlias = "models.Field[Any, Any]"


def update_many(rows: Sequence[models.Model], fields: Sequence[str]) -> int:
    """Write `fields` of saved rows of one model by their keys; returns how many were written.

    Like `bulk_update`, without its CASE for each column and row, which costs more than the writing. Not for bytes.
    """
    return sum(_update(rows[n : n + ROWS_AT_ONCE], fields) for n in range(0, len(rows), ROWS_AT_ONCE))


def insert_many(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Insert new rows of one model; their keys are not read back. On PostgreSQL twice as fast as `bulk_create`."""
    for n in range(0, len(rows), ROWS_AT_ONCE):
        _insert(rows[n : n + ROWS_AT_ONCE], ignore_conflicts=ignore_conflicts)


def merge_many(
    rows: Sequence[models.Model], *, key: Sequence[str], added: Sequence[str] = (), replaced: Sequence[str] = ()
) -> None:
    """Insert rows of one model; where `key` is there already, `added` columns are added to it, others replaced.

    The key is unique in the table and among the rows, and not made by the database.
    """
    for n in range(0, len(rows), ROWS_AT_ONCE):
        _merge(rows[n : n + ROWS_AT_ONCE], key, added, replaced)


def _merge(rows: Sequence[models.Model], key: Sequence[str], added: Sequence[str], replaced: Sequence[str]) -> None:
    model = type(rows[0])
    names = [*key, *added, *replaced]
    columns: list[Column] = [model._meta.get_field(name) for name in names]  # type: ignore[misc]
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    is_postgresql = connection.vendor == "postgresql"
    given, values = (_as_json if is_postgresql else _as_values)(rows, columns, connection)
    table, quoted = quote(model._meta.db_table), [quote(str(column.column)) for column in columns]
    new = dict(zip(names, quoted, strict=True))
    sets = [f"{new[name]} = {table}.{new[name]} + EXCLUDED.{new[name]}" for name in added]
    sets += [f"{new[name]} = EXCLUDED.{new[name]}" for name in replaced]
    # As below; "WHERE true" tells SQLite that ON belongs to the insert.
    sql = f"""INSERT INTO {table} ({", ".join(quoted)}) SELECT * FROM {given} WHERE true
        ON CONFLICT ({", ".join(new[name] for name in key)}) DO UPDATE SET {", ".join(sets)}"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _insert(rows: Sequence[models.Model], *, ignore_conflicts: bool) -> None:
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    if connection.vendor != "postgresql":
        model._meta.base_manager.bulk_create(rows, ignore_conflicts=ignore_conflicts)
        return
    columns: list[Column] = [column for column in model._meta.concrete_fields if not column.primary_key]
    given, values = _as_json(rows, columns, connection)
    names = ", ".join(connection.ops.quote_name(str(column.column)) for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    otherwise = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT * FROM {given}{otherwise}", values)  # noqa: S608  # as below


def _update(rows: Sequence[models.Model], fields: Sequence[str]) -> int:
    model = type(rows[0])
    known: dict[str, Column] = {column.name: column for column in model._meta.concrete_fields}
    columns = [next(c for c in known.values() if c.primary_key), *(known[name] for name in fields)]
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    key, *names = [quote(str(column.column)) for column in columns]
    sets = ", ".join(f"{name} = column{n}" for n, name in enumerate(names, 2))
    given, values = (_as_json if connection.vendor == "postgresql" else _as_values)(rows, columns, connection)
    table = quote(model._meta.db_table)
    # Only names of our own tables, columns and their types are put into the words.
    sql = f"UPDATE {table} SET {sets} FROM {given} WHERE {table}.{key} = column1"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def _as_values(
    rows: Sequence[models.Model], columns: Sequence[Column], connection: BaseDatabaseWrapper
) -> tuple[str, list[Any]]:
    values = ", ".join(["(" + ", ".join(["%s"] * len(columns)) + ")"] * len(rows))
    by_column = [[c.get_db_prep_save(getattr(row, c.attname), connection) for row in rows] for c in columns]
    return f"(VALUES {values})", [value for row in zip(*by_column, strict=True) for value in row]


def _as_json(
    rows: Sequence[models.Model], columns: Sequence[Column], connection: BaseDatabaseWrapper
) -> tuple[str, list[Any]]:
    """One parameter for all: a thousand of them cost more than the update. A list of VALUES knows no types, either."""
    names = [f"column{n}" for n in range(1, len(columns) + 1)]
    types = [str(c.rel_db_type(connection) if c.primary_key else c.cast_db_type(connection)) for c in columns]
    given = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
    by_column = [_plain(rows, column, connection) for column in columns]
    values = [dict(zip(names, row, strict=True)) for row in zip(*by_column, strict=True)]
    return f"json_to_recordset(%s::json) AS given({given})", [json.dumps(values, default=_moment)]


def _plain(rows: Sequence[models.Model], column: Column, connection: BaseDatabaseWrapper) -> list[Any]:
    """The values of a column as JSON can have them."""
    values = [getattr(row, column.attname) for row in rows]
    if isinstance(column, models.DateTimeField | models.JSONField):
        return values  # `get_db_prep_save` takes long to give back a moment as it is, and wraps JSON
    return [column.get_db_prep_save(value, connection) for value in values]


def _moment(value: object) -> str:
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not a number, a word, a key or a moment")
