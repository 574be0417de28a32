"""While a far end is away only a probe goes there; nobody is written to faster than they allow; nothing is lost."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache

from cases.models import User
from cases.terms import EventType, Role
from notifications import gates
from notifications.channels.base import Rate
from notifications.channels.wecom import Wecom
from notifications.delivery import BACK_OFF, LEASE, _claim, deliver, resend_all
from notifications.digests import send_digests
from notifications.journal import channels
from notifications.models import Address, Delivery, Digest, Gate, Subscriber
from notifications.relay import relay
from tests.factories import World, user
from tests.notifications.far_ends import FarEnd, Said, far_end

NOTHING = {"sent": 0, "retried": 0, "dead": 0, "cancelled": 0, "duplicates_possible": 0}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def group(world: World, settings: LazySettings) -> Any:
    """A group of the street whose robot hears of every report; mail is nobody's matter here."""
    cache.clear()
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


@pytest.fixture
def by_wecom(world: World, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FarEnd]:
    """Five colleagues at a desk with something to do, each with an account of WeCom; it takes four a minute."""
    cache.clear()
    User.objects.update(email="")
    with far_end({"errcode": 0, "errmsg": "ok", "access_token": "t-1", "expires_in": 7200}) as server:
        settings.WECOM_BASE_URL, settings.WECOM_CORP_ID = server.url, "corp"
        monkeypatch.setattr(Wecom, "rate", Rate(4))
        for n in range(4):
            user(f"desk{n}", f"受理{n}", Role.DESK, area=world.street)
        User.objects.update(email="")
        for person in User.objects.filter(username__startswith="desk"):
            Address.objects.create(user=person, channel="wecom", value=person.username)
        world.report()
        yield server


def told_by_wecom(server: FarEnd) -> list[str]:
    return [asked.body["touser"] for asked in server.asked if asked.path == "/cgi-bin/message/send"]


def test_digests_take_their_share_of_the_rate_and_each_leaves_once(world: World, by_wecom: FarEnd) -> None:
    sent = []
    for n in range(9):
        sent.append(send_digests(now=world.now + n * MINUTE / 2)["digests"])
        if n == 0:  # who waits before the gate has no row, and no attempt
            assert Digest.objects.exclude(state="nothing").count() == sent[0]
    assert 0 < sent[0] < 5
    assert sum(sent) == 5
    assert max(first + second for first, second in pairwise(sent)) <= 4
    assert sorted(told_by_wecom(by_wecom)) == ["desk", "desk0", "desk1", "desk2", "desk3"]
    assert set(Digest.objects.filter(channel="wecom").values_list("attempts", flat=True)) == {1}


def test_messages_and_digests_share_one_rate(world: World, by_wecom: FarEnd) -> None:
    relay(now=world.now)
    told = deliver(now=world.now)["sent"]
    assert 0 < told < 5
    assert send_digests(now=world.now) == {"digests": 0}
    assert len(told_by_wecom(by_wecom)) == told
    assert 0 < send_digests(now=world.now + MINUTE)["digests"] <= 4


def test_digests_open_the_breaker_and_wait_behind_it_for_a_probe(
    world: World, by_wecom: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wecom, "rate", Rate(600))
    by_wecom.decide = lambda asked: Said(status=503) if asked.path.endswith("send") else by_wecom.said
    assert send_digests(now=world.now) == {"digests": 0}
    assert len(told_by_wecom(by_wecom)) == 3
    gate = Gate.objects.get(channel="wecom")
    assert (gate.failures, gate.shut_until) == (3, world.now + MINUTE)
    relay(now=world.now)
    assert deliver(now=world.now) == NOTHING  # what else would leave there waits as well
    by_wecom.decide = None
    later = world.now + 2 * MINUTE
    assert send_digests(now=later)["digests"] == 2  # the two that were never tried; the first was the probe
    assert send_digests(now=later + 10 * MINUTE)["digests"] == 3
    gate.refresh_from_db()
    assert (gate.failures, gate.opened_at) == (0, None)


def test_a_pause_that_the_platform_asks_for_holds_digests_too(world: World, by_wecom: FarEnd) -> None:
    busy = Said({"errcode": 45009, "errmsg": "api freq out of limit"})
    by_wecom.decide = lambda asked: busy if asked.path.endswith("send") else by_wecom.said
    assert send_digests(now=world.now) == {"digests": 0}
    assert len(told_by_wecom(by_wecom)) == 1
    gate = Gate.objects.get(channel="wecom")
    assert gate.free_at is not None
    assert gate.free_at >= world.now + MINUTE
