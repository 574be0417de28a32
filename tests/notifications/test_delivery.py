import re
import socketserver
import struct
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError

from cases.models import CaseEvent, Reporter, User
from notifications.channels import CHANNELS
from notifications.channels.base import Message
from notifications.channels.email import message_id
from notifications.delivery import BACK_OFF, JITTER, LEASE, _claim, deliver, resend
from notifications.models import ChannelName, Delivery, DeliveryState, Preference
from notifications.relay import relay
from tests.factories import World

NOTHING = {"sent": 0, "retried": 0, "dead": 0, "cancelled": 0, "duplicates_possible": 0}
SMTP = "config.mail.EmailBackend"


class FakeServer(socketserver.ThreadingTCPServer):
    """Speaks enough SMTP to take or refuse a message."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.to_recipient = "250 ok"
        self.to_data = "250 taken"
        self.taken = 0


class Talk(socketserver.StreamRequestHandler):
    server: FakeServer

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline():
            word = line.decode()[:4].upper()
            if word == "RCPT":
                self.say(self.server.to_recipient)
            elif word == "DATA":
                self.say("354 go on")
                while self.rfile.readline() != b".\r\n":
                    pass
                self.server.taken += self.server.to_data.startswith("250")
                self.say(self.server.to_data)
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


@pytest.fixture
def server(settings: LazySettings) -> Iterator[FakeServer]:
    with FakeServer() as fake:
        threading.Thread(target=fake.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", fake.server_address[1]
        yield fake
        fake.shutdown()


@pytest.fixture
def server_away(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 1


def owed(world: World) -> Delivery:
    """The one mail that is owed: to the desk, about a reported case."""
    world.report(resident=True)
    relay(now=world.now)
    return Delivery.objects.get(channel="email")


def is_now(row: Delivery) -> tuple[str, int]:
    row.refresh_from_db()
    return row.state, row.attempts


def test_a_resident_gets_the_answer_by_mail_with_the_link_to_the_survey(world: World) -> None:
    case = world.case("answered", resident=True)
    relay(now=world.now)
    done = deliver(now=world.now)
    assert done["sent"] == len(mail.outbox) > 1
    [letter] = [m for m in mail.outbox if m.to == ["wang@example.com"] and "有答复了" in m.subject]
    assert case.number in letter.subject
    assert "已换灯泡。" in letter.body
    assert re.search(r"/r/s/[\w-]{32}/\?solved=yes", letter.body)
    html, kind = letter.alternatives[0]  # type: ignore[attr-defined]
    assert kind == "text/html"
    assert re.search(r"/r/s/[\w-]{32}/\?solved=no", html)
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert not Delivery.objects.filter(state=DeliveryState.PENDING).exists()


def test_sending_again_sends_nothing(world: World) -> None:
    row = owed(world)
    assert deliver(now=world.now) == NOTHING | {"sent": 1}
    assert deliver(now=world.now + timedelta(days=9)) == NOTHING
    assert is_now(row) == ("sent", 1)
    assert len(mail.outbox) == 1


def test_no_more_than_the_limit_is_sent_at_once(world: World) -> None:
    for _ in range(3):
        world.report()
    relay(now=world.now)
    assert deliver(now=world.now, limit=2)["sent"] == 2
    assert deliver(now=world.now, limit=2)["sent"] == 1


def test_a_server_that_is_away_is_tried_later_and_later_and_then_no_more(world: World, server_away: None) -> None:
    row, at = owed(world), world.now
    for n, wait in enumerate(BACK_OFF, start=1):
        assert deliver(now=at) == NOTHING | {"retried": 1}
        assert is_now(row) == ("pending", n)
        assert wait <= row.next_try_at - at <= wait * (1 + JITTER)
        assert deliver(now=row.next_try_at - timedelta(seconds=1)) == NOTHING
        at = row.next_try_at
    assert deliver(now=at) == NOTHING | {"dead": 1}
    assert is_now(row) == ("dead", len(BACK_OFF) + 1)
    assert "ConnectionRefusedError" in row.last_error


def test_the_waits_are_those_that_were_decided() -> None:
    assert [int(wait.total_seconds() // 60) for wait in BACK_OFF] == [1, 5, 30, 120, 480]


def test_a_server_that_is_away_does_not_use_up_the_attempts_of_all(world: World, server_away: None) -> None:
    for _ in range(5):
        world.report()
    relay(now=world.now)
    assert deliver(now=world.now) == NOTHING | {"retried": 3}
    assert Delivery.objects.filter(channel="email", attempts=0).count() == 2


def test_a_message_that_failed_once_goes_out_when_the_server_is_back(
    world: World, server: FakeServer, settings: LazySettings
) -> None:
    row, port = owed(world), settings.EMAIL_PORT
    settings.EMAIL_PORT = 1
    deliver(now=world.now)
    settings.EMAIL_PORT = port
    row.refresh_from_db()
    assert deliver(now=row.next_try_at)["sent"] == 1
    assert is_now(row) == ("sent", 2)
    assert (row.last_error, server.taken) == ("", 1)


@pytest.mark.parametrize(
    ("to_recipient", "to_data", "outcome"),
    [
        ("550 5.1.1 no such user desk@example.com", "", "dead"),
        ("451 4.7.1 greylisted", "", "retried"),
        ("250 ok", "554 5.7.1 spam", "dead"),
        ("250 ok", "452 4.3.1 full", "retried"),
        ("250 ok", "250 taken", "sent"),
    ],
)
def test_a_refusal_for_good_is_not_repeated_and_one_for_now_is(
    world: World, server: FakeServer, to_recipient: str, to_data: str, outcome: str
) -> None:
    server.to_recipient, server.to_data = to_recipient, to_data
    row = owed(world)
    assert deliver(now=world.now) == NOTHING | {outcome: 1}
    assert is_now(row)[1] == 1
    assert "desk@example.com" not in row.last_error
    assert server.taken == (outcome == "sent")


def test_an_address_that_no_server_takes_is_given_up_at_once(world: World, server: FakeServer) -> None:
    User.objects.filter(pk=world.desk.pk).update(email="desk@exa\nmple.com")
    owed(world)
    assert deliver(now=world.now) == NOTHING | {"dead": 1}


def test_the_error_kept_names_no_resident(world: World, server: FakeServer) -> None:
    server.to_recipient = "550 no wang@example.com 王小明 13800138000"
    world.case("rejected", resident=True)
    relay(now=world.now)
    deliver(now=world.now)
    row = Delivery.objects.get(recipient_reporter__isnull=False)
    assert row.state == DeliveryState.DEAD
    assert row.last_error
    for secret in ("wang@", "13800138000"):
        assert secret not in row.last_error


def test_a_sender_that_was_killed_leaves_a_message_that_goes_out_after_the_lease_as_the_same_message(
    world: World,
) -> None:
    row = owed(world)
    assert _claim(world.now) == ([row], 0)  # and then nothing: the process is gone
    assert deliver(now=world.now) == NOTHING
    assert deliver(now=world.now + LEASE) == NOTHING | {"sent": 1, "duplicates_possible": 1}
    assert is_now(row) == ("sent", 2)
    assert mail.outbox[0].extra_headers["Message-ID"] == message_id(f"event{row.event_id}.u{world.desk.pk}.email")


def test_a_message_that_kills_every_sender_is_given_up_in_the_end(world: World) -> None:
    row, at = owed(world), world.now
    for n in range(len(BACK_OFF) + 1):
        assert _claim(at) == ([row], int(n > 0))
        at += LEASE
    assert deliver(now=at) == NOTHING | {"dead": 1, "duplicates_possible": 1}
    assert mail.outbox == []


def test_a_message_that_cannot_be_written_does_not_hold_up_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    first = owed(world)
    CaseEvent.objects.filter(pk=first.event_id).update(type="case.nobody_wrote_words_for_this")
    world.report()
    relay(now=world.now)
    assert deliver(now=world.now) == NOTHING | {"retried": 1, "sent": 1}
    assert "TemplateDoesNotExist" in Delivery.objects.get(pk=first.pk).last_error


def test_who_left_switched_off_or_opted_out_meanwhile_gets_nothing(world: World) -> None:
    row = owed(world)
    Preference.objects.create(user=world.desk, channel=ChannelName.EMAIL, on=False)
    assert deliver(now=world.now) == NOTHING | {"cancelled": 1}
    assert is_now(row)[0] == "cancelled"
    world.case("rejected", resident=True)
    world.case("accepted")
    relay(now=world.now)
    Reporter.objects.update(opted_out=True)
    User.objects.update(is_active=False)
    done = deliver(now=world.now)
    assert done["cancelled"] > 1
    assert done["sent"] == 0
    assert mail.outbox == []
    assert Delivery.objects.get(pk=row.pk).not_sent == "switched_off"
    assert set(Delivery.objects.filter(state="cancelled").exclude(pk=row.pk).values_list("not_sent", flat=True)) == {
        "opted_out", "unreachable",
    }  # fmt: skip


def write_catalogue(folder: Path, words: dict[str, str]) -> None:
    """A compiled catalogue of English, in the format that gettext reads."""
    head = {"": "Content-Type: text/plain; charset=UTF-8\n"}
    pairs = sorted((a.encode(), b.encode()) for a, b in (head | words).items())
    at, tables, texts = 28 + 16 * len(pairs), b"", b""
    for side in (0, 1):
        for pair in pairs:
            tables += struct.pack("<II", len(pair[side]), at + len(texts))
            texts += pair[side] + b"\0"
    file = folder / "en" / "LC_MESSAGES" / "django.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0) + tables + texts)


def test_mail_is_in_the_language_that_its_reader_chose_and_otherwise_in_chinese(
    world: World, settings: LazySettings, tmp_path: Path
) -> None:
    write_catalogue(tmp_path, {"待受理：%(number)s %(title)s": "To accept: %(number)s %(title)s"})
    settings.LOCALE_PATHS = [tmp_path]
    first = owed(world)
    deliver(now=world.now)
    Preference.objects.create(user=world.desk, channel=ChannelName.EMAIL, language="en")
    world.report()
    relay(now=world.now)
    deliver(now=world.now)
    assert [m.subject.split()[0] for m in mail.outbox] == [f"待受理：{first.event.case.number}", "To"]


def test_a_dead_message_is_owed_again_with_all_its_attempts(world: World, server_away: None) -> None:
    row = owed(world)
    Delivery.objects.filter(pk=row.pk).update(state="dead", attempts=6, next_try_at=None)
    later = world.now + timedelta(days=1)
    resend(delivery_id=row.pk, actor=world.supervisor, now=later)
    assert is_now(row) == ("pending", 0)
    with pytest.raises(ValidationError):
        resend(delivery_id=row.pk, actor=world.supervisor, now=later)
    assert deliver(now=later) == NOTHING | {"retried": 1}


def test_only_those_who_answer_for_it_may_resend(world: World) -> None:
    row = owed(world)
    Delivery.objects.filter(pk=row.pk).update(state="dead", next_try_at=None)
    far = world.other_grid_worker
    far.roles.update(role="supervisor", area=world.other_street)
    for stranger in (world.desk, world.grid_worker, world.auditor, far):
        with pytest.raises(PermissionDenied):
            resend(delivery_id=row.pk, actor=stranger, now=world.now)
    assert is_now(row)[0] == "dead"
    assert resend(delivery_id=row.pk, actor=world.admin, now=world.now).state == "pending"


def test_every_channel_is_named_as_its_deliveries_are() -> None:
    assert set(CHANNELS) == set(ChannelName.values)


def test_a_message_inside_needs_no_sending(world: World) -> None:
    given: dict[str, Any] = {"message": Message("a", "b"), "recipient": world.desk, "key": "k"}
    CHANNELS["in_app"].send(**given)
    assert mail.outbox == []
    assert not CHANNELS["in_app"].reaches(Reporter(email="wang@example.com"))
