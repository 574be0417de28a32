"""Over TLS a certificate of the authority that the setting names is believed; any other is refused and gets nothing."""

import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings
from django.core.cache import cache
from django.core.mail import send_mail

from cases.lib.tls import tls_context
from cases.terms import EventType
from config import env
from notifications.channels import wire
from notifications.channels.base import ChannelError
from notifications.delivery import deliver
from notifications.models import Delivery, Subscriber
from notifications.relay import relay
from tests.factories import World
from tests.notifications.authority import HERE, LONG_AGO, Authority
from tests.notifications.far_ends import far_end
from tests.notifications.test_mail_server import Box


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def refused(url: str) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        wire.post(url, {"a": 1}, guarded=False)
    return caught.value


def test_https_with_a_certificate_of_the_named_authority_arrives(settings: LazySettings, authority: Authority) -> None:
    settings.CA_FILE = str(authority.file)
    with far_end({"errcode": 0}, tls=authority.server()) as there:
        assert there.url.startswith("https://")
        assert wire.post(there.url, {"a": 1}, guarded=False).json() == {"errcode": 0}
        assert wire.get(there.url).status == 200
        assert [asked.method for asked in there.asked] == ["POST", "GET"]


def test_without_the_setting_the_same_server_is_refused_and_gets_nothing(authority: Authority) -> None:
    with far_end(tls=authority.server()) as there:
        error = refused(there.url)
        assert (error.away, error.unknown, error.permanent) == (True, False, False)
        assert there.asked == []


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(lambda own, _other: own.server(address="127.0.0.2"), id="for another address"),
        pytest.param(lambda own, _other: own.server(ends=LONG_AGO), id="expired"),
        pytest.param(lambda _own, other: other.server(), id="of another authority of the same name"),
    ],
)
def test_what_the_authority_did_not_say_of_this_server_is_refused(
    settings: LazySettings, authority: Authority, tmp_path: Path, server: Callable[[Authority, Authority], Any]
) -> None:
    settings.CA_FILE = str(authority.file)
    (tmp_path / "other").mkdir()
    with far_end(tls=server(authority, Authority(tmp_path / "other"))) as there:
        assert refused(there.url).unknown is False
        assert there.asked == []


def test_the_setting_adds_an_authority_and_takes_none_away(settings: LazySettings, authority: Authority) -> None:
    before = {str(known) for known in tls_context().get_ca_certs()}
    settings.CA_FILE = str(authority.file)
    context = tls_context()
    assert before < {str(known) for known in context.get_ca_certs()}
    assert context.check_hostname


def test_the_variable_of_openssl_counts_as_well(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with far_end(tls=authority.server()) as there:
        assert wire.post(there.url, {"a": 1}, guarded=False).status == 200


def test_a_robot_of_a_private_deployment_is_reached(world: World, settings: LazySettings, authority: Authority) -> None:
    cache.clear()
    settings.CA_FILE = str(authority.file)
    with far_end({"errcode": 0, "errmsg": "ok"}, tls=authority.server()) as there:
        settings.WECOM_BASE_URL = there.url
        Subscriber.objects.create(
            name="街道群", channel="wecom_robot", area=world.street, address="key-0123456789", created_at=world.now,
            event_types=[EventType.REPORTED.value],
        )  # fmt: skip
        world.report()
        relay(now=world.now)
        deliver(now=world.now)
        assert Delivery.objects.get(channel="wecom_robot").state == "sent"
        assert [asked.path for asked in there.asked] == ["/cgi-bin/webhook/send"]


@contextmanager
def mail_server(scheme: str, authority: Authority) -> Iterator[tuple[Box, str]]:
    """A server of mail that talks over TLS only: from the first letter on, or after STARTTLS."""
    with socket.create_server((HERE, 0)) as free:
        port = free.getsockname()[1]
    box, context = Box(), authority.server()
    given = {"tls_context": context, "require_starttls": True} if scheme == "smtp+tls" else {"ssl_context": context}
    controller = Controller(box, hostname=HERE, port=port, ready_timeout=20, **given)
    controller.start()
    yield box, f"{scheme}://{HERE}:{port}"
    controller.stop()


@pytest.fixture
def use(settings: LazySettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Takes what the settings make of ZHUOLUO_EMAIL_URL."""

    def use(url: str) -> None:
        monkeypatch.setenv("ZHUOLUO_EMAIL_URL", url)
        found = {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False} | env.email("ZHUOLUO_EMAIL_URL", tmp_path)
        for name, value in found.items():
            setattr(settings, name, value)

    return use


@pytest.mark.parametrize("scheme", ["smtp+tls", "smtp+ssl"])
def test_mail_goes_over_tls_to_a_server_of_the_named_authority(
    world: World, settings: LazySettings, authority: Authority, use: Callable[[str], None], scheme: str
) -> None:
    with mail_server(scheme, authority) as (box, url):
        use(url)
        settings.CA_FILE = str(authority.file)
        world.report()
        relay(now=world.now)
        assert deliver(now=world.now)["sent"] == 1
        assert [b"2026-" in letter for letter in box.letters] == [True]
        assert Delivery.objects.get(channel="email").state == "sent"


@pytest.mark.parametrize("scheme", ["smtp+tls", "smtp+ssl"])
def test_mail_is_not_handed_to_a_server_that_nobody_vouches_for(
    world: World, authority: Authority, use: Callable[[str], None], scheme: str
) -> None:
    with mail_server(scheme, authority) as (box, url):
        use(url)
        world.report()
        relay(now=world.now)
        assert deliver(now=world.now)["retried"] == 1
        row = Delivery.objects.get(channel="email")
        assert (row.state, row.unknown_ends) == ("pending", 0)
        assert "CERTIFICATE_VERIFY_FAILED" in row.last_error
        assert box.letters == []


def test_other_mail_of_the_program_believes_the_same(
    settings: LazySettings, authority: Authority, use: Callable[[str], None]
) -> None:
    with mail_server("smtp+tls", authority) as (box, url):
        use(url)
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            send_mail("a", "b", None, ["a@example.com"])
        settings.CA_FILE = str(authority.file)
        assert send_mail("a", "b", None, ["a@example.com"]) == 1
        assert len(box.letters) == 1
        with smtplib.SMTP(HERE, settings.EMAIL_PORT) as plain, pytest.raises(smtplib.SMTPException):
            plain.sendmail("a@example.com", "b@example.com", "c")  # the server itself takes nothing without TLS
