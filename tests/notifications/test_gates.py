"""While a far end is away only a probe goes there; nobody is written to faster than they allow; nothing is lost."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache

from cases.terms import EventType
from notifications import gates
from notifications.channels.base import Rate
from notifications.delivery import BACK_OFF, LEASE, _claim, deliver, resend_all
from notifications.journal import channels
from notifications.models import Delivery, Gate, Subscriber
from notifications.relay import relay
from tests.factories import World
from tests.notifications.far_ends import FarEnd, Said, far_end

NOTHING = {"sent": 0, "retried": 0, "dead": 0, "cancelled": 0, "duplicates_possible": 0}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def group(world: World, settings: LazySettings) -> Any:
    """A group of the street whose robot hears of every report; mail is nobody's matter here."""
    cache.clear()
    from cases.models import User  # noqa: PLC0415

    User.objects.update(email="")
    with far_end({"errcode": 0, "errmsg": "ok"}) as server:
        settings.WECOM_BASE_URL = server.url
        server.group = Subscriber.objects.create(  # type: ignore[attr-defined]
            name="街道群", channel="wecom_robot", area=world.street, address="key-0123456789", created_at=world.now,
            event_types=[EventType.REPORTED.value],
        )  # fmt: skip
        yield server


def owed(world: World, count: int) -> None:
    for _ in range(count):
        world.report()
    relay(now=world.now)


def waiting() -> int:
    return Delivery.objects.filter(channel="wecom_robot", state="pending").count()


def test_a_group_hears_once_of_what_happens_in_its_area_and_of_nothing_else(world: World, group: FarEnd) -> None:
    owed(world, 1)
    world.report(area=world.grid)
    relay(now=world.now)
    assert deliver(now=world.now)["sent"] == 2
    assert deliver(now=world.now) == NOTHING
    assert len(group.asked) == 2
    Subscriber.objects.update(area=world.other_street)
    owed(world, 1)
    assert waiting() == 0
    row = Delivery.objects.filter(channel="wecom_robot").first()
    assert row is not None
    assert (row.answer_status, row.answer_code) == (200, "0")


def test_a_gate_opens_after_failures_in_a_row_lets_a_probe_through_and_closes(world: World, group: FarEnd) -> None:
    group.said = Said(status=503)
    owed(world, 6)
    assert deliver(now=world.now) == NOTHING | {"retried": 3}
    gate = Gate.objects.get(channel="wecom_robot", subscriber=None)
    assert (gate.failures, gate.opened_at, gate.shut_until) == (3, world.now, world.now + MINUTE)
    untouched = Delivery.objects.filter(channel="wecom_robot", state="pending", attempts=0)
    assert untouched.count() == 3
    assert deliver(now=world.now + MINUTE / 2) == NOTHING
    shown = {channel.name: channel for channel in channels(now=world.now)}
    assert shown["wecom_robot"].opened_at == world.now
    assert "503" in shown["wecom_robot"].error
    # half open: one goes, fails, and the gate stays shut for longer
    assert deliver(now=world.now + MINUTE) == NOTHING | {"retried": 1}
    gate.refresh_from_db()
    assert gate.shut_until == world.now + 3 * MINUTE
    group.said = Said({"errcode": 0})
    later = world.now + 3 * MINUTE
    assert deliver(now=later)["sent"] > 1  # the probe arrives, and the others follow in the same run
    gate.refresh_from_db()
    assert (gate.failures, gate.opened_at, gate.shut_until) == (0, None, None)
    for n in range(30):
        deliver(now=later + n * MINUTE)
    assert (waiting(), Delivery.objects.filter(channel="wecom_robot", state="sent").count()) == (0, 6)


def test_while_the_probe_is_under_way_nobody_else_tries(world: World, group: FarEnd) -> None:
    owed(world, 3)
    Gate.objects.create(channel="wecom_robot", failures=3, opened_at=world.now, shut_until=world.now)
    [probe], _left = _claim(world.now)
    assert _claim(world.now) == ([], 0)
    assert _claim(world.now + gates.PROBE - timedelta(seconds=1)) == ([], 0)
    assert len(_claim(world.now + gates.PROBE)[0]) == 1  # its worker died
    assert probe.attempts == 1


def test_systems_are_away_each_by_itself_and_robots_of_a_platform_together(world: World, group: FarEnd) -> None:
    given = {"area": world.street, "created_at": world.now, "secret": "whsec_" + "A" * 43 + "="}
    rows = [Subscriber.objects.create(name=str(n), channel="webhook", address="https://a", **given) for n in range(2)]
    for row in rows:
        gates._locked("webhook", row.pk)
    event = world.report().events.get()
    broken, whole = (Delivery(event=event, channel="webhook", recipient_subscriber=row) for row in rows)
    for _ in range(3):
        gates.failed(broken, "away", world.now)
    assert gates.shut(world.now) == (set(), {rows[0].pk})
    assert gates.enter(whole, world.now)
    assert not gates.enter(broken, world.now)


