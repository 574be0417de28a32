from datetime import timedelta

from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import CaseEvent, User
from cases.terms import Role
from notifications.delivery import deliver
from notifications.models import Delivery
from notifications.relay import relay
from tests.factories import World, user
from workflows.commands import handling, supervise
from workflows.commands.leaves import end_leave, take_leave
from workflows.commands.sweep import sweep
from workflows.models import Leave

DAY = timedelta(days=1)


def away(world: World, who: User, substitute: User) -> Leave:
    first = world.now.date()
    return take_leave(actor=who, substitute=substitute, first=first, end=first + 90 * DAY, now=world.now)


def told(world: World, event_type: str) -> dict[str, set[str]]:
    """Channels by recipient of the newest event of a type."""
    relay(now=world.now)
    found: dict[str, set[str]] = {}
    for row in CaseEvent.objects.filter(type=event_type).latest("pk").deliveries.exclude(recipient_user=None):
        found.setdefault(row.recipient.username, set()).add(row.channel)
    return found


def test_the_substitute_hears_through_every_channel_and_the_absent_inside_only(world: World) -> None:
    away(world, world.desk, world.dispatcher)
    world.report()
    assert told(world, "case.reported") == {"desk": {"in_app"}, "dispatcher": {"in_app", "email"}}
    row = Delivery.objects.get(channel="email")
    assert row.on_behalf_of == world.desk
    deliver(now=world.now)
    [message] = mail.outbox
    assert message.subject.startswith("代李受理 · 待受理：")
    assert "李受理休假，由您代理" in message.body
    client = Client()
    client.force_login(world.dispatcher)
    assert "代李受理 · 待受理：" in client.get("/messages/").content.decode()


def test_nobody_is_told_twice_or_of_their_own_doing(world: World) -> None:
    away(world, world.member, world.leader)
    case = world.case("in_progress")
    supervise.urge_case(case_id=case.pk, actor=world.supervisor, now=world.now, words="请抓紧。")
    assert told(world, "case.urged") == {"leader": {"in_app", "email"}, "member": {"in_app"}}
    handling.reassign_case(case_id=case.pk, actor=world.leader, now=world.now, handler=world.leader)
    handling.reassign_case(case_id=case.pk, actor=world.leader, now=world.now, handler=world.member)
    assert told(world, "case.reassigned") == {"member": {"in_app", "email"}}  # the substitute did it


def test_a_substitute_hears_nothing_of_what_they_may_not_see(world: World) -> None:
    both = user("both", "兼职", Role.TEAM_MEMBER, team=world.other_team)
    both.roles.create(role=Role.SECRETARY, council=world.council, valid_from="2020-01-01")
    world.secretary.roles.all().delete()
    away(world, both, world.other_member)
    world.case("deliberating")
    assert told(world, "case.referred_to_council") == {"both": {"in_app", "email"}}


def test_back_at_work_one_hears_oneself_again(world: World) -> None:
    leave = away(world, world.desk, world.dispatcher)
    end_leave(leave_id=leave.pk, actor=world.desk, now=world.now)
    world.report()
    assert told(world, "case.reported") == {"desk": {"in_app", "email"}}


def test_lists_for_two_people_stay_apart(world: World) -> None:
    away(world, world.member, world.leader)
    world.case("in_progress")
    world.case("dispatched")
    later = world.now + 60 * DAY
    sweep(now=later)
    relay(now=later)
    rows = Delivery.objects.filter(recipient_user=world.leader, channel="in_app").exclude(bundle=None)
    lists = {(row.bundle, row.on_behalf_of_id) for row in rows}
    assert {who for _, who in lists} == {None, world.member.pk}
    assert len(lists) == len({bundle for bundle, _ in lists}) == rows.filter(is_head=True).count()


def test_leave_costs_a_batch_the_same_however_many_events(world: World) -> None:
    def queries(n: int) -> int:
        for _ in range(n):
            world.report()
        with CaptureQueriesContext(connection) as caught:
            relay(now=world.now)
        return len(caught)

    away(world, world.desk, world.dispatcher)
    assert queries(1) == queries(4)
