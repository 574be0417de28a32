from datetime import time
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from cases.models import User
from notifications.models import Delivery, Preference, Rhythm
from notifications.relay import relay
from notifications.wishes import wish_of
from tests.factories import World
from workflows.commands import adjust

PAGE = "/messages/settings/"
CHOSEN = {"email": "calm", "digest": "on", "quiet": "default", "language": "zh-hans"}


def choose(user: User, **said: Any) -> Any:
    client = Client()
    client.force_login(user)
    typed = {name: value for name, value in (CHOSEN | said).items() if value is not None}
    return client.post(PAGE, typed)


def mailed(world: World, user: User) -> set[str]:
    relay(now=world.now)
    return set(Delivery.objects.filter(channel="email", recipient_user=user).values_list("event__type", flat=True))


def test_the_page_shows_what_holds_until_it_is_changed(world: World, settings: LazySettings) -> None:
    settings.QUIET_HOURS = (time(21), time(7, 30))
    client = Client()
    client.force_login(world.desk)
    shown = client.get(PAGE).content.decode()
    assert '<option value="calm" selected>' in shown
    assert 'name="digest" aria-describedby="id_digest_helptext" id="id_digest" checked' in shown
    assert "21:00–07:30" in shown
    assert PAGE in client.get("/me/").content.decode()
    assert PAGE in client.get("/messages/").content.decode()


def test_what_is_chosen_holds_for_each_channel_and_hour(world: World) -> None:
    said = {"email": "digest", "digest": None, "language": "en", "quiet": "own"}
    assert choose(world.desk, **said, quiet_from="22:00", quiet_to="06:00").status_code == 302
    wish = wish_of(world.desk.pk, "email")
    assert (wish.on, wish.pace, wish.digest, wish.language) == (True, "digest", False, "en")
    assert wish.quiet == (time(22), time(6))
    choose(world.desk, email="off", quiet="none", quiet_from="22:00")
    wish = wish_of(world.desk.pk, "email")
    assert (wish.on, wish.quiet) == (False, None)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"language": "xx"}, "language"),
        ({"email": "hourly"}, "email"),
        ({"quiet": "own", "quiet_from": "22:00"}, "quiet_to"),
        ({"quiet": "own", "quiet_from": "22:00", "quiet_to": "25:00"}, "quiet_to"),
        ({"quiet": "own", "quiet_from": "22:00", "quiet_to": "22:00"}, "quiet_to"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_keeps_what_was_typed(
    world: World, said: dict[str, str], field: str
) -> None:
    answer = choose(world.desk, **said)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Preference.objects.exists()
    assert not Rhythm.objects.exists()
    if "quiet_from" in said:
        assert 'value="22:00"' in answer.content.decode()


def test_who_has_no_address_is_told_whom_to_ask(world: World) -> None:
    User.objects.filter(pk=world.desk.pk).update(email="")
    client = Client()
    client.force_login(User.objects.get(pk=world.desk.pk))
    shown = client.get(PAGE).content.decode()
    assert "没有登记您的电子邮箱" in shown
    assert 'name="email"' not in shown


def test_news_is_mailed_to_who_wants_it_at_once_and_is_always_shown_inside(world: World) -> None:
    case = world.case("in_progress")
    request = world.agreed(case, "hold", review_at="2026-04-01T09:00:00+08:00", reason_code="season")
    choose(world.leader, email="at_once")
    adjust.hold_case(request=request, actor=world.supervisor, now=world.now)
    assert "case.held" in mailed(world, world.leader)
    assert "case.held" not in mailed(world, world.member)
    assert "case.dispatched" in mailed(world, world.member)
    inside = Delivery.objects.filter(event__type="case.held", channel="in_app")
    assert inside.filter(recipient_user=world.leader).exists()
