"""Many rows at once leave what the same rows leave one by one through the commands, column by column."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cases import events
from cases.commands import Person
from cases.models import Case, Reporter
from cases.terms import ClockKind, Priority, Source, Unit
from tests.factories import NOW, SHANGHAI, World
from workflows import permissions as may
from workflows.benchmark.twins import written_about
from workflows.clock_audit import audit
from workflows.commands.adopting import Entry, adopt_many
from workflows.commands.history import adopt_case
from workflows.commands.intake import Report, report_case
from workflows.limits import NoLimit
from workflows.models import PolicyVersion, SlaPolicy

HOUR = timedelta(hours=1)


def entries(world: World, count: int = 60) -> Iterator[Entry]:
    """Rows of every kind: open and answered, early and late, with targets, teams, categories and people."""
    random = Random(6)  # noqa: S311  # the same rows each time
    people = [
        Person(), Person(name="王芳"), Person(name="李明", phone="13800138000", address="3 栋"),
        Person(name="李明", phone="+86 138-0013-8000", address="3 栋"), Person(phone="无"),
        Person(name="张\t伟\\n", phone="0755-12345678"),
    ]  # fmt: skip
    for n in range(count):
        at = datetime(2024, 1, 1, tzinfo=SHANGHAI) + random.randrange(15_000) * HOUR + timedelta(microseconds=n)
        answered = at + random.choice((0, 1, 30, 500)) * HOUR if n % 3 else None
        target = at + random.choice((0, 2, 400)) * HOUR if n % 4 == 0 else None
        yield Entry(
            Report(
                area=random.choice((world.grid, world.community)), title=f"路灯不亮 {n}", place="东门\t二号\\",
                description="小区东门。\n第二行\r\\N", source=Source.IMPORT, external_ref=f"r{n}", target_at=target,
                category=random.choice((None, world.category)), reporter=random.choice(people),
                priority=random.choice((Priority.NORMAL, Priority.URGENT)), extra={"点赞": n, "备注": '"引"\\ '},
            ),
            at, answer=" 已修好。\n" if answered else "", answered_at=answered,
            closed_at=answered + random.choice((0, 1, 300)) * HOUR if answered and n % 5 == 0 else None,
            team=world.team if answered and n % 2 else None,
        )  # fmt: skip


def one_by_one(rows: list[Entry]) -> None:
    for row in rows:
        if row.answered_at is None:
            report_case(report=row.report, actor=may.IMPORT, now=row.reported_at)
        else:
            given: dict[str, Any] = {"answer": row.answer, "answered_at": row.answered_at, "closed_at": row.closed_at}
            adopt_case(report=row.report, reported_at=row.reported_at, team=row.team, **given)


def test_both_ways_write_the_same_into_every_table(world: World) -> None:
    SlaPolicy.objects.create(  # of a category and urgency, and in days without weekends
        version=PolicyVersion.objects.get(), clock=ClockKind.OVERALL, category=world.category,
        priority=Priority.URGENT, amount=3, unit=Unit.DAYS, calendar=world.calendar,
    )  # fmt: skip
    Reporter.objects.create(name="另一位")
    rows = list(entries(world))
    refs = [row.report.external_ref for row in rows]
    with transaction.atomic():
        one_by_one(rows)
        wanted, people = written_about(refs), Reporter.objects.count()
        transaction.set_rollback(True)
    assert not Case.objects.exists()
    cases = adopt_many(rows)
    assert [case.external_ref for case in cases] == refs
    found = written_about(refs)
    assert len(found) == len(rows)
    for ref in refs:
        assert found[ref] == wanted[ref], ref
        assert found[ref][0]
    assert Reporter.objects.count() == people
    assert events.verify_all().broken == []
    swept_away = [fault for fault in audit(now=NOW, quick=True).faults if fault.code != "unfired"]
    assert swept_away == []  # the sweep has not come by yet


@pytest.mark.pg  # SQLite takes a bounded number of values in a statement, so there they grow, by the hundred rows
def test_the_statements_do_not_grow_with_the_rows(world: World) -> None:
    def statements(count: int, begin: int) -> int:
        rows = list(entries(world, begin + count))[begin:]
        with CaptureQueriesContext(connection) as seen:
            adopt_many(rows)
        return len(seen)

    assert statements(5, 0) == statements(50, 5)


def test_keys_and_later_cases_go_on_from_there(world: World) -> None:
    adopt_many(list(entries(world, 4)))
    later = world.report()
    assert later.pk > max(Case.objects.exclude(pk=later.pk).values_list("pk", flat=True))
    assert adopt_many(list(entries(world, 8))[4:])[0].pk > later.pk


def test_without_a_limit_nothing_is_written(world: World) -> None:
    SlaPolicy.objects.filter(clock=ClockKind.SURVEY).delete()
    with pytest.raises(NoLimit):
        adopt_many(list(entries(world)))
    assert not Case.objects.exists()
