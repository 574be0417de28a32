"""Senders that are killed between sending and marking: exactly that one message repeats, under the same id."""

from collections import Counter
from collections.abc import Iterator

import pytest

from notifications.channels.webhook import new_secret
from notifications.delivery import LEASE
from notifications.models import Delivery, Subscriber
from notifications.relay import relay
from tests.factories import World
from tests.faults.processes import KILLED, Crew
from tests.notifications.far_ends import FarEnd, far_end

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def system(world: World) -> Iterator[FarEnd]:
    """A system of others that is owed five messages; people have no mail."""
    type(world.desk).objects.update(email="")
    with far_end({}) as server:
        Subscriber.objects.create(
            name="系统", channel="webhook", area=world.district, address=f"{server.url}/hook", secret=new_secret(),
            event_types=["case.reported"], created_at=world.now,
        )  # fmt: skip
        for _ in range(5):
            world.report()
        relay(now=world.now)
        yield server


def heard(server: FarEnd) -> Counter[str]:
    return Counter(asked.headers["webhook-id"] for asked in server.asked)


def ids() -> list[str]:
    rows = Delivery.objects.filter(channel="webhook").order_by("pk")
    return [f"event{row.event_id}_s{row.recipient_subscriber_id}_webhook" for row in rows]


def test_a_sender_killed_between_sending_and_marking_repeats_that_one_message_with_its_id(
    world: World, crew: Crew, system: FarEnd
) -> None:
    assert crew.alone("deliver", now=world.now, die_at="after_sent", visit=3).code == KILLED
    wanted = ids()
    assert list(heard(system)) == wanted[:3]
    rows = Delivery.objects.filter(channel="webhook").order_by("pk").values_list("state", "in_flight")
    assert list(rows) == [("sent", False)] * 2 + [("pending", True)] + [("pending", False)] * 2
    end = crew.alone("deliver", now=world.now)
    assert end.said["sent"] == 2  # the others do not wait for it
    end = crew.alone("deliver", now=world.now + LEASE)
    assert (end.said["sent"], end.said["duplicates_possible"]) == (1, 1)
    assert heard(system) == {**dict.fromkeys(wanted, 1), wanted[2]: 2}
    first, second = (asked for asked in system.asked if asked.headers["webhook-id"] == wanted[2])
    assert first.raw == second.raw
    assert Delivery.objects.filter(channel="webhook", state="sent").count() == 5
    assert Delivery.objects.get(unknown_ends=1).in_flight is False


def test_senders_at_once_send_each_message_once(world: World, crew: Crew, system: FarEnd) -> None:
    ends = crew.at_once(*({"do": "deliver", "now": world.now} for _ in range(3)))
    assert sum(end.said["sent"] for end in ends) == 5
    assert heard(system) == dict.fromkeys(ids(), 1)


def test_control_a_sender_that_marks_before_it_sends_loses_a_message(world: World, crew: Crew, system: FarEnd) -> None:
    assert crew.alone("marking_deliver", now=world.now).code == KILLED
    crew.alone("deliver", now=world.now + LEASE)
    assert len(heard(system)) == 4
