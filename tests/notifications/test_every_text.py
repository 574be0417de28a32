"""Every kind of message that leaves the building says what an administrator wrote, in both languages."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core import mail
from django.core.cache import cache

from cases.models import CaseEvent, Council, Reporter
from cases.terms import COUNCIL_EVENTS, EventType
from notifications.delivery import deliver
from notifications.digests import send_digests
from notifications.models import Delivery, Digest, Preference, Subscriber, TextVersion
from notifications.relay import relay
from notifications.safe_text import Text
from notifications.standing_words import STANDING, WHOLE
from notifications.subscribing import try_out
from notifications.text_commands import Place, publish_text, write_text
from notifications.wordings import places
from tests.factories import World
from tests.notifications.far_ends import FarEnd, far_end
from workflows.commands.council import Matter, propose_matter
from workflows.models import Leave, LeaveNews

ROOT = Path(__file__).parents[2]
MARK = "⟪{name}⟫"


@pytest.fixture
def group(settings: LazySettings) -> Iterator[FarEnd]:
    cache.clear()
    with far_end({"code": 0, "msg": "ok"}) as server:
        settings.FEISHU_BASE_URL = server.url
        yield server


def publish(world: World, place: Place) -> str:
    """Put a version into use that says little but what it must; returns the words to be found in what is sent."""
    mark = MARK.format(name=place.event_type)
    standing = STANDING.get(place.event_type)
    needed = [*standing.always, *standing.if_any] if standing else []
    body = mark + "".join(f" {{{{ {name} }}}}" for name in needed if not name.endswith("url") or name == "survey_url")
    if standing and standing.has_foot:
        body += "\n{{ url }}\n--\n{{ messages_url }}"
    text = Text(mark if "subject" in place.has else "", body if "body" in place.has else "")
    version = write_text(place=place, text=text, actor=world.admin, now=world.now)
    publish_text(version_id=version.pk, actor=world.admin, now=world.now)
    return mark


class Sender:
    """Makes each kind of message leave, whatever would have brought it about."""

    def __init__(self, world: World, language: str, group: FarEnd) -> None:
        self.world, self.language, self.group = world, language, group
        case = world.case("answered", resident=True)
        world.case("dispatched")
        matter = Matter("修车棚", "由工作队实施。", "facility", world.estate, world.category)  # type: ignore[arg-type]
        propose_matter(council_id=world.council.pk, proposal=matter, actor=world.secretary, now=world.now)
        self.of_case = case.events.latest("pk")
        self.of_council = Council.objects.get().events.latest("pk")
        assert case.reporter is not None
        self.resident = case.reporter
        Reporter.objects.update(language=language)
        Preference.objects.create(user=world.desk, channel="email", language=language)
        given = {"name": "群", "address": "key-0123456789", "created_at": world.now, "language": language}
        self.robot = Subscriber.objects.create(channel="feishu_robot", area=world.street, **given)
        relay(now=world.now)

    def send(self, name: str, *, resident: bool) -> str:
        """All that arrived."""
        mail.outbox.clear()
        self.group.asked.clear()
        Delivery.objects.all().delete()
        getattr(self, f"_{name.replace('.', '_')}", lambda: self._event(name, resident=resident))()
        assert mail.outbox or self.group.asked
        letters = [f"{one.subject}\n{one.body}\n{one.alternatives}" for one in mail.outbox]
        return "\n".join([*letters, *(asked.raw.decode() for asked in self.group.asked)])

    def _event(self, name: str, *, resident: bool = False, **given: Any) -> None:
        is_council = name in COUNCIL_EVENTS
        event = self.of_council if is_council else self.of_case
        CaseEvent.objects.filter(pk=event.pk).update(type=name, data={"clock": "handle", "kind": "hold"})
        whom: dict[str, Any] = (
            {"recipient_reporter": self.resident} if resident else {"recipient_user": self.world.desk}
        )
        self._owe(event, **(whom | given))
        deliver(now=self.world.now)

    def _owe(self, event: CaseEvent, **given: Any) -> None:
        owed = {"channel": "email", "next_try_at": self.world.now, "created_at": self.world.now}
        Delivery.objects.create(event=event, **(owed | given))

    def _bundle(self) -> None:
        for event in CaseEvent.objects.filter(type__in=["case.dispatched", "clock.overdue"]):
            CaseEvent.objects.filter(pk=event.pk).update(type="clock.overdue", data={"clock": "sign"})
            self._owe(event, recipient_user=self.world.desk)
        deliver(now=self.world.now)

    def _digest(self) -> None:
        self.world.report()
        Digest.objects.all().delete()
        assert send_digests(now=self.world.now)["digests"] > 0

    def _foot_staff(self) -> None:
        self._event("case.accepted")

    def _foot_council(self) -> None:
        self._event("topic.screened")

    def _foot_resident(self) -> None:
        self._event("case.verified", resident=True)

    def _substitute(self) -> None:
        self._event("case.accepted", on_behalf_of=self.world.dispatcher)

    def _button(self) -> None:
        self._event("case.accepted", recipient_user=None, recipient_subscriber=self.robot, channel="feishu_robot")

    def _leave_registered(self) -> None:
        self._leave(LeaveNews.REGISTERED)

    def _leave_ended(self) -> None:
        self._leave(LeaveNews.ENDED)

    def _leave(self, news: LeaveNews) -> None:
        desk, day = self.world.desk, self.world.now.date()
        given = {"substitute": self.world.dispatcher, "created_at": self.world.now, "registered_by": self.world.admin}
        Leave.objects.create(user=desk, valid_from=day, valid_to=day + timedelta(days=1), news=news, **given)
        relay(now=self.world.now)
        deliver(now=self.world.now)

    def _trial(self) -> None:
        outcome = try_out(channel="feishu_robot", recipient=self.robot, actor=self.world.admin, now=self.world.now)
        assert outcome.arrived


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_a_saved_version_is_what_is_sent_of_every_kind_of_message(world: World, group: FarEnd, language: str) -> None:
    sender = Sender(world, language, group)
    for name, resident in places():
        before = sender.send(name, resident=resident)
        mark = publish(world, Place(name, resident, language))
        assert mark not in before, name
        after = sender.send(name, resident=resident)
        for field in STANDING[name].has if name in STANDING else WHOLE:
            assert mark in after, (name, field)
        if (name, resident) not in {(n, STANDING[n].resident) for n in STANDING}:
            assert after.startswith(f"{mark}\n{mark}"), name
    assert TextVersion.objects.filter(is_current=True).count() == len(list(places()))


def test_words_become_a_message_in_one_place_only() -> None:
    made = {
        (path.name, node.lineno)
        for path in (ROOT / "notifications").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Message"
    }
    assert {name for name, _line in made} == {"texts.py", "delivery.py"}  # the latter: facts for a machine, no words
    assert len(made) == 2


def test_every_event_that_is_told_is_among_them() -> None:
    from notifications.audience import AUDIENCE  # noqa: PLC0415

    listed = set(places())
    for event_type in EventType:
        assert ((event_type, False) in listed) is bool(AUDIENCE[event_type].colleagues)
        assert ((event_type, True) in listed) is AUDIENCE[event_type].resident
