from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings

from cases.models import Case, CaseEvent, Reporter, User
from cases.terms import Priority
from notifications.models import ChannelName, Delivery
from notifications.relay import relay
from notifications.timing import decent, in_company, send_at
from notifications.wishes import Wish, wish_of
from tests.factories import SHANGHAI, World
from workflows.commands.sweep import sweep

QUIET = (time(21), time(7, 30))


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def quiet_hours(settings: LazySettings) -> None:
    settings.QUIET_HOURS = QUIET


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
    assert decent(moment, QUIET) == sent
    assert decent(moment.astimezone(ZoneInfo("UTC")), QUIET) == sent


def test_quiet_hours_may_lie_within_a_day_or_be_off() -> None:
    noon = (time(12), time(14))
    moments = (at(2, 11, 59), at(2, 12), at(2, 14))
    assert [decent(moment, noon) for moment in moments] == [at(2, 11, 59), at(2, 14), at(2, 14)]
    assert decent(at(2, 3), None) == at(2, 3)


TURN, NEWS, LIMIT, MEETING = "case.dispatched", "case.held", "clock.overdue", "meeting.moved"
NIGHT, DAY, SOON, MORNING = at(2, 23), at(2, 10, 1), at(2, 10, 5), at(3, 7, 30)
LEFT_TO_THE_DIGEST = None


@pytest.mark.parametrize(
    ("event", "asked", "wish", "now", "sent"),
    [
        # what asks something of me goes at once, in company where it is one of many, and never in quiet hours
        (TURN, True, {}, DAY, DAY),
        (TURN, True, {}, NIGHT, MORNING),
        (LIMIT, True, {}, DAY, SOON),
        (LIMIT, True, {}, NIGHT, MORNING),
        (TURN, True, {"quiet": (time(22), time(6))}, NIGHT, at(3, 6)),
        (TURN, True, {"quiet": None}, NIGHT, NIGHT),
        # what I need only know waits for the digest, unless I want all at once or no digest
        (NEWS, False, {}, DAY, LEFT_TO_THE_DIGEST),
        (NEWS, False, {"pace": "at_once"}, DAY, DAY),
        (NEWS, False, {"digest": False}, NIGHT, MORNING),
        # everything in the digest, but what would come too late there
        (TURN, True, {"pace": "digest"}, DAY, LEFT_TO_THE_DIGEST),
        (LIMIT, True, {"pace": "digest"}, DAY, LEFT_TO_THE_DIGEST),
        (MEETING, True, {"pace": "digest"}, DAY, DAY),
        (TURN, True, {"pace": "digest", "digest": False}, DAY, DAY),
    ],
)
def test_when_a_message_leaves(
    event: str, asked: bool, wish: dict[str, Any], now: datetime, sent: datetime | None
) -> None:
    told = CaseEvent(type=event, case=Case(priority=Priority.NORMAL))
    chosen = Wish(**({"quiet": QUIET} | wish))
    assert send_at(told, User(), asked=asked, wish=chosen, now=now) == sent
    told.case.priority = Priority.CRITICAL
    assert send_at(told, User(), asked=asked, wish=chosen, now=now) == now  # urgent matters break through


def test_a_resident_has_no_digest_and_is_left_to_sleep() -> None:
    told = CaseEvent(type="case.verified", case=Case(priority=Priority.NORMAL))
    wish = wish_of(None, ChannelName.EMAIL)
    assert send_at(told, Reporter(), asked=False, wish=wish, now=NIGHT) == MORNING


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
