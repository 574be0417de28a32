import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import vobject
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases.models import Case, Meeting, User
from notifications.feeds import feed_token, renew_feed
from notifications.models import CalendarFeed
from notifications.views.feeds import FETCHES_AN_HOUR
from tests.councils import make_body
from tests.factories import SHANGHAI, World
from tests.workflows.council.rooms import convened
from workflows.council.meetings import cancel_meeting

PAGE = "/messages/calendar/"


@pytest.fixture(autouse=True)
def that_day(world: World, time_machine: Any) -> None:
    time_machine.move_to(world.now, tick=False)
    cache.clear()


def address(world: World, user: User) -> str:
    return f"{PAGE}{feed_token(renew_feed(actor=user, now=world.now))}.ics"


def fetched(path: str, **headers: str) -> Any:
    return Client().get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def entries(path: str) -> dict[str, Any]:
    answer = fetched(path)
    assert answer.status_code == 200
    assert max(map(len, answer.content.split(b"\r\n"))) <= 75
    return {event.summary.value: event for event in vobject.readOne(answer.content.decode()).contents.get("vevent", [])}


def test_what_is_mine_is_in_the_calendar_at_its_limit_in_the_zone_of_the_office(world: World) -> None:
    case = world.case("dispatched", title="王小明家,漏水; 请看", resident=True)
    found = entries(address(world, world.leader))
    [event] = found.values()
    assert event.summary.value == f"待签收到期：{case.number} 路灯"
    due_at = Case.objects.get(pk=case.pk).due_at
    assert due_at is not None
    assert event.dtend.value == due_at
    assert event.dtend.params["X-VOBJ-ORIGINAL-TZID"] == ["Asia/Shanghai"]
    assert event.url.value == f"http://127.0.0.1:8000/cases/{case.number}/"
    assert event.transp.value == "TRANSPARENT"
    assert "漏水" not in event.serialize()


def test_meetings_are_in_it_and_one_that_is_off_is_struck_out_under_the_same_uid(world: World) -> None:
    body = make_body(world)
    meeting = convened(world, body, ["停车，怎么停;怎么收费"])
    path = address(world, body.all_seats[3].user)  # type: ignore[arg-type]
    [(name, before)] = entries(path).items()
    assert name == str(meeting)
    assert (before.status.value, before.sequence.value) == ("CONFIRMED", "0")
    assert before.location.value == meeting.venue
    cancel_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now, reason="改期")
    [after] = entries(path).values()
    assert (after.status.value, after.sequence.value, after.uid.value) == ("CANCELLED", "1", before.uid.value)
    assert str(meeting) in entries(address(world, body.secretary))
    assert entries(address(world, world.other_grid_worker)) == {}


def test_a_meeting_that_was_called_again_moves_in_the_calendar(world: World) -> None:
    body = make_body(world)
    first = convened(world, body)
    Meeting.objects.filter(pk=first.pk).update(state="reconvened")
    kept = {name: getattr(first, name) for name in ("council", "year", "venue", "pack", "created_by", "created_at")}
    again = Meeting.objects.create(
        **kept, serial=2, state="convened", reconvenes=first, planned_at=first.planned_at + timedelta(days=7)
    )
    path = address(world, body.secretary)
    found = entries(path)
    event = found[str(again)]
    assert str(first) not in found
    assert event.dtstart.value == again.planned_at
    single = Client()
    single.force_login(body.secretary)
    old = vobject.readOne(single.get(reverse("council:meeting_ics", args=[first.pk])).content.decode()).vevent
    assert (old.uid.value, old.status.value) == (event.uid.value, "CANCELLED")
    assert int(event.sequence.value) > int(old.sequence.value)


def test_commas_and_lines_of_an_invitation_come_through_a_reader_as_they_were(world: World) -> None:
    body = make_body(world)
    meeting = convened(world, body, ["停车，怎么停;怎么收费, 收多少", "修车棚\\东侧"])
    Meeting.objects.filter(pk=meeting.pk).update(venue="活动室, 二楼; 东")
    client = Client()
    client.force_login(body.secretary)
    text = client.get(reverse("council:meeting_ics", args=[meeting.pk])).content.decode()
    event = vobject.readOne(text).vevent
    assert event.location.value == "活动室, 二楼; 东"
    assert event.description.value == "1. 停车，怎么停;怎么收费, 收多少\n2. 修车棚\\东侧"
    assert "BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai" in text
    assert "DTSTART;TZID=Asia/Shanghai:" in text