def test_no_stretch_of_a_minute_has_more_than_the_platform_takes_and_the_queue_drains(
    world: World, group: FarEnd
) -> None:
    owed(world, 45)
    at, sent = world.now, Counter[datetime]()
    while waiting():
        sent[at] += deliver(now=at)["sent"]
        at += timedelta(seconds=5)
    assert sum(sent.values()) == 45
    for start in sent:
        within = sum(count for moment, count in sent.items() if start <= moment < start + MINUTE)
        assert within <= 20
    assert at - world.now < 5 * MINUTE
    assert Delivery.objects.filter(channel="wecom_robot", attempts=1).count() == 45


@pytest.mark.parametrize("rate", [Rate(20), Rate(100, burst=4), Rate(1), Rate(600), Rate(5, seconds=1)])
def test_a_rate_holds_in_every_stretch_however_it_is_asked(rate: Rate) -> None:
    assert rate.at_most + rate.seconds / rate.interval <= rate.messages + (rate.messages == 1)


def test_who_asks_for_a_pause_gets_it_and_the_others_keep_their_attempts(world: World, group: FarEnd) -> None:
    group.then = [Said({}, status=429, headers={"Retry-After": "600"})]
    owed(world, 3)
    assert deliver(now=world.now) == NOTHING | {"retried": 1}
    assert deliver(now=world.now + 9 * MINUTE) == NOTHING
    first = Delivery.objects.filter(channel="wecom_robot", attempts=1).get()
    assert first.next_try_at == world.now + 10 * MINUTE
    assert deliver(now=world.now + 10 * MINUTE)["sent"] == 3


def test_an_attempt_that_ended_unknown_is_counted_and_the_message_repeated(world: World, group: FarEnd) -> None:
    group.then = [Said(nothing=True)]
    owed(world, 1)
    assert deliver(now=world.now) == NOTHING | {"retried": 1, "duplicates_possible": 1}
    row = Delivery.objects.get(channel="wecom_robot")
    assert (row.unknown_ends, row.in_flight) == (1, False)
    assert deliver(now=world.now + 2 * MINUTE)["sent"] == 1
    assert len(group.asked) == 2
    assert {c.name: c.duplicates_possible for c in channels(now=world.now)}["wecom_robot"] == 1


def test_garbage_is_neither_success_nor_the_end(world: World, group: FarEnd) -> None:
    group.said = Said(b"<html>login</html>")
    owed(world, 1)
    assert deliver(now=world.now) == NOTHING | {"retried": 1, "duplicates_possible": 1}


def test_a_far_end_that_refuses_for_good_ends_in_the_list_and_all_of_it_is_owed_again(
    world: World, group: FarEnd
) -> None:
    group.said = Said({"errcode": 93000, "errmsg": "invalid webhook url key-0123456789"})
    owed(world, 3)
    assert deliver(now=world.now) == NOTHING | {"dead": 3}
    row = Delivery.objects.filter(channel="wecom_robot").first()
    assert row is not None
    assert row.last_error == "93000: invalid webhook url ***"
    assert Gate.objects.get(channel="wecom_robot", subscriber=None).opened_at is None  # it answers: it is there
    assert resend_all(channel="email", actor=None, now=world.now) == 0
    assert resend_all(channel="wecom_robot", actor=world.admin, now=world.now) == 3
    group.said = Said({"errcode": 0})
    assert deliver(now=world.now)["sent"] == 3


def test_a_system_that_is_gone_is_not_called_again(world: World, group: FarEnd, settings: LazySettings) -> None:
    settings.WEBHOOK_NETWORKS = ("127.0.0.0/8",)
    group.said = Said(status=410)
    Subscriber.objects.update(channel="webhook", address=group.url, secret="whsec_" + "A" * 43 + "=")
    owed(world, 2)
    assert deliver(now=world.now) == NOTHING | {"dead": 1, "cancelled": 1}
    assert not Subscriber.objects.get().active


def test_waits_grow_and_differ_from_one_message_to_the_next(world: World, group: FarEnd) -> None:
    group.said = Said({"errcode": 310000})
    owed(world, 2)
    deliver(now=world.now)
    first, second = Delivery.objects.filter(channel="wecom_robot").order_by("pk")
    assert first.next_try_at != second.next_try_at
    for row in (first, second):
        assert row.next_try_at is not None
        assert BACK_OFF[0] <= row.next_try_at - world.now <= BACK_OFF[0] * 1.2
    assert gates.SHUT_FOR[0] < LEASE
