"""Several relays and senders at once on real PostgreSQL; each probe has a control that must fail."""

import threading
from collections import Counter
from datetime import date

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from cases.models import CaseEvent
from notifications.delivery import deliver
from notifications.digests import claim, send_digests
from notifications.models import Delivery, Digest
from notifications.relay import claimed, relay
from tests.factories import World, make_world
from tests.threads import at_once

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def test_several_relays_make_each_delivery_once_and_share_the_events(world: World) -> None:
    for _ in range(20):
        world.case("answered", resident=True)
    events = CaseEvent.objects.count()
    results = at_once(lambda _: relay(now=world.now, limit=5))
    assert not [r for r in results if isinstance(r, Exception)]
    assert sum(results) == events  # no event was relayed by two
    rows = Counter(Delivery.objects.values_list("event", "recipient_user", "recipient_reporter", "channel"))
    assert set(rows.values()) == {1}
    made = Delivery.objects.count()
    CaseEvent.objects.update(relayed_at=None)
    relay(now=world.now)
    assert Delivery.objects.count() == made  # alone it would have made the same


def test_relays_that_hold_their_claim_at_the_same_time_hold_different_events(world: World) -> None:
    world.case("answered")
    both_hold = threading.Barrier(2)

    def claim(_: int) -> set[int]:
        with transaction.atomic():
            mine = {event.pk for event in claimed(3)}
            both_hold.wait(10)
            return mine

    one, other = at_once(claim, 2)
    assert len(one) == 3
    assert other
    assert one & other == set()


def test_control_relays_that_look_without_the_lock_take_the_same_events_and_would_tell_twice(world: World) -> None:
    world.report()
    both_read = threading.Barrier(2)

    def naive(_: int) -> None:
        with transaction.atomic():
            [event] = CaseEvent.objects.filter(relayed_at=None)
            both_read.wait(10)
            Delivery.objects.create(
                event=event, recipient_user=world.desk, channel="email", created_at=world.now, next_try_at=world.now
            )

    results = at_once(naive, 2)  # only the unique constraint stands between the desk and two mails
    assert Counter(type(r) for r in results) == {type(None): 1, IntegrityError: 1}


def test_a_relay_skips_an_event_that_another_holds_and_finds_it_when_that_one_died(world: World) -> None:
    world.report()
    with transaction.atomic():
        assert len(claimed(10)) == 1
        assert at_once(lambda _: relay(now=world.now), 1) == [0]
        transaction.set_rollback(True)
    assert relay(now=world.now) == 1


def test_several_senders_send_each_message_once(world: World) -> None:
    for _ in range(12):
        world.report()
    relay(now=world.now)
    results = at_once(lambda _: deliver(now=world.now))
    assert not [r for r in results if isinstance(r, Exception)]
    assert sum(r["sent"] for r in results) == 12
    sent = Counter(m.extra_headers["Message-ID"] for m in mail.outbox)
    assert (len(sent), set(sent.values())) == (12, {1})


def test_control_senders_that_look_without_the_lock_send_the_same_message(world: World) -> None:
    world.report()
    relay(now=world.now)
    both_read = threading.Barrier(2)

    def naive(_: int) -> int:
        found = list(Delivery.objects.due(world.now))
        both_read.wait(10)
        return len(found)

    assert sum(at_once(naive, 2)) == 2


MORNING = date(2026, 3, 2)


def test_several_workers_in_the_same_morning_send_each_person_one_digest(world: World) -> None:
    world.report()
    world.case("accepted")
    results = at_once(lambda _: send_digests(now=world.now))
    assert not [r for r in results if isinstance(r, Exception)]
    assert sum(result["digests"] for result in results) == 2
    assert sorted(one.to[0] for one in mail.outbox) == ["desk@example.com", "dispatcher@example.com"]


def test_of_many_who_claim_a_digest_one_gets_it(world: World) -> None:
    rows = at_once(lambda _: claim(world.desk, MORNING, world.now))
    assert len([row for row in rows if isinstance(row, Digest)]) == 1
    assert [row for row in rows if not isinstance(row, Digest)] == [None] * (len(rows) - 1)


def test_control_workers_that_look_first_and_write_after_would_both_send_a_digest(world: World) -> None:
    both_looked = threading.Barrier(2)

    def naive(_: int) -> bool:
        is_free = not Digest.objects.filter(user=world.desk, day=MORNING).exists()
        both_looked.wait(10)
        return is_free

    assert at_once(naive, 2) == [True, True]
