"""A Monday at nine: ten thousand overdue marks for three hundred people of a council, their group and their phones."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import cycle

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.cache import cache

from cases.lib.bulk import insert_many
from cases.models import Case, CaseEvent, RoleAssignment, User
from cases.terms import EventType, Role
from notifications.delivery import LONGEST_BUNDLE, deliver
from notifications.models import Address, Delivery, DeliveryState, Subscriber
from notifications.relay import relay
from tests.factories import SHANGHAI, World
from tests.notifications.far_ends import far_end

MONDAY = datetime(2026, 3, 30, 9, 0, tzinfo=SHANGHAI)
SEATS, PHONES, MARKS = 300, 30, 10_000
TICK, MINUTE = timedelta(seconds=30), timedelta(minutes=1)


def seats(world: World) -> list[User]:
    """Three hundred people with mail, some with a phone."""
    people = [User(username=f"seat{n}", name=f"委员{n}", email=f"seat{n}@example.com") for n in range(SEATS)]
    User.objects.bulk_create(people)
    since = date(2020, 1, 1)
    roles = [RoleAssignment(user=p, role=Role.SEAT, council=world.council, valid_from=since) for p in people]
    RoleAssignment.objects.bulk_create(roles)
    Address.objects.bulk_create(
        Address(user=person, channel="sms", value=f"139{n:08d}") for n, person in enumerate(people[:PHONES])
    )
    return people


def marks(world: World, people: list[User]) -> None:
    """Each of them has a case in hand, and over these ten thousand limits have passed at once."""
    model = world.case("in_progress")
    cases = []
    for n, person in enumerate(people):
        case = Case.objects.get(pk=model.pk)
        case.pk, case.number, case.handler, case.holder_user = None, f"2026-9{n:05d}", person, person
        cases.append(case)
    Case.objects.bulk_create(cases)
    CaseEvent.objects.update(relayed_at=MONDAY)
    found = zip(range(MARKS), cycle(cases))
    insert_many(
        [
            CaseEvent(
                case=case, seq=1000 + n, type=EventType.CLOCK_OVERDUE, at=MONDAY, state=case.state, hash=f"{n:064d}",
                data={"clock": "handle", "due_at": MONDAY.isoformat()},
            )
            for n, case in found
        ]
    )  # fmt: skip


@pytest.mark.pg  # by the thousand: once, on the database that a district runs on
@pytest.mark.django_db
def test_people_get_one_list_each_groups_keep_their_rate_and_the_queue_drains(
    world: World, settings: LazySettings
) -> None:
    cache.clear()
    people = seats(world)
    marks(world, people)
    moments: dict[str, list[datetime]] = {"sms": [], "robot": []}
    with far_end({"errcode": 0, "code": "0"}) as server:
        settings.SMS_URL, settings.SMS_SECRET, settings.WECOM_BASE_URL = f"{server.url}/sms", "s", server.url
        Subscriber.objects.create(
            name="街道群", channel="wecom_robot", area=world.street, address="key-0123456789", created_at=MONDAY,
            event_types=[EventType.CLOCK_OVERDUE.value],
        )  # fmt: skip
        assert relay(now=MONDAY, limit=500) == MARKS
        owed = Delivery.objects.filter(state=DeliveryState.PENDING)
        by_channel = Counter(owed.values_list("channel", flat=True))
        assert by_channel["email"] == by_channel["wecom_robot"] == MARKS
        assert by_channel["sms"] >= MARKS * PHONES / SEATS
        at = MONDAY
        while owed.exists():
            before = len(server.asked)
            deliver(now=at, limit=20_000)
            for asked in server.asked[before:]:
                moments["sms" if asked.path == "/sms" else "robot"].append(at)
            at += TICK
            assert at < MONDAY + timedelta(minutes=30), set(owed.values_list("channel", "last_error"))
    letters = Counter(message.to[0] for message in mail.outbox)
    assert letters == {person.email: 1 for person in people}
    assert Counter(a.body["to"] for a in server.asked if a.path == "/sms") == {f"139{n:08d}": 1 for n in range(PHONES)}
    inside = Delivery.objects.filter(channel="in_app", is_head=True)
    assert Counter(inside.values_list("recipient_user", flat=True)) == {person.pk: 1 for person in people}
    assert len(moments["robot"]) == MARKS / LONGEST_BUNDLE
    for name, limit in (("robot", 20), ("sms", 600)):
        for start in moments[name]:
            assert sum(start <= moment < start + MINUTE for moment in moments[name]) <= limit
    assert not Delivery.objects.exclude(state=DeliveryState.SENT).exists()
