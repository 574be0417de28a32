from datetime import timedelta

import pytest
from django.db import DataError, connection, transaction

from cases.lib.bulk import ROWS_AT_ONCE, insert_many, update_many
from cases.models import Case, CaseEvent, Category
from tests.factories import World
from workflows.models import Clock


def test_rows_get_their_own_values_and_others_stay(world: World) -> None:
    clocks = [world.case("in_progress").clocks.get(kind="handle") for _ in range(3)]
    for n, clock in enumerate(clocks[:2]):
        clock.warned_at, clock.alarm_at, clock.level = world.now + timedelta(hours=n), None, n
    assert update_many(clocks[:2], ["warned_at", "alarm_at", "level"]) == 2
    stored = list(Clock.objects.filter(kind="handle").order_by("pk").values_list("warned_at", "alarm_at", "level"))
    assert stored == [
        (world.now, None, 0),
        (world.now + timedelta(hours=1), None, 1),
        (None, clocks[2].alarm_at, 0),
    ]


def test_a_field_that_is_not_named_is_not_written(world: World) -> None:
    category = world.category
    category.name, category.group = "另名", "另类"
    update_many([category], ["name"])
    assert Category.objects.values_list("name", "group").get(pk=category.pk) == ("另名", "公共设施")


@pytest.mark.django_db
def test_more_rows_than_one_statement_takes_are_all_written() -> None:
    rows = Category.objects.bulk_create(Category(code=str(n), name=str(n)) for n in range(ROWS_AT_ONCE + 3))
    for row in rows:
        row.name = f"新{row.code}"
    assert update_many(rows, ["name"]) == len(rows)
    assert Category.objects.filter(name__startswith="新").count() == len(rows)


def test_nothing_to_write_is_no_statement(django_assert_num_queries: object) -> None:
    assert update_many([], ["name"]) == 0


def test_a_value_too_long_for_its_column_is_refused_and_not_cut(world: World) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no lengths")
    world.category.name = "长" * 500
    with pytest.raises(DataError), transaction.atomic():
        update_many([world.category], ["name"])
    assert len(Category.objects.get(pk=world.category.pk).name) < 500


def test_columns_of_json_are_written_as_they_are_read(world: World) -> None:
    case = world.case("reported")
    case.extra = {"列": ["值", None, 1.5, {"深": True}], 'quote"': "o'clock\\"}
    update_many([case], ["extra"])
    assert Case.objects.get(pk=case.pk).extra == case.extra


def test_new_rows_are_there_with_all_that_was_set(world: World) -> None:
    case = world.case("reported")
    at = world.now.replace(microsecond=123_456)
    rows = [
        CaseEvent(
            case=case, seq=100 + n, type="note.added", at=at, state="reported", data={"词": f"第{n}条"}, hash=str(n)
        )
        for n in range(ROWS_AT_ONCE + 2)
    ]
    insert_many(rows)
    stored = CaseEvent.objects.filter(seq__gte=100).order_by("seq")
    assert [(e.seq, e.data["词"], e.hash) for e in stored] == [(100 + n, f"第{n}条", str(n)) for n in range(len(rows))]
    first = stored[0]
    assert (first.case, first.at, first.actor, first.previous_hash, first.relayed_at) == (case, at, None, "", None)


def test_no_new_rows_are_no_statement(django_assert_num_queries: object) -> None:
    insert_many([])
