import io
import json
from collections import Counter

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from cases.models import CaseEvent
from notifications.models import ChannelName, Delivery, DeliveryState, Preference
from notifications.relay import nudge, relay
from notifications.tasks import deliver as deliver_task
from notifications.tasks import relay as relay_task
from tests.factories import World


def rows() -> Counter[tuple[int, int | None, int | None, str]]:
    return Counter(Delivery.objects.values_list("event", "recipient_user", "recipient_reporter", "channel"))


def test_relaying_again_makes_nothing_twice(world: World) -> None:
    world.case("answered", resident=True)
    assert relay(now=world.now) == CaseEvent.objects.count()
    first = rows()
    assert first
    assert relay(now=world.now) == 0
    assert rows() == first


def test_an_event_whose_mark_was_lost_is_not_told_twice(world: World) -> None:
    world.case("answered", resident=True)
    relay(now=world.now)
    first = rows()
    CaseEvent.objects.update(relayed_at=None)
    assert relay(now=world.now) == CaseEvent.objects.count()
    assert rows() == first
    assert set(first.values()) == {1}


def test_small_batches_relay_everything_in_order(world: World) -> None:
    world.case("answered")
    assert relay(now=world.now, limit=2) == CaseEvent.objects.count()
    assert not CaseEvent.objects.filter(relayed_at=None).exists()
    told = list(Delivery.objects.order_by("pk").values_list("event_id", flat=True))
    assert told == sorted(told)


def test_a_relay_that_fails_has_marked_and_made_nothing(world: World) -> None:
    world.report()
    with transaction.atomic():
        assert relay(now=world.now) == 1
        transaction.set_rollback(True)
    assert CaseEvent.objects.filter(relayed_at=None).count() == 1
    assert not Delivery.objects.exists()


def test_a_message_inside_is_there_at_once_and_mail_is_owed(world: World) -> None:
    world.report()
    relay(now=world.now)
    inside, mail = Delivery.objects.order_by("channel").reverse()
    assert (inside.channel, inside.state, inside.sent_at) == ("in_app", DeliveryState.SENT, world.now)
    assert (mail.channel, mail.state, mail.next_try_at) == ("email", DeliveryState.PENDING, world.now)
    assert inside.recipient == mail.recipient == world.desk


def test_mail_that_a_person_switched_off_is_not_owed(world: World) -> None:
    Preference.objects.create(user=world.desk, channel=ChannelName.EMAIL, on=False)
    world.report()
    relay(now=world.now)
    assert [row.channel for row in Delivery.objects.all()] == ["in_app"]


def test_a_batch_costs_the_same_queries_for_one_event_and_for_many(world: World) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            relay(now=world.now)
        return len([q for q in caught if "SAVEPOINT" not in q["sql"]])

    world.case("answered", resident=True)
    few = queries()
    for _ in range(3):
        world.case("answered", resident=True)
    assert queries() == few
    # roles, merged, who is away, users, addresses, preferences, rhythms, subscribers, insert, mark, two looks for
    # events, one for leave that was registered for somebody
    assert few <= 13


def test_the_database_refuses_a_second_delivery_and_one_without_or_with_two_recipients(world: World) -> None:
    case = world.report(resident=True)
    event = case.events.get()
    given = {"event": event, "channel": "email", "created_at": world.now, "next_try_at": world.now}
    for recipient in ({"recipient_user": world.desk}, {"recipient_reporter": case.reporter}):
        Delivery.objects.create(**given, **recipient)
        with pytest.raises(IntegrityError, match=r"(?i)unique"), transaction.atomic():
            Delivery.objects.create(**given, **recipient)
    both = {"recipient_user": world.leader, "recipient_reporter": case.reporter}
    for wrong in ({}, both):
        with pytest.raises(IntegrityError, match="delivery_has_one_recipient"), transaction.atomic():
            Delivery.objects.create(**(given | {"channel": "in_app"}), **wrong)


def test_the_database_refuses_a_state_without_its_moment(world: World) -> None:
    event = world.report().events.get()
    given = {"event": event, "channel": "email", "created_at": world.now, "recipient_user": world.desk}
    with pytest.raises(IntegrityError, match="delivery_tries_while_pending"), transaction.atomic():
        Delivery.objects.create(**given, state="pending")
    with pytest.raises(IntegrityError, match="delivery_sent_has_moment"), transaction.atomic():
        Delivery.objects.create(**given, state="sent")
    with pytest.raises(IntegrityError, match="preference_keeps_in_app"), transaction.atomic():
        Preference.objects.create(user=world.desk, channel="in_app", on=False)


def test_the_commands_look_once_and_say_what_they_did(world: World) -> None:
    world.report()
    said = io.StringIO()
    call_command("relay", "--once", "--json", stdout=said)
    assert json.loads(said.getvalue())["relayed"] == 1
    said = io.StringIO()
    call_command("deliver", "--once", stdout=said)
    assert "sent 1" in said.getvalue()
    said = io.StringIO()
    call_command("deliver", "--once", stdout=said)
    assert "nothing to do" in said.getvalue()


def test_the_tasks_do_the_same_under_their_names(world: World) -> None:
    world.report()
    assert relay_task.name == "notifications.tasks.relay"
    assert deliver_task.name == "notifications.tasks.deliver"
    assert relay_task() == 1
    done = deliver_task()
    done.pop("digests", None)  # on a working morning: the task goes by the clock of the machine
    assert done == {"sent": 1, "retried": 0, "dead": 0, "cancelled": 0, "duplicates_possible": 0}


@pytest.fixture
def broker_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")  # goes before what the settings say


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage()[:19] for record in caplog.records if record.name == "cases.lib.waking"]


@pytest.mark.django_db(transaction=True)
def test_a_nudge_without_a_broker_waits_for_the_commit_and_then_fails_nobody(
    caplog: pytest.LogCaptureFixture, broker_away: None
) -> None:
    with transaction.atomic():
        nudge()
        assert said(caplog) == []
    assert said(caplog) == ["The broker is away,"]


@pytest.mark.django_db(transaction=True)
def test_a_nudge_of_what_is_rolled_back_says_nothing(caplog: pytest.LogCaptureFixture, broker_away: None) -> None:
    with transaction.atomic():
        nudge()
        transaction.set_rollback(True)
    assert said(caplog) == []
