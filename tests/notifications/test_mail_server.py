"""Mail to a real server that takes it, or hangs up before it has said so."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings

from notifications.delivery import deliver
from notifications.models import Delivery
from notifications.relay import relay
from tests.factories import World

SMTP = "config.mail.EmailBackend"


class Box:
    """Keeps what it is handed; the first so many times it hangs up instead of answering."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.hang_up = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802  # as it is called
        self.letters.append(envelope.content)
        if self.hang_up:
            self.hang_up -= 1
            server.transport.abort()
        return "250 taken"


@pytest.fixture
def box(settings: LazySettings) -> Iterator[Box]:
    kept = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(kept, hostname="127.0.0.1", port=port, ready_timeout=20)
    controller.start()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", port
    yield kept
    controller.stop()


def header(letter: bytes, name: str) -> str:
    lines = letter.decode().splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith(f"{name}: "))


def test_a_letter_that_the_server_took_before_it_hung_up_comes_twice_as_the_same_letter_and_is_counted(
    world: World, box: Box
) -> None:
    box.hang_up = 1
    world.report()
    relay(now=world.now)
    done = deliver(now=world.now)
    assert (done["retried"], done["duplicates_possible"]) == (1, 1)
    row = Delivery.objects.get(channel="email")
    assert row.next_try_at is not None
    assert deliver(now=row.next_try_at)["sent"] == 1
    first, second = (header(letter, "Message-ID") for letter in box.letters)
    assert first == second
    row.refresh_from_db()
    assert (row.state, row.unknown_ends, row.answer_id) == ("sent", 1, first)
