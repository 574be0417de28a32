from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from cases.models import CaseEvent, User
from notifications import selectors
from notifications.channels import CHANNELS
from notifications.channels.base import ChannelError
from notifications.commands import mark_all_read, mark_read
from notifications.delivery import JITTER, deliver
from notifications.models import ChannelName, Delivery, DeliveryState
from notifications.relay import relay
from tests.factories import SHANGHAI, World
from workflows.commands import handling
from workflows.commands.sweep import sweep

MONDAY = datetime(2026, 3, 30, 9, 0, tzinfo=SHANGHAI)  # long after every limit


def all_overdue(world: World, n: int) -> None:
    """A member with n overdue cases, rung and relayed on one Monday at nine; what came before was sent and read."""
    for _ in range(n):
        world.case("in_progress")
    relay(now=world.now)
    hour_later = world.now + timedelta(hours=1)
    while Delivery.objects.due(hour_later).exists():  # a run ends after a minute, with much left on a busy machine
        deliver(now=hour_later, limit=10_000)
    Delivery.objects.update(read_at=world.now)
    mail.outbox.clear()
    sweep(now=MONDAY)
    relay(now=MONDAY)


def mails_to(user: User) -> list[Any]:
    return [message for message in mail.outbox if message.to == [user.email]]


def test_a_hundred_overdue_cases_are_one_mail_and_one_card_for_each_person(world: World) -> None:
    all_overdue(world, 100)
    deliver(now=MONDAY, limit=10_000)
    assert mail.outbox == []  # they wait five minutes for each other
    deliver(now=MONDAY + timedelta(minutes=5), limit=10_000)
    for person in (world.member, world.leader, world.supervisor, world.chief):
        (message,) = mails_to(person)
        assert message.subject.startswith("100 件的时限需要您留意")
        assert selectors.unread_count(person) == 1
        (line,) = selectors.messages_for(person, now=MONDAY).lines[:1]
        assert (line.cases, line.unread) == (100, True)
    assert len(mail.outbox) == 4
    sent = Delivery.objects.filter(channel=ChannelName.EMAIL, event__type="clock.overdue")
    assert set(sent.values_list("state", flat=True)) == {DeliveryState.SENT}
    assert CaseEvent.objects.filter(relayed_at=None).count() == 0


def test_the_list_names_each_case_once_with_all_that_is_said_of_it(world: World) -> None:
    all_overdue(world, 2)
    deliver(now=MONDAY + timedelta(minutes=5))
    (message,) = mails_to(world.member)
    html = message.alternatives[0][0]
    for case in (event.case for event in CaseEvent.objects.filter(type="case.reported")):
        assert message.body.count(f"/cases/{case.number}/") == 1
        assert html.count(f"/cases/{case.number}/") == 1
    assert message.body.count("超过时限：处置时限 2026-03-16 17:30") == 2
    assert message.body.count("超过时限：总时限 2026-03-23 17:30") == 2


def test_a_long_list_is_cut_and_says_how_many_are_left(world: World) -> None:
    all_overdue(world, 53)
    deliver(now=MONDAY + timedelta(minutes=5), limit=10_000)
    (message,) = mails_to(world.member)
    assert message.body.count("/cases/") == 50
    assert "另有 3 件" in message.body


def test_one_alone_is_told_in_its_own_words(world: World) -> None:
    world.calendar.slapolicy_set.filter(clock="overall").update(amount=60)
    all_overdue(world, 1)
    deliver(now=MONDAY + timedelta(minutes=5))
    (message,) = mails_to(world.member)
    assert message.subject.startswith("超过处置时限：2026-")
    ladder = mails_to(world.leader)[0]
    assert "按逐级提醒的第 1 级报您" in ladder.body


def test_a_bundle_that_fails_is_tried_again_as_a_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    all_overdue(world, 3)
    later = MONDAY + timedelta(minutes=5)

    def refuse(*_args: object, **_: object) -> None:
        raise ChannelError("away", permanent=False)

    with monkeypatch.context() as patched:
        patched.setattr(type(CHANNELS["email"]), "send", refuse)
        assert deliver(now=later, limit=10_000)["retried"] > 3
    rows = Delivery.objects.filter(recipient_user=world.member, channel=ChannelName.EMAIL, state=DeliveryState.PENDING)
    [(attempts, again)] = set(rows.values_list("attempts", "next_try_at"))
    assert attempts == 1
    assert timedelta(minutes=1) <= again - later <= timedelta(minutes=1) * (1 + JITTER)
    deliver(now=again, limit=10_000)
    assert len(mails_to(world.member)) == 1
    assert not rows.exists()


def test_a_bundle_is_read_as_one(world: World) -> None:
    all_overdue(world, 3)
    head = Delivery.objects.inbox_of(world.member).unread().get()
    assert mark_read(delivery_id=head.pk, actor=world.member, now=MONDAY)
    assert not Delivery.objects.filter(recipient_user=world.member, channel=ChannelName.IN_APP, read_at=None).exists()
    assert selectors.unread_count(world.leader) == 1
    newest = selectors.messages_for(world.leader, now=MONDAY).newest_id
    assert mark_all_read(newest_id=newest, actor=world.leader, now=MONDAY) == 1
    assert not Delivery.objects.filter(recipient_user=world.leader, channel=ChannelName.IN_APP, read_at=None).exists()


def test_the_page_shows_one_card_and_its_queries_do_not_grow(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    all_overdue(world, 12)
    client.force_login(world.member)
    with django_assert_max_num_queries(16):
        text = client.get("/messages/", headers={"accept-language": "zh-hans"}).content.decode()
    assert text.count("12 件的时限需要您留意") == 1
    assert text.count(">超过处置时限：") == 12


def test_of_what_was_done_since_nobody_up_the_ladder_is_told(world: World) -> None:
    case = world.case("in_progress")
    sweep(now=MONDAY)
    done = {"case_id": case.pk, "actor": world.member, "now": MONDAY}
    handling.submit_case(**done, result_code="A", result_text="已换灯泡。")
    relay(now=MONDAY)
    told = Delivery.objects.filter(event__type="clock.escalated", event__data__clock="handle")
    assert not told.exists()
