from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from cases.commands import issue_link, resident_link
from cases.models import ResidentLink
from cases.terms import RequestKind
from tests.factories import World, make_world
from workflows.commands.handling import CoHandling, dispatch_case
from workflows.flows.approval import ask_request
from workflows.models import Clock, Request

FIRST = [("workflows", "0001_initial"), ("notifications", "0001_initial"), ("cases", "0003_closing")]


@contextmanager
def at_first() -> Iterator[None]:
    """Long ago: the tables as they were then, and as they are now again afterwards."""
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate(FIRST)
        yield
    finally:
        MigrationExecutor(connection).migrate(latest)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def count(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {sql}")  # noqa: S608  # words of ours
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_requests_parts_and_links_keep_what_they_say_back_and_forth(world: World) -> None:
    """One way for all, for it takes long."""
    owed = CoHandling(world.other_team, "清运垃圾", world.now + timedelta(days=3))
    helped = world.case("accepted")
    dispatch_case(case_id=helped.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[owed])
    case = world.case("in_progress")
    asked = ask_request(
        case_id=case.pk, actor=world.member, now=world.now, kind=RequestKind.RETURN, reason="不属我队", details={}
    )
    shown, sent = world.case("answered", resident=True), world.case("answered", resident=True)
    issue_link(case_id=shown.pk, actor=world.desk, now=world.now)
    resident_link(sent, now=world.now)
    ResidentLink.objects.update(handed_by=None)  # as they were
    before = set(Clock.objects.values_list("case", "kind", "due_at", "alarm_at", "calendar_revision"))
    with at_first():
        assert count("workflows_request WHERE due_at IS NOT NULL") == 1
        assert count("workflows_clock WHERE kind IN ('request', 'part')") == 0
    after = set(Clock.objects.values_list("case", "kind", "due_at", "alarm_at", "calendar_revision"))
    assert {row[:3] for row in after} == {row[:3] for row in before}
    assert {row for row in after if row[1] not in ("request", "part")} == {
        row for row in before if row[1] not in ("request", "part")
    }
    assert Request.objects.get(pk=asked.pk).clock.policy.clock == "request"
    assert ResidentLink.objects.get(case=shown).handed_by == world.desk
    assert ResidentLink.objects.get(case=sent).handed_by is None
