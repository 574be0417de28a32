"""Robots and systems are set up on pages, tried, and their secrets never shown again; who was told what is kept."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import User
from notifications.delivery import deliver
from notifications.models import Address, Delivery, Gate, Subscriber
from notifications.relay import relay
from tests.factories import World
from tests.notifications.far_ends import FarEnd, Said, far_end
from tests.pages.markup import faults

KEY = "0f1e2d3c-secret-key-of-robot"


def signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client


@pytest.fixture
def platform(settings: LazySettings) -> Iterator[FarEnd]:
    cache.clear()
    with far_end({"errcode": 0, "errmsg": "ok"}) as server:
        settings.WECOM_BASE_URL = settings.DINGTALK_BASE_URL = server.url
        yield server


@pytest.fixture
def group(world: World) -> Subscriber:
    given = {"address": KEY, "created_at": world.now, "event_types": ["case.reported"]}
    return Subscriber.objects.create(name="街道群", channel="wecom_robot", area=world.street, **given)


def typed(world: World, **given: Any) -> dict[str, Any]:
    words = {"name": "工作队群", "unit": f"team:{world.team.pk}", "event_types": ["case.dispatched"], "active": "on"}
    return words | given


def test_a_robot_is_added_from_the_address_that_the_platform_gives_and_its_key_is_shown_nowhere(
    world: World, platform: FarEnd
) -> None:
    client = signed_in(world.admin)
    form = client.get("/messages/channels/add/wecom_robot/").content.decode()
    assert faults(form) == []
    address = f"{platform.url}/cgi-bin/webhook/send?key={KEY}"
    answer = client.post("/messages/channels/add/wecom_robot/", typed(world, address=address), follow=True)
    row = Subscriber.objects.get()
    assert (row.address, row.team, row.area, row.created_by) == (KEY, world.team, None, world.admin)
    edit = client.get(f"/messages/channels/{row.pk}/").content.decode()
    for shown in (answer.content.decode(), edit):
        assert faults(shown) == []
        assert "工作队群" in shown
        assert KEY not in shown
    client.post(f"/messages/channels/{row.pk}/", typed(world, name="新名字"))
    row.refresh_from_db()
    assert (row.name, row.address) == ("新名字", KEY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM notifications_subscriber")
        assert KEY not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("channel", "address", "words"),
    [
        ("wecom_robot", "https://evil.example/cgi-bin/webhook/send?key=aaaaaaaaaa", "请核对平台"),
        ("wecom_robot", "not a key", "没有找到机器人的密钥"),
        ("wecom_robot", "", "请填写或选择这一项"),
        ("webhook", "http://127.0.0.1:6379/", "不允许推送"),
        ("webhook", "ftp://example.com/", "须以 https://"),
        ("webhook", "https://例子.example/", "只能有英文字母"),
    ],
)
def test_an_address_that_is_none_is_refused_at_the_field_and_nothing_typed_is_lost(
    world: World, platform: FarEnd, channel: str, address: str, words: str
) -> None:
    answer = signed_in(world.admin).post(f"/messages/channels/add/{channel}/", typed(world, address=address))
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert words in shown
    assert "工作队群" in shown
    assert not Subscriber.objects.exists()


def test_a_test_message_is_sent_and_what_came_of_it_is_said_in_words(
    world: World, platform: FarEnd, group: Subscriber
) -> None:
    client, path = signed_in(world.admin), f"/messages/channels/{group.pk}/test/"
    Gate.objects.create(channel="wecom_robot", failures=3, opened_at=world.now, shut_until=world.now)
    assert "已送达" in client.post(path, follow=True).content.decode()
    assert "测试消息" in platform.asked[0].body["markdown"]["content"]
    assert Gate.objects.get().opened_at is None
    for said, words in (
        (Said({"errcode": 93000, "errmsg": f"invalid webhook url {KEY}"}), "对方拒收"),
        (Said({"errcode": 45009, "errmsg": "freq"}), "发得太快"),
        (Said(status=503), "自己出了故障"),
        (Said(nothing=True), "不知道是否送达"),
    ):
        platform.said = said
        shown = client.post(path, follow=True).content.decode()
        assert words in shown
        assert KEY not in shown


def test_the_secret_of_a_system_is_shown_once_and_can_be_changed(world: World, settings: LazySettings) -> None:
    settings.WEBHOOK_NETWORKS = ("127.0.0.0/8",)
    client = signed_in(world.admin)
    answer = client.post("/messages/channels/add/webhook/", typed(world, address="http://127.0.0.1:9/hook"))
    row = Subscriber.objects.get()
    assert answer["Cache-Control"] == "no-store"
    assert row.secret in answer.content.decode()
    assert faults(answer.content.decode()) == []
    first = row.secret
    changed = client.post(f"/messages/channels/{row.pk}/secret/").content.decode()
    row.refresh_from_db()
    assert row.secret in changed
    assert first not in changed
    assert row.old_secret == first
    for path in ("/messages/channels/", f"/messages/channels/{row.pk}/"):
        shown = client.get(path).content.decode()
        assert "whsec_" not in shown
        assert "127.0.0.1:9" not in shown


@pytest.mark.parametrize("path", ["", "add/wecom_robot/", "{pk}/", "{pk}/test/", "{pk}/secret/"])
def test_only_administrators_set_up_where_messages_go(world: World, group: Subscriber, path: str) -> None:
    path = "/messages/channels/" + path.format(pk=group.pk)
    assert Client().get(path).status_code == 302
    assert signed_in(world.dispatcher).post(path).status_code in (403, 405)
    if path != "/messages/channels/":
        assert signed_in(world.supervisor).post(path).status_code == 403
    assert "街道群" not in signed_in(world.supervisor).get("/messages/channels/").content.decode()


def test_the_page_of_channels_costs_the_same_queries_for_one_group_and_for_three(
    world: World, group: Subscriber
) -> None:
    client = signed_in(world.admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            client.get("/messages/channels/")
        return len(caught)

    queries()
    one = queries()
    for n in range(2):
        Subscriber.objects.create(
            name=str(n), channel="webhook", team=world.team, address="https://a", created_at=world.now
        )
    assert queries() == one


def refused(world: World, platform: FarEnd, count: int = 2) -> None:
    platform.said = Said({"errcode": 93000, "errmsg": "invalid webhook url"})
    for _ in range(count):
        world.report(resident=True)
    relay(now=world.now)
    deliver(now=world.now)


def test_all_of_a_channel_is_sent_again_by_one_button(world: World, platform: FarEnd, group: Subscriber) -> None:
    refused(world, platform)
    Delivery.objects.filter(channel="email").update(state="dead", sent_at=None)
    client = signed_in(world.supervisor)
    shown = client.get("/messages/dead/?channel=wecom_robot").content.decode()
    assert "街道群" in shown
    assert "93000: invalid webhook url" in shown
    assert "desk" not in shown
    assert faults(shown) == []
    answer = client.post("/messages/dead/resend/", {"channel": "wecom_robot"}, follow=True).content.decode()
    assert "2 条已重新发送" in answer
    assert Delivery.objects.dead().count() == 2
    assert signed_in(world.dispatcher).post("/messages/dead/resend/").status_code == 403


def test_the_page_of_a_case_says_who_was_told_by_what_and_hides_addresses(
    world: World, platform: FarEnd, group: Subscriber
) -> None:
    refused(world, platform, 1)
    case = Delivery.objects.get(channel="wecom_robot").event.case
    shown = signed_in(world.supervisor).get(f"/cases/{case.number}/").content.decode()
    assert "告知记录" in shown
    assert "街道群" in shown
    assert "李受理 d***@example.com" in shown
    assert faults(shown) == []
    assert "告知记录" not in signed_in(world.grid_worker).get(f"/cases/{case.number}/").content.decode()


def test_the_commands_list_and_resend(world: World, platform: FarEnd, group: Subscriber) -> None:
    refused(world, platform)
    said = io.StringIO()
    call_command("deliveries", "--state", "dead", "--json", stdout=said)
    found = json.loads(said.getvalue())
    assert [(row["state"], row["recipient"], row["answer"]) for row in found["deliveries"]] == [
        ("dead", "街道群", "200 93000")
    ] * 2
    assert {channel["name"]: channel["dead"] for channel in found["channels"]}["wecom_robot"] == 2
    said = io.StringIO()
    call_command("deliveries", "--channel", "email", stdout=said)
    assert "d***@example.com" in said.getvalue()
    one = found["deliveries"][0]["id"]
    said = io.StringIO()
    call_command("resend", str(one), stdout=said)
    assert "1 owed again" in said.getvalue()
    with pytest.raises(CommandError, match="not among those"):
        call_command("resend", str(one), stdout=io.StringIO())
    call_command("resend", "--all", "--channel", "wecom_robot", stdout=io.StringIO())
    assert not Delivery.objects.dead().exists()
    for wrong in ([], [str(one), "--all"], [str(one), "--channel", "sms"]):
        with pytest.raises(CommandError):
            call_command("resend", *wrong, stdout=io.StringIO())


def test_no_secret_stands_in_a_row_a_line_of_the_log_or_on_a_page(
    world: World, platform: FarEnd, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    """Far ends that repeat every secret that they know, in the worst places."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    settings.WECOM_CORP_ID, settings.WECOM_AGENT_ID, settings.WECOM_SECRET = "corp", 7, "corp-secret-value"
    secrets = [KEY, "SEC-of-dingtalk", "corp-secret-value", "token-of-wecom"]
    given = {"area": world.street, "created_at": world.now, "event_types": ["case.reported"]}
    Subscriber.objects.create(name="a", channel="wecom_robot", address=KEY, **given)
    Subscriber.objects.create(name="b", channel="dingtalk_robot", address=KEY, secret=secrets[1], **given)
    Address.objects.create(user=world.desk, channel="wecom", value="li")

    def echo(asked: Any) -> Said:
        if asked.path.endswith("gettoken"):
            return Said({"errcode": 0, "access_token": secrets[3], "expires_in": 7200})
        if asked.path == "/robot/send":
            return Said({"errcode": 40035, "errmsg": f"{KEY} {secrets[1]}"})
        told = secrets[2:] if asked.path.endswith("message/send") else secrets[:1]
        return Said({"errcode": 40058, "errmsg": " ".join(told), "msgid": told[0]})

    platform.decide = echo
    world.report()
    relay(now=world.now)
    deliver(now=world.now)
    assert Delivery.objects.dead().count() == 3
    pages = [signed_in(world.admin).get(path).content.decode() for path in ("/messages/dead/", "/messages/channels/")]
    kept: list[str] = []
    with connections["default"].cursor() as cursor:
        for table in ("delivery", "gate", "subscriber", "address"):
            cursor.execute(f"SELECT * FROM notifications_{table}")  # noqa: S608  # our own tables
            kept += [str(row) for row in cursor.fetchall()]
    said = io.StringIO()
    call_command("deliveries", "--json", stdout=said)
    for secret in secrets:
        assert all(secret not in text for text in [*pages, *kept, said.getvalue(), caplog.text])
    for left in ("40058: ***", "40035: *** ***", "40058: *** ***"):
        assert left in said.getvalue()


