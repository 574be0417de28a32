"""A Monday at nine: a council of three hundred is invited, ten thousand limits pass; mail, phones, a group."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import cycle

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.cache import cache

from cases.lib.bulk import insert_many
from cases.models import Case, CaseEvent, CouncilParty, Meeting, RoleAssignment, Seat, User
from cases.terms import EventType, Role
from notifications.delivery import LONGEST_BUNDLE, deliver
from notifications.digests import send_digests
from notifications.models import Address, Delivery, DeliveryState, Digest, DigestState, Subscriber
from notifications.relay import relay
from tests.councils import Body, make_body
from tests.factories import SHANGHAI, World
from tests.notifications.far_ends import far_end
from tests.workflows.council.rooms import convened

MONDAY = datetime(2026, 3, 30, 9, 0, tzinfo=SHANGHAI)
SEATS, PHONES, MARKS = 300, 30, 10_000
TICK, MINUTE = timedelta(seconds=30), timedelta(minutes=1)


def seats(world: World) -> tuple[Body, list[User]]:
    """A council of three hundred, all in the work team, with login and mail, some with a phone."""
    body = make_body(world)
    held = {seat.user for seat in body.all_seats if seat.user}
    people = [User(username=f"seat{n}", name=f"委员{n}") for n in range(SEATS - len(held))]
    User.objects.bulk_create(people)
    since = date(2020, 1, 1)
    residents = body.parties["residents"]
    Seat.objects.bulk_create(Seat(party=residents, name=p.name, user=p, valid_from=since) for p in people)
    CouncilParty.objects.filter(pk=residents.pk).update(seats=residents.seats + len(people))
    roles = [RoleAssignment(user=p, role=Role.SEAT, council=world.council, valid_from=since) for p in people]
    people += held
    roles += [RoleAssignment(user=p, role=Role.TEAM_MEMBER, team=world.team, valid_from=since) for p in people]
    RoleAssignment.objects.bulk_create(roles)
    for person in people:
        person.email = f"{person.username}@example.com"
    User.objects.bulk_update(people, ["email"])
    Address.objects.bulk_create(
        Address(user=person, channel="sms", value=f"139{n:08d}") for n, person in enumerate(people[:PHONES])
    )
    return body, people


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


def kind_of(subject: str, meeting: Meeting) -> str:
    """What a letter is about, by its subject."""
    named = {"今日汇总": "digest", "件的时限需要您留意": "limits", str(meeting): "meeting"}
    return next((kind for words, kind in named.items() if words in subject), subject)


@pytest.mark.pg  # by the thousand: once, on the database that a district runs on
@pytest.mark.django_db
def test_people_get_an_invitation_a_list_and_a_digest_groups_keep_their_rate_and_the_queue_drains(
    world: World, settings: LazySettings
) -> None:
    cache.clear()
    body, people = seats(world)
    marks(world, people)
    meeting = convened(replace(world, now=MONDAY), body)
    moments: dict[str, list[datetime]] = {"sms": [], "robot": []}
    with far_end({"errcode": 0, "code": "0"}) as server:
        settings.SMS_URL, settings.SMS_SECRET, settings.WECOM_BASE_URL = f"{server.url}/sms", "s", server.url
        Subscriber.objects.create(
            name="街道群", channel="wecom_robot", area=world.street, address="key-0123456789", created_at=MONDAY,
            event_types=[EventType.CLOCK_OVERDUE.value],
        )  # fmt: skip
        assert relay(now=MONDAY, limit=500) == MARKS + CaseEvent.objects.filter(at=MONDAY).exclude(seq__gt=999).count()
        owed = Delivery.objects.filter(state=DeliveryState.PENDING)
        by_channel = Counter(owed.values_list("channel", flat=True))
        assert (by_channel["email"], by_channel["wecom_robot"]) == (MARKS + SEATS, MARKS)
        assert by_channel["sms"] >= MARKS * PHONES / SEATS
        at = MONDAY
        while owed.exists() or Digest.objects.filter(state=DigestState.SENT).count() < SEATS:
            before = len(server.asked)
            send_digests(now=at)
            deliver(now=at, limit=20_000)
            for asked in server.asked[before:]:
                moments["sms" if asked.path == "/sms" else "robot"].append(at)
            at += TICK
            assert at < MONDAY + timedelta(minutes=30), Counter(Digest.objects.values_list("state", "channel"))
    kinds = Counter((message.to[0], kind_of(message.subject, meeting)) for message in mail.outbox)
    wanted = {(person.email, kind): 1 for person in people for kind in ("meeting", "limits", "digest")}
    assert kinds == wanted | {(who.email, "digest"): 1 for who in (world.member, world.secretary)}
    phones = Counter(asked.body["to"] for asked in server.asked if asked.path == "/sms")
    assert phones == {f"139{n:08d}": 2 for n in range(PHONES)}  # the invitation and the list
    inside = Delivery.objects.filter(channel="in_app", is_head=True, recipient_user__in=people)
    assert Counter(inside.values_list("recipient_user", flat=True)) == {person.pk: 2 for person in people}
    assert len(moments["robot"]) == MARKS / LONGEST_BUNDLE
    for name, limit in (("robot", 20), ("sms", 600)):
        for start in moments[name]:
            assert sum(start <= moment < start + MINUTE for moment in moments[name]) <= limit
    assert not Delivery.objects.exclude(state=DeliveryState.SENT).exists()
