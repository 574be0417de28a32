"""What can go wrong between here and a far end, and where a webhook must never go."""

import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from notifications.channels import guard, wire
from notifications.channels.base import ChannelError
from notifications.channels.guard import Refused, checked, is_allowed
from tests.notifications.far_ends import FarEnd, Said, far_end


@pytest.fixture
def there() -> Iterator[FarEnd]:
    with far_end({"ok": 1}) as server:
        yield server


def fault(url: str, **given: Any) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        wire.post(url, {"a": 1}, **({"guarded": False} | given))
    return caught.value


def test_an_answer_that_is_whole_comes_back(there: FarEnd) -> None:
    answer = wire.post(f"{there.url}/x?key=k", {"a": "路灯"}, guarded=False)
    assert (answer.status, answer.json()) == (200, {"ok": 1})
    [asked] = there.asked
    assert (asked.path, asked.query, asked.body) == ("/x", {"key": "k"}, {"a": "路灯"})
    assert asked.headers["host"] == there.url.removeprefix("http://")


def test_who_is_not_there_is_away_and_certainly_has_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = fault(f"http://127.0.0.1:{port}/?key=secret-key")
    assert (error.permanent, error.away, error.unknown) == (False, True, False)
    assert "secret-key" not in str(error)


@pytest.mark.parametrize("said", [Said(nothing=True), Said({"long": "x" * 50}, cut=10)])
def test_a_connection_that_breaks_off_leaves_unknown_whether_it_arrived(there: FarEnd, said: Said) -> None:
    there.said = said
    error = fault(f"{there.url}/?key=secret-key")
    assert (error.permanent, error.away, error.unknown) == (False, True, True)
    assert "secret-key" not in str(error)


def test_a_far_end_that_is_slow_letter_by_letter_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SECONDS", 0.3)
    stop = threading.Event()

    def drip(server: socket.socket) -> None:
        talk, _ = server.accept()
        with talk:
            talk.recv(65536)
            try:
                while not stop.wait(0.05):
                    talk.sendall(b"H")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,), daemon=True)
        thread.start()
        error = fault(f"http://127.0.0.1:{server.getsockname()[1]}/")
        stop.set()
        thread.join(5)
    assert (error.away, error.unknown) == (True, True)


def test_an_answer_without_end_is_not_read(there: FarEnd) -> None:
    there.said = Said(b"x" * (wire.LONGEST_ANSWER + 1))
    assert fault(there.url).unknown


@pytest.mark.parametrize(
    ("status", "permanent", "away"),
    [(400, True, False), (401, False, False), (404, True, False), (410, True, False), (422, True, False),
     (429, False, False), (500, False, True), (502, False, True), (503, False, True), (504, False, True)],
)  # fmt: skip
def test_a_status_says_whether_to_try_again(there: FarEnd, status: int, permanent: bool, away: bool) -> None:
    there.said = Said(status=status)
    error = fault(there.url)
    assert (error.permanent, error.away, error.receipt.status) == (permanent, away, status)
    assert error.gone == (status == 410)
    assert error.unknown == (status in (502, 504))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "Mon, 02 Mar 2026 01:05:00 GMT", "Date": "Mon, 02 Mar 2026 01:00:00 GMT"}, 300),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "999999999"}, 86400),
    ],
)
def test_a_pause_that_is_asked_for_is_read(headers: dict[str, str], seconds: int | None) -> None:
    assert wire.seconds_of(headers["Retry-After"], headers.get("Date", "")) == seconds


def test_a_redirect_is_not_followed(there: FarEnd) -> None:
    with far_end({}) as inner:
        there.said = Said(status=307, headers={"Location": inner.url})
        assert fault(there.url).permanent
        assert inner.asked == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.100.100.200", "224.0.0.1",
     "255.255.255.255", "::1", "fe80::1", "fd00:ec2::254", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
     "240.0.0.1"],
)  # fmt: skip
def test_a_webhook_never_goes_into_our_own_net(address: str) -> None:
    assert not is_allowed(address)


def test_it_goes_to_public_addresses_and_where_the_operator_opened_a_network(settings: LazySettings) -> None:
    assert is_allowed("93.184.215.14")
    assert is_allowed("2606:4700:4700::1111")
    settings.WEBHOOK_NETWORKS = ("10.20.0.0/16",)
    assert is_allowed("10.20.3.4")
    assert is_allowed("::ffff:10.20.3.4")
    assert not is_allowed("10.21.0.1")


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://", "https://user:pw@example.com/",
     "http://127.0.0.1:8000/", "http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://localhost/"],
)  # fmt: skip
def test_what_is_no_address_of_the_open_net_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(Refused):
        checked(url, guarded=True)
    assert fault(url, guarded=True)


def test_a_name_is_looked_up_once_and_the_very_address_that_was_checked_is_called(
    there: FarEnd, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of names that gives a public address to the check and an inner one to the call changes nothing."""
    answers = iter(["127.0.0.1", "10.0.0.8"])
    looked_up = []

    def lookup(name: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if name.startswith("127."):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, port))]
        looked_up.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    settings.WEBHOOK_NETWORKS = ("127.0.0.0/8",)
    monkeypatch.setattr(guard.socket, "getaddrinfo", lookup)
    port = there.server_address[1]
    assert wire.post(f"http://rebind.example:{port}/", {}, guarded=True).status == 200
    assert looked_up == ["rebind.example"]
    assert there.asked[0].headers["host"] == f"rebind.example:{port}"


def test_over_tls_a_certificate_that_nobody_vouches_for_is_refused_and_nothing_is_sent() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def shake() -> None:
            talk, _ = server.accept()
            with talk:
                try:
                    context.wrap_socket(talk, server_side=True)
                except OSError:
                    return

        thread = threading.Thread(target=shake, daemon=True)
        thread.start()
        error = fault(f"https://localhost:{server.getsockname()[1]}/")
        thread.join(5)
    assert (error.away, error.unknown) == (True, False)
