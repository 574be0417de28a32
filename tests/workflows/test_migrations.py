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

FIRST = [("workflows", "0001_initial"), ("notifications", "0001_initial")]


def migrate(targets: list[tuple[str, str]]) -> None:
    MigrationExecutor(connection).migrate(targets)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.mark.django_db(transaction=True)
def test_open_requests_and_parts_keep_their_limits_back_and_forth(world: World) -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    owed = CoHandling(world.other_team, "清运垃圾", world.now + timedelta(days=3))
    helped = world.case("accepted")
    dispatch_case(case_id=helped.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[owed])
    case = world.case("in_progress")
    asked = ask_request(
        case_id=case.pk,
        actor=world.member,
        now=world.now,
        kind=RequestKind.RETURN,
        reason="不属我队",
        details={},
    )
    before = set(Clock.objects.values_list("case", "kind", "due_at", "alarm_at", "calendar_revision"))
    try:
        migrate(FIRST)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM workflows_request WHERE due_at IS NOT NULL")
            assert cursor.fetchone()[0] == 1
            cursor.execute("SELECT count(*) FROM workflows_clock WHERE kind IN ('request', 'part')")
            assert cursor.fetchone()[0] == 0
    finally:
        migrate(latest)
    after = set(Clock.objects.values_list("case", "kind", "due_at", "alarm_at", "calendar_revision"))
    assert {row[:3] for row in after} == {row[:3] for row in before}
    assert {row for row in after if row[1] not in ("request", "part")} == {
        row for row in before if row[1] not in ("request", "part")
    }
    assert Request.objects.get(pk=asked.pk).clock.policy.clock == "request"


@pytest.mark.django_db(transaction=True)
def test_a_link_that_staff_had_asked_for_rates_no_more(world: World) -> None:
    shown, sent = world.case("answered", resident=True), world.case("answered", resident=True)
    issue_link(case_id=shown.pk, actor=world.desk, now=world.now)
    resident_link(sent, now=world.now)
    ResidentLink.objects.update(handed_by=None)  # as they were
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        migrate([("cases", "0003_closing")])
    finally:
        migrate(latest)
    assert ResidentLink.objects.get(case=shown).handed_by == world.desk
    assert ResidentLink.objects.get(case=sent).handed_by is None