def test_addresses_of_colleagues_are_changed_and_tried_in_the_admin_and_never_read(
    world: World, settings: LazySettings, platform: FarEnd
) -> None:
    User.objects.filter(pk=world.admin.pk).update(is_staff=True)
    client = signed_in(User.objects.get(pk=world.admin.pk))
    given = {"user": world.member.pk, "channel": "sms", "new_value": "027-88886666"}
    assert "11 位手机号" in client.post("/admin/notifications/address/add/", given).content.decode()
    client.post("/admin/notifications/address/add/", given | {"new_value": "13912345678"})
    row = Address.objects.get()
    assert row.value == "13912345678"
    for path in ("", f"{row.pk}/change/"):
        assert "13912345678" not in client.get(f"/admin/notifications/address/{path}").content.decode()
    client.post(f"/admin/notifications/address/{row.pk}/change/", given | {"new_value": ""})
    row.refresh_from_db()
    assert row.value == "13912345678"
    settings.SMS_URL, settings.SMS_SECRET = f"{platform.url}/sms", "s"
    platform.said = Said({"code": "0", "id": "1"})
    chosen = {"action": "send_trial", "_selected_action": [row.pk]}
    assert "已送达" in client.post("/admin/notifications/address/", chosen, follow=True).content.decode()
    assert platform.asked[0].body["to"] == "13912345678"
