"""Who comes to a meeting: answers that the secretary notes, the list to sign, and a page that stays quick."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.lib import pdf
from cases.models import Meeting, PresenceInterval, User
from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.rooms import LEAD, convened, opened
from workflows.council.mandates import give_mandate

HOUR = timedelta(hours=1)


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


@pytest.fixture
def at(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Move the clock of the pages."""

    def move(moment: object) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    move(world.now)
    return move


def login(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, name: str, *args: object, status: int = 200) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == status
    return answer.content.decode()


def test_the_secretary_notes_who_telephoned_and_sees_whether_it_will_be_enough(
    world: World, body: Body, at: Callable[[object], None]
) -> None:
    meeting, client = convened(world, body), login(body.secretary)
    assert "还差 6 人才够" in text(client, "council:meeting", meeting.pk)
    for seat in body.all_seats[:6]:
        client.post(reverse("council:act_on_seat", args=[meeting.pk, seat.pk, "confirm"]))
    away = body.all_seats[8]
    client.post(reverse("council:act_on_seat", args=[meeting.pk, away.pk, "excuse"]))
    assert "已确认 6 人，够法定人数" in text(client, "council:meeting", meeting.pk)
    assert meeting.attendances.get(seat=away).status == "excused"


def test_nothing_can_be_opened_or_signed_days_ahead(world: World, body: Body, at: Callable[[object], None]) -> None:
    meeting, client = convened(world, body), login(body.secretary)
    page = text(client, "council:meeting", meeting.pk)
    assert "开会前一小时开放签到" in page
    assert "全体签到" not in page
    seat = body.chair
    assert seat.user is not None
    own = login(seat.user)
    own.post(reverse("council:act_on_seat", args=[meeting.pk, seat.pk, "in"]))
    assert not PresenceInterval.objects.exists()
    at(world.now + LEAD - HOUR)
    own, client = login(seat.user), login(body.secretary)
    own.post(reverse("council:act_on_seat", args=[meeting.pk, seat.pk, "in"]))
    assert PresenceInterval.objects.count() == 1
    answer = client.post(reverse("council:act_on_meeting", args=[meeting.pk, "open"]), follow=True)
    assert "2026-03-06 09:00 起才能开会" in answer.content.decode()
    assert Meeting.objects.get().state == "convened"


def test_the_list_to_sign_names_everybody_and_carries_the_code_for_the_secretary(
    world: World, body: Body, at: Callable[[object], None]
) -> None:
    meeting = convened(world, body)
    sheet = text(login(body.secretary), "council:attendance_sheet", meeting.pk)
    assert all(seat.name in sheet for seat in body.all_seats)
    assert sheet.count('scope="rowgroup"') == 4
    assert "data:image/svg+xml" in sheet
    assert body.chair.user is not None
    assert "data:image/svg+xml" not in text(login(body.chair.user), "council:attendance_sheet", meeting.pk)
    text(login(world.other_grid_worker), "council:attendance_sheet", meeting.pk, status=404)


def test_the_list_to_sign_comes_as_a_pdf_where_one_can_be_made(
    world: World, body: Body, at: Callable[[object], None]
) -> None:
    meeting = convened(world, body)
    answer = login(body.secretary).get(reverse("council:attendance_pdf", args=[meeting.pk]))
    if pdf.missing():
        assert answer.status_code == 302
    else:
        assert answer.content.startswith(b"%PDF")


@pytest.mark.parametrize("state", ["convened", "in_session"])
def test_a_meeting_of_three_items_asks_as_often_as_one_of_one(
    world: World, body: Body, at: Callable[[object], None], state: str
) -> None:
    asked = []
    for titles in (["修车棚"], ["装道闸", "办灯会", "修水管"]):
        at(world.now)
        meeting = convened(world, body, titles) if state == "convened" else opened(world, body, titles).meeting
        at(meeting.planned_at)
        client = login(body.secretary)
        text(client, "council:meeting", meeting.pk)
        with CaptureQueriesContext(connection) as queries:
            text(client, "council:meeting", meeting.pk)
        asked.append(len(queries))
    assert asked[0] == asked[1] < 40


def test_a_principal_is_counted_in_the_party_while_the_holder_is_there(
    world: World, body: Body, at: Callable[[object], None]
) -> None:
    principal, holder = body.seats["residents"][:2]
    room = opened(world, body, there=[holder])
    give_mandate(
        meeting_id=room.meeting.pk, principal_id=principal.pk, holder_id=holder.pk, document="委托书 1",
        instructions={str(room.items[0].pk): "for"}, actor=body.secretary, now=room.now,
    )  # fmt: skip
    at(room.now)
    page = text(login(body.secretary), "council:meeting", room.meeting.pk)
    assert "到会 2/9" in page
    assert "居民代表 2/3" in page
