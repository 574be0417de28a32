from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import User
from notifications.models import Delivery
from notifications.relay import relay
from tests.factories import World

BELL = "/messages/unread/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked(client: Client, etag: str = "") -> Any:
    return client.get(BELL, headers={"If-None-Match": etag} if etag else {})


def test_the_bell_says_how_many_are_unread_and_304_until_that_changes(world: World) -> None:
    client = signed_in(world.desk)
    answer = asked(client)
    assert answer.json() == {"unread": 0}
    assert asked(client, answer["ETag"]).status_code == 304
    world.report()
    relay(now=world.now)
    changed = asked(client, answer["ETag"])
    assert (changed.status_code, changed.json()) == (200, {"unread": 1})
    assert "private" in changed["Cache-Control"]
    world.report()
    relay(now=world.now)
    Delivery.objects.filter(pk=Delivery.objects.filter(channel="in_app").earliest("pk").pk).update(read_at=world.now)
    again = asked(client, changed["ETag"])  # as many as before, but others
    assert (again.status_code, again.json()) == (200, {"unread": 1})


def test_asking_costs_two_queries_and_writes_nothing(world: World) -> None:
    world.report()
    relay(now=world.now)
    client = signed_in(world.desk)
    for etag in ("", asked(client)["ETag"]):
        with CaptureQueriesContext(connection) as caught:
            asked(client, etag)
        assert len(caught) <= 2
        assert all(query["sql"].startswith("SELECT") for query in caught)


def test_who_is_not_signed_in_any_more_is_told_so(world: World) -> None:
    assert asked(Client()).status_code == 401
    client = signed_in(world.desk)
    world.desk.set_password("another password 1")
    world.desk.save()
    assert asked(client).status_code == 401
    client = signed_in(world.leader)
    User.objects.filter(pk=world.leader.pk).update(is_active=False)
    assert asked(client).status_code == 401


def test_every_page_of_the_staff_knows_where_to_ask_and_that_of_a_resident_does_not(world: World) -> None:
    assert f'data-unread-url="{BELL}"' in signed_in(world.desk).get("/me/").content.decode()
    assert "data-unread-url" not in Client().get("/accounts/login/").content.decode()
