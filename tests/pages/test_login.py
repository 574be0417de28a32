from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from cases.models import User
from cases.terms import Role
from tests.factories import World, user

WRONG_PASSWORD, PASSWORD = "wrong", "correct horse battery"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WRONG = "账号或密码不对"
WAIT = "连续 5 次不对，请 15 分钟后再试"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    cache.clear()
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller
    cache.clear()


@pytest.fixture
def person(world: World) -> User:
    made = user("lijie", "李姐", Role.DESK, area=world.street)
    made.set_password(PASSWORD)
    made.save(update_fields=["password"])
    return made


def enter(
    client: Client, name: str = "lijie", password: str = WRONG_PASSWORD, address: str = "10.0.0.1", **more: Any
) -> Any:
    return client.post(
        "/accounts/login/", {"username": name, "password": password, **more}, REMOTE_ADDR=address,
        headers={"accept-language": "zh-hans"},
    )  # fmt: skip


def test_the_right_password_leads_home(person: User, client: Client) -> None:
    answer = enter(client, password=PASSWORD)
    assert answer.headers["location"] == "/"
    assert client.get("/").status_code == 200


def test_the_page_asked_for_comes_after_the_login(person: User, client: Client) -> None:
    assert enter(client, password=PASSWORD, next="/cases/?q=a").headers["location"] == "/cases/?q=a"
    assert enter(client, password=PASSWORD, next="https://evil.example/").headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(person: User, client: Client) -> None:
    known, unknown = enter(client), enter(client, name="nobody")
    assert known.status_code == unknown.status_code == 200
    assert WRONG in known.content.decode()
    assert known.content.decode().count(WRONG) == unknown.content.decode().count(WRONG)


def test_an_account_out_of_use_is_answered_alike(person: User, client: Client) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert WRONG in enter(client, password=PASSWORD).content.decode()


@pytest.mark.parametrize("name", ["lijie", "nobody"])
def test_after_five_failures_one_has_to_wait_whether_or_not_the_name_exists(
    person: User, client: Client, name: str
) -> None:
    answers = [enter(client, name=name) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429, 429]
    text = answers[-1].content.decode()
    assert WAIT in text
    assert f'value="{name}"' in text
    assert answers[-1].headers["retry-after"] == "900"


def test_while_one_has_to_wait_the_right_password_is_not_looked_at(person: User, client: Client) -> None:
    for _ in range(5):
        enter(client)
    assert enter(client, password=PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


@pytest.mark.skipif(bool(settings.REDIS_URL), reason="Redis keeps its own time, which no test can move")
def test_the_wait_ends_a_quarter_of_an_hour_after_the_first_failure(person: User, client: Client, clock: Any) -> None:
    for _ in range(5):
        enter(client)
        clock.shift(timedelta(minutes=1))
    clock.move_to(START + timedelta(minutes=14))
    assert enter(client, password=PASSWORD).status_code == 429
    clock.move_to(START + timedelta(minutes=15, seconds=1))
    assert enter(client, password=PASSWORD).status_code == 302


def test_another_name_or_another_address_does_not_wait(person: User, client: Client) -> None:
    for _ in range(5):
        enter(client)
    assert enter(client, name="wangjie").status_code == 200
    assert enter(client, password=PASSWORD, address="10.0.0.2").status_code == 302


def test_writing_the_name_differently_does_not_help(person: User, client: Client) -> None:
    for name in ("lijie", "LiJie", " lijie", "LIJIE ", "lijie"):
        enter(client, name=name)
    assert enter(client).status_code == 429


def test_a_right_password_ends_the_count(person: User, client: Client) -> None:
    for _ in range(4):
        enter(client)
    assert enter(client, password=PASSWORD).status_code == 302
    assert [enter(client).status_code for _ in range(4)] == [200] * 4


def test_a_form_without_a_password_is_no_guess(person: User, client: Client) -> None:
    for _ in range(6):
        assert enter(client, password="").status_code == 200


def test_behind_a_proxy_the_address_is_what_the_proxy_added(person: User, client: Client, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for n in range(5):
        client.post(
            "/accounts/login/", {"username": "lijie", "password": "x"}, HTTP_X_FORWARDED_FOR=f"1.1.1.{n}, 9.9.9.9"
        )
    sent = {"username": "lijie", "password": PASSWORD}
    assert client.post("/accounts/login/", sent, HTTP_X_FORWARDED_FOR="2.2.2.2, 9.9.9.9").status_code == 429
    assert client.post("/accounts/login/", sent, HTTP_X_FORWARDED_FOR="9.9.9.9, 8.8.8.8").status_code == 302


def test_without_a_proxy_nobody_can_choose_an_address(person: User, client: Client) -> None:
    for n in range(5):
        client.post("/accounts/login/", {"username": "lijie", "password": "x"}, HTTP_X_FORWARDED_FOR=f"1.1.1.{n}")
    assert client.post("/accounts/login/", {"username": "lijie", "password": "x"}).status_code == 429


def test_the_admin_has_no_door_of_its_own(person: User, client: Client) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")


def test_logging_out_needs_the_button(person: User, client: Client) -> None:
    client.force_login(person)
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").headers["location"] == "/accounts/login/"
    assert client.get("/").status_code == 302


def test_a_password_is_changed(person: User, client: Client) -> None:
    client.force_login(person)
    new = "another long password"
    sent = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/accounts/password/", sent).headers["location"] == "/accounts/password/done/"
    assert client.get("/accounts/password/done/").status_code == 200
    person.refresh_from_db()
    assert person.check_password(new)