def test_an_address_is_made_shown_renewed_and_revoked_and_only_its_hash_is_kept(world: World) -> None:
    client = Client()
    client.force_login(world.desk)
    assert "生成订阅地址" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}renew/")
    token = feed_token(CalendarFeed.objects.get())
    assert f"{PAGE}{token}.ics" in client.get(PAGE).content.decode()
    assert token not in str(CalendarFeed.objects.values())
    client.post(f"{PAGE}renew/")
    assert fetched(f"{PAGE}{token}.ics").status_code == 404
    newer = f"{PAGE}{feed_token(CalendarFeed.objects.get())}.ics"
    assert fetched(newer).status_code == 200
    assert Client().post(newer).status_code == 405
    User.objects.filter(pk=world.desk.pk).update(is_active=False)
    assert fetched(newer).status_code == 404
    User.objects.filter(pk=world.desk.pk).update(is_active=True)
    client.force_login(world.desk)
    client.post(f"{PAGE}revoke/")
    assert fetched(newer).status_code == 404


def test_nothing_new_is_answered_304_and_too_many_are_asked_to_wait(world: World) -> None:
    case = world.report()
    path = address(world, world.desk)
    first = fetched(path)
    assert fetched(path, If_None_Match=first["ETag"]).status_code == 304
    assert fetched(path, If_Modified_Since=first["Last-Modified"]).status_code == 304
    Case.objects.filter(pk=case.pk).update(due_at=datetime(2026, 3, 9, tzinfo=SHANGHAI))
    assert fetched(path, If_None_Match=first["ETag"]).status_code == 200
    for _ in range(FETCHES_AN_HOUR - 4):
        fetched(path)
    assert fetched(path).status_code == 429
    for _ in range(20):
        assert fetched(f"{PAGE}{'x' * 43}.ics").status_code == 404
    assert fetched(f"{PAGE}{'x' * 43}.ics").status_code == 429


def test_far_limits_are_left_out_and_the_feed_costs_the_same_for_one_case_and_for_three(world: World) -> None:
    def queries() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as caught:
            fetched(path)
        return len([query for query in caught if not query["sql"].startswith("UPDATE")])

    far = world.report()
    Case.objects.filter(pk=far.pk).update(due_at=world.now + timedelta(days=300))
    path = address(world, world.desk)
    assert entries(path) == {}
    world.report()
    one = queries()
    for _ in range(2):
        world.report()
    assert queries() == one
    assert len(entries(path)) == 3


@pytest.mark.django_db(transaction=True)
def test_a_calendar_program_fetches_it_over_http(world: World, live_server: Any) -> None:
    case = world.report()
    url = live_server.url + address(world, world.desk)
    with urlopen(Request(url)) as answer:  # noqa: S310  # our own server
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert case.number in vobject.readOne(answer.read().decode()).vevent.summary.value
        etag = answer.headers["ETag"]
    with pytest.raises(HTTPError, match="304"):
        urlopen(Request(url, headers={"If-None-Match": etag}))  # noqa: S310


@pytest.mark.django_db(transaction=True)
def test_a_caldav_client_subscribes_and_follows_what_changes(world: World, live_server: Any, tmp_path: Path) -> None:
    body = make_body(world)
    meeting, case = convened(world, body, ["停车，怎么停;怎么收费"]), world.report()
    url = live_server.url
    mine, desk = (synced(tmp_path / user.username, url + address(world, user)) for user in (body.secretary, world.desk))
    assert str(meeting) in [event.summary.value for event in mine()]
    assert case.number in " ".join(event.summary.value for event in desk())
    cancel_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now, reason="改期")
    [event] = [event for event in mine() if event.summary.value == str(meeting)]
    assert event.status.value == "CANCELLED"
    renew_feed(actor=body.secretary, now=world.now)
    with pytest.raises(subprocess.CalledProcessError):
        mine()


def synced(folder: Path, url: str) -> Callable[[], list[Any]]:
    """A calendar kept by vdirsyncer; each call fetches what is new and reads the folder."""
    (folder / "kept").mkdir(parents=True)
    (folder / "config").write_text(
        f"""[general]
        status_path = "{folder}/status"
        [pair feed]
        a = "theirs"
        b = "kept"
        collections = null
        [storage theirs]
        type = "http"
        url = "{url}"
        [storage kept]
        type = "filesystem"
        path = "{folder}/kept"
        fileext = ".ics"
        """.replace("        ", "")
    )

    def sync() -> list[Any]:
        for command in ("discover", "sync"):
            subprocess.run(  # noqa: S603  # the client, at our own server
                [Path(sys.executable).parent / "vdirsyncer", "-c", folder / "config", command], check=True,
                env=os.environ | {"NO_PROXY": "*"}, capture_output=True,
            )  # fmt: skip
        return [vobject.readOne(file.read_text()).vevent for file in sorted((folder / "kept").glob("*.ics"))]

    return sync
