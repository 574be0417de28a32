from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings

from cases.models import CaseEvent
from cases.terms import Priority
from notifications.models import ChannelName, Delivery
from notifications.relay import relay
from notifications.timing import decent, in_company
from tests.factories import SHANGHAI, World
from workflows.commands.sweep import sweep


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def quiet_hours(settings: LazySettings) -> None:
    settings.QUIET_HOURS = (time(21), time(7, 30))


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        (at(2, 20, 59, 59), at(2, 20, 59, 59)),
        (at(2, 21), at(3, 7, 30)),
        (at(2, 23, 59), at(3, 7, 30)),
        (at(3, 0), at(3, 7, 30)),
        (at(3, 7, 29, 59), at(3, 7, 30)),
        (at(3, 7, 30), at(3, 7, 30)),
        (at(3, 12), at(3, 12)),
    ],
)
def test_what_falls_into_the_quiet_hours_waits_for_their_end(moment: datetime, sent: datetime) -> None:
    assert decent(moment) == sent
    assert decent(moment.astimezone(ZoneInfo("UTC"))) == sent


def test_quiet_hours_may_lie_within_a_day_or_be_off(settings: LazySettings) -> None:
    settings.QUIET_HOURS = (time(12), time(14))
    assert (decent(at(2, 11, 59)), decent(at(2, 12)), decent(at(2, 14))) == (at(2, 11, 59), at(2, 14), at(2, 14))
    settings.QUIET_HOURS = None
    assert decent(at(2, 3)) == at(2, 3)


@pytest.mark.parametrize(
    ("now", "sent"), [(at(2, 9), at(2, 9, 5)), (at(2, 9, 0, 1), at(2, 9, 5)), (at(2, 9, 4, 59), at(2, 9, 5))]
)
def test_what_waits_for_company_goes_at_the_next_five_minutes(now: datetime, sent: datetime) -> None:
    assert in_company(now) == sent


def mail_of(world: World, event_type: str) -> dict[str, datetime | None]:
    rows = Delivery.objects.filter(event__type=event_type, channel=ChannelName.EMAIL)
    return {row.recipient.username: row.next_try_at for row in rows if row.recipient_user}


def test_a_mark_at_night_is_mailed_in_the_morning_and_shown_at_once(world: World) -> None:
    world.calendar.slapolicy_set.filter(clock="handle").update(unit="hours", amount=14)
    world.case("in_progress")
    sweep(now=at(2, 23))
    relay(now=at(2, 23))
    assert mail_of(world, "clock.overdue") == {"member": at(3, 7, 30)}
    shown = Delivery.objects.get(event__type="clock.overdue", event__data__clock="handle", channel=ChannelName.IN_APP)
    assert shown.sent_at == at(2, 23)


def test_a_critical_case_breaks_through_the_night_and_stands_alone(world: World) -> None:
    world.calendar.slapolicy_set.filter(clock="handle").update(unit="hours", amount=14)
    world.case("in_progress", priority=Priority.CRITICAL)
    sweep(now=at(2, 23))
    relay(now=at(2, 23))
    assert mail_of(world, "clock.overdue") == {"member": at(2, 23)}
    assert not Delivery.objects.exclude(bundle=None).exists()


def test_a_move_is_mailed_without_waiting_for_company(world: World) -> None:
    world.case("in_progress")
    relay(now=at(2, 9, 1))
    assert CaseEvent.objects.filter(relayed_at=None).count() == 0
    assert mail_of(world, "case.dispatched")["leader"] == at(2, 9, 1)
