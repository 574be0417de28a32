from datetime import date, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Case, User
from cases.terms import RequestKind
from notifications.digests import day_of, send_digests
from notifications.models import Delivery, Digest, Preference, Rhythm
from notifications.relay import relay
from tests.councils import make_body
from tests.factories import SHANGHAI, World
from tests.workflows.council.rooms import convened
from workflows.commands import adjust, intake
from workflows.commands.calendar import publish_calendar
from workflows.commands.leaves import take_leave
from workflows.flows.approval import ask_request
from workflows.models import CalendarDay

DAY = timedelta(days=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def sent_to(user: User) -> str:
    [message] = [one for one in mail.outbox if one.to == [user.email]]
    return f"{message.subject}\n{message.body}"


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (at(2, 8, 29), None), (at(2, 8, 30), date(2026, 3, 2)), (at(2, 11, 59), date(2026, 3, 2)), (at(2, 12), None),
        (at(7, 9), None), (at(8, 9), date(2026, 3, 8)), (at(9, 9), None),
    ],
)  # fmt: skip
def test_digests_go_out_in_the_mornings_of_working_days_only(world: World, moment: datetime, day: date | None) -> None:
    for when, works in ((date(2026, 3, 8), True), (date(2026, 3, 9), False)):  # a Sunday is worked for a Monday off
        CalendarDay.objects.create(calendar=world.calendar, date=when, is_working=works, name="调休")
    publish_calendar(world.calendar, source="通知", now=world.now)
    assert day_of(moment) == day


def test_one_message_says_all_that_is_mine(world: World) -> None:
    late, soon, later = (world.case("dispatched") for _ in range(3))
    now = world.now + DAY
    Case.objects.filter(pk=late.pk).update(due_at=now - DAY)
    Case.objects.filter(pk=soon.pk).update(due_at=now + DAY, warn_at=now - DAY)
    Case.objects.filter(pk=later.pk).update(due_at=now + 3 * DAY, warn_at=now + 2 * DAY)
    assert send_digests(now=now)["digests"] > 0
    said = sent_to(world.leader)
    assert said.startswith("今日汇总，待办 3 件，超期 1 件\n")
    places = [said.index(words) for words in ("已经超期", late.number, "快到期", soon.number, "其余待办", later.number)]
    assert places == sorted(places)
    assert f"http://127.0.0.1:8000/cases/{late.number}/" in said
    assert "消息设置" in said


def test_who_has_nothing_to_do_gets_nothing_and_nobody_gets_two(world: World) -> None:
    world.report()
    assert send_digests(now=world.now) == {"digests": 1}
    assert [one.to for one in mail.outbox] == [["desk@example.com"]]
    assert send_digests(now=world.now + timedelta(hours=1)) == {"digests": 0}
    assert Digest.objects.filter(user=world.leader, state="nothing").count() == 1
    assert send_digests(now=world.now + DAY)["digests"] == 1


def test_who_wants_none_or_no_mail_gets_none(world: World) -> None:
    world.report()
    Rhythm.objects.create(user=world.desk, digest=False)
    assert send_digests(now=world.now) == {"digests": 0}
    Rhythm.objects.update(digest=True)
    Preference.objects.create(user=world.desk, channel="email", on=False)
    assert send_digests(now=world.now) == {"digests": 0}
    assert mail.outbox == []


def test_requests_meetings_and_the_cases_of_the_absent_are_in_it(world: World) -> None:
    case = world.case("in_progress")
    ask_request(
        kind=RequestKind.HOLD, reason_code="season", details={"review_at": (world.now + 10 * DAY).isoformat()},
        case_id=case.pk, actor=world.member, now=world.now, reason="等配件",
    )  # fmt: skip
    take_leave(actor=world.member, substitute=world.leader, first=date(2026, 3, 2), end=date(2026, 3, 9), now=world.now)
    body = make_body(world)
    meeting = convened(world, body)
    type(meeting).objects.filter(pk=meeting.pk).update(planned_at=at(3, 15))
    send_digests(now=at(3, 9))
    assert "挂账" in sent_to(world.supervisor)
    assert f"陈队员 {case.number}" in sent_to(world.leader)
    for user in (body.chair.user, body.secretary):
        assert user is not None
        said = sent_to(user)
        assert "今天有会 1 个" in said
        assert f"15:00 {meeting}" in said


def test_what_rang_for_nobody_is_told_here_once_it_is_news_and_in_the_language_of_the_reader(world: World) -> None:
    case = world.case("in_progress")
    relay(now=world.now)
    request = world.agreed(case, RequestKind.HOLD, review_at="2026-04-01T09:00:00+08:00", reason_code="season")
    adjust.hold_case(request=request, actor=world.supervisor, now=world.now)
    relay(now=world.now)
    Preference.objects.create(user=world.leader, channel="email", language="en")
    send_digests(now=at(3, 9))
    said = sent_to(world.leader)
    assert f"On hold: {case.number}" in said
    assert "待签收" not in said  # that one was mailed
    assert "今日汇总" not in said
    Delivery.objects.update(read_at=world.now)
    mail.outbox.clear()
    send_digests(now=at(4, 9))
    assert [one for one in mail.outbox if one.to == [world.leader.email]] == []


def test_what_did_not_leave_is_tried_again_until_noon(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.report()

    def away(*_: object) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", away)
        assert send_digests(now=world.now) == {"digests": 0}
    assert send_digests(now=world.now + timedelta(minutes=1)) == {"digests": 0}
    assert send_digests(now=world.now + timedelta(minutes=11)) == {"digests": 1}
    assert Digest.objects.get(user=world.desk).attempts == 2


def test_a_digest_costs_the_same_queries_for_one_case_and_for_many(world: World) -> None:
    def queries(now: datetime) -> int:
        with CaptureQueriesContext(connection) as caught:
            send_digests(now=now)
        return len(caught)

    world.report()
    queries(world.now)
    one = queries(at(3, 9))
    for _ in range(4):
        intake.report_case(
            report=intake.Report(title="灯", description="坏", area=world.grid), actor=world.grid_worker, now=world.now
        )
    assert queries(at(4, 9)) == one
