import json
from datetime import time, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import CaseEvent, User
from cases.terms import Role
from notifications.channels import CHANNELS
from notifications.channels.base import ChannelError
from notifications.delivery import deliver
from notifications.models import Delivery, Rhythm
from notifications.relay import relay
from tests.factories import World, user
from workflows.commands import handling, supervise
from workflows.commands.leaves import end_leave, register_leave, take_leave
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


def registered(world: World) -> Leave:
    first = world.now.date()
    given = {"user": world.member, "substitute": world.leader, "first": first, "end": first + 3 * DAY}
    return register_leave(actor=world.admin, now=world.now, **given)  # type: ignore[arg-type]


def test_a_colleague_for_whom_leave_was_registered_is_told_through_their_own_channels(world: World) -> None:
    leave = registered(world)
    relay(now=world.now)
    assert set(Delivery.objects.values_list("recipient_user", "channel")) == {
        (world.member.pk, "in_app"), (world.member.pk, "email"),
    }  # fmt: skip
    deliver(now=world.now)
    [message] = mail.outbox
    assert (message.to, message.subject) == (["member@example.com"], "管理员 替您登记了休假")
    assert message.body.startswith("2026-03-02 至 2026-03-04，发给您的消息由 周队长 收。")
    assert "http://127.0.0.1:8000/leaves/" in message.body
    assert relay(now=world.now) == 0  # once
    end_leave(leave_id=leave.pk, actor=world.supervisor, now=world.now)
    relay(now=world.now)
    deliver(now=world.now)
    assert mail.outbox[1].subject == "钱督办 结束了您的休假"
    assert Delivery.objects.exclude(state="sent").count() == 0


def test_what_one_registers_or_ends_oneself_is_no_news(world: World) -> None:
    leave = away(world, world.member, world.leader)
    end_leave(leave_id=leave.pk, actor=world.member, now=world.now)
    assert relay(now=world.now) == 0
    assert not Delivery.objects.exists()


def test_it_rings_at_the_bell_stands_among_the_messages_and_in_the_journal(world: World) -> None:
    registered(world)
    relay(now=world.now)
    client = Client()
    client.force_login(world.member)
    assert client.get("/messages/unread/").json() == {"unread": 1}
    shown = client.get("/messages/").content.decode()
    assert '<a href="/leaves/">管理员 替您登记了休假</a>' in shown
    assert "发给您的消息由 周队长 收" in shown
    assert client.get("/leaves/").status_code == 200
    Delivery.objects.filter(channel="email").update(state="dead", next_try_at=None)
    client.force_login(world.admin)
    assert "他人代为登记休假" in client.get("/messages/dead/").content.decode()
    out = StringIO()
    call_command("deliveries", "--json", stdout=out)
    labels = {row["label"] for row in json.loads(out.getvalue())["deliveries"]}
    assert labels == {"他人代为登记休假"}


def test_it_waits_for_the_end_of_quiet_hours_and_for_a_far_end_that_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Rhythm.objects.create(user=world.member, quiet="own", quiet_from=time(21), quiet_to=time(7))
    registered(world)
    night = world.now.replace(hour=23)
    relay(now=night)
    assert deliver(now=night)["sent"] == 0

    def away_now(*_args: object, **_: object) -> None:
        raise ChannelError("away", permanent=False)

    morning = night + timedelta(hours=9)
    with monkeypatch.context() as patched:
        patched.setattr(type(CHANNELS["email"]), "send", away_now)
        assert deliver(now=morning)["retried"] == 1
    assert deliver(now=morning + timedelta(minutes=2))["sent"] == 1
