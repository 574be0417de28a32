"""Each platform is asked as its document says: address, body field by field, signature made anew, lengths."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.utils import timezone
from standardwebhooks import Webhook as Reference
from standardwebhooks.webhooks import WebhookVerificationError

from cases.models import Reporter
from notifications.channels import CHANNELS
from notifications.channels.base import ChannelError, Message, cut, fitted, in_bytes, in_units, plainly
from notifications.channels.webhook import new_secret
from notifications.delivery import deliver
from notifications.models import Address, Subscriber
from notifications.relay import relay
from tests.factories import World
from tests.notifications.far_ends import FarEnd, Said, far_end
from tests.pages.markup import PARTICULARS

LONG = "小区东门的路灯坏了三天，老人晚上下楼看不清台阶。" * 400
MESSAGE = Message(
    "待签收：2026-1 路灯不亮",
    "请签收。\n\n区域：平山小区\n办理：https://z.example/c/1/\n\n--\n不想收到邮件",
    url="https://z.example/c/1/",
    button="去办理",
)
BIG = Message("路灯" * 300, LONG + "\n" + LONG, url="https://z.example/c/1/", button="去办理")


@pytest.fixture
def platform(settings: LazySettings) -> Iterator[FarEnd]:
    """One server that stands for all platforms."""
    cache.clear()
    with far_end({"errcode": 0, "errmsg": "ok", "msgid": "m-1"}) as server:
        for name in ("WECOM", "DINGTALK", "FEISHU", "WECHAT"):
            setattr(settings, f"{name}_BASE_URL", server.url)
        settings.WEBHOOK_NETWORKS = ("127.0.0.0/8",)
        yield server


def robot(world: World, channel: str, **given: Any) -> Subscriber:
    made = {"name": "群", "area": world.street, "address": "key-0123456789", "created_at": world.now}
    return Subscriber.objects.create(channel=channel, **(made | given))


def send(channel: str, recipient: Any, message: Message = MESSAGE, key: str = "event7.u3.x") -> Any:
    return CHANNELS[channel].send(message, recipient, key=key)


def refusal(channel: str, recipient: Any) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        send(channel, recipient)
    return caught.value


def test_a_robot_of_wecom_is_asked_in_markdown_with_its_key(world: World, platform: FarEnd) -> None:
    receipt = send("wecom_robot", robot(world, "wecom_robot"))
    [asked] = platform.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/cgi-bin/webhook/send", {"key": "key-0123456789"})
    assert asked.headers["content-type"].startswith("application/json")
    assert asked.body == {
        "msgtype": "markdown",
        "markdown": {
            "content": "**待签收：2026-1 路灯不亮**\n请签收。\n区域：平山小区\n[去办理](https://z.example/c/1/)"
        },
    }
    assert (receipt.status, receipt.code, receipt.id) == (200, "0", "m-1")


def test_what_is_too_long_is_cut_in_the_bytes_that_the_platform_counts_and_keeps_its_link(
    world: World, platform: FarEnd
) -> None:
    platform.said = Said({"errcode": 0, "code": 0})
    for channel, path, room in (
        ("wecom_robot", ("markdown", "content"), 4096),
        ("dingtalk_robot", ("markdown", "text"), 20_000),
    ):
        send(channel, robot(world, channel), BIG)
        text = platform.asked[-1].body
        for name in path:
            text = text[name]
        assert room * 0.2 < len(text.encode()) <= room
        assert text.endswith("…\n[去办理](https://z.example/c/1/)".replace("\n", "\n" * (1 + (room > 5000))))
    send("feishu_robot", robot(world, "feishu_robot"), BIG)
    assert len(platform.asked[-1].raw) <= 20 * 1024


def test_words_of_people_become_neither_links_nor_calls_to_all(world: World, platform: FarEnd) -> None:
    evil = Message("路灯 [点我](https://x.example) <@all> **坏**", "`x` <font>", url="https://z.example/")
    send("wecom_robot", robot(world, "wecom_robot"), evil)
    said = platform.asked[0].body["markdown"]["content"]
    assert "<@" not in said
    assert "<font" not in said
    assert said.count("](") == 1
    assert said.count("**") == 2


def test_a_robot_of_dingtalk_is_signed_over_the_moment_in_the_address(world: World, platform: FarEnd) -> None:
    send("dingtalk_robot", robot(world, "dingtalk_robot", secret="SEC-abc"))
    [asked] = platform.asked
    assert asked.path == "/robot/send"
    moment = asked.query["timestamp"]
    digest = hmac.new(b"SEC-abc", f"{moment}\nSEC-abc".encode(), hashlib.sha256).digest()
    assert asked.query == {
        "access_token": "key-0123456789", "timestamp": moment, "sign": base64.b64encode(digest).decode(),
    }  # fmt: skip
    assert abs(int(moment) / 1000 - timezone.now().timestamp()) < 60
    assert asked.body["msgtype"] == "markdown"
    assert asked.body["markdown"]["title"] == "待签收：2026-1 路灯不亮"
    assert asked.body["markdown"]["text"].startswith("#### 待签收：2026-1 路灯不亮\n\n请签收。")
    assert asked.body["at"] == {"isAtAll": False}
    send("dingtalk_robot", robot(world, "dingtalk_robot"))
    assert platform.asked[-1].query == {"access_token": "key-0123456789"}


def test_a_robot_of_feishu_is_signed_over_the_moment_in_the_body(world: World, platform: FarEnd) -> None:
    platform.said = Said({"code": 0, "msg": "success", "data": {}})
    send("feishu_robot", robot(world, "feishu_robot", secret="fs-secret"))
    [asked] = platform.asked
    assert asked.path == "/open-apis/bot/v2/hook/key-0123456789"
    moment = asked.body["timestamp"]
    digest = hmac.new(f"{moment}\nfs-secret".encode(), b"", hashlib.sha256).digest()
    assert asked.body == {
        "timestamp": moment,
        "sign": base64.b64encode(digest).decode(),
        "msg_type": "post",
        "content": {
            "post": {
                "zh_cn": {
                    "title": "待签收：2026-1 路灯不亮",
                    "content": [
                        [{"tag": "text", "text": "请签收。"}],
                        [{"tag": "text", "text": "区域：平山小区"}],
                        [{"tag": "a", "text": "去办理", "href": "https://z.example/c/1/"}],
                    ],
                }
            }
        },
    }
    platform.said = Said({"StatusCode": 0, "StatusMessage": "success"})  # older servers
    assert send("feishu_robot", robot(world, "feishu_robot")).code == "0"


@pytest.fixture
def wecom(settings: LazySettings, platform: FarEnd, world: World) -> FarEnd:
    settings.WECOM_CORP_ID, settings.WECOM_AGENT_ID, settings.WECOM_SECRET = "corp", 1000002, "corp-secret"
    Address.objects.create(user=world.member, channel="wecom", value="chen")
    platform.good = "t1"  # type: ignore[attr-defined]

    def decide(asked: Any) -> Said:
        if asked.path == "/cgi-bin/gettoken":
            return Said({"errcode": 0, "access_token": platform.good, "expires_in": 7200})  # type: ignore[attr-defined]
        if asked.query["access_token"] != platform.good:  # type: ignore[attr-defined]
            return Said({"errcode": 42001, "errmsg": "access_token expired"})
        return platform.said

    platform.decide = decide
    return platform


def test_the_application_of_wecom_writes_to_one_member_with_a_token_that_is_kept(world: World, wecom: FarEnd) -> None:
    assert CHANNELS["wecom"].reaches(world.member)
    assert not CHANNELS["wecom"].reaches(world.leader)
    send("wecom", world.member)
    send("wecom", world.member)
    fetched, first, second = wecom.asked
    assert (fetched.method, fetched.query) == ("GET", {"corpid": "corp", "corpsecret": "corp-secret"})
    assert first.path == second.path == "/cgi-bin/message/send"
    assert first.query == second.query == {"access_token": "t1"}
    assert first.body == {
        "touser": "chen", "agentid": 1000002, "msgtype": "textcard", "enable_duplicate_check": 1,
        "duplicate_check_interval": 1800,
        "textcard": {
            "title": "待签收：2026-1 路灯不亮", "description": "请签收。\n区域：平山小区",
            "url": "https://z.example/c/1/", "btntxt": "去办理",
        },
    }  # fmt: skip
    send("wecom", world.member, BIG)
    card = wecom.asked[-1].body["textcard"]
    assert len(card["title"].encode()) <= 128
    assert len(card["description"].encode()) <= 512


def test_a_token_that_is_stale_is_fetched_anew_once(world: World, wecom: FarEnd) -> None:
    send("wecom", world.member)
    wecom.good = "t2"  # type: ignore[attr-defined]
    send("wecom", world.member)
    assert [asked.path.rpartition("/")[2] for asked in wecom.asked] == ["gettoken", "send", "send", "gettoken", "send"]
    kept = cache.get("token.wecom")
    assert "t2" not in kept
    wecom.said = Said({"errcode": 40014, "errmsg": "invalid access_token"})
    before = len(wecom.asked)
    assert not refusal("wecom", world.member).permanent
    assert len(wecom.asked) - before == 3  # a try, a new token, another try, and no more


def test_a_member_who_is_not_there_is_told_apart(world: World, wecom: FarEnd) -> None:
    wecom.said = Said({"errcode": 0, "errmsg": "ok", "invaliduser": "chen", "msgid": "m"})
    assert refusal("wecom", world.member).permanent


def test_the_official_account_of_wechat_fills_the_fields_of_its_template(
    world: World, settings: LazySettings, platform: FarEnd
) -> None:
    settings.WECHAT_APP_ID, settings.WECHAT_SECRET, settings.WECHAT_TEMPLATE_ID = "wx1", "wx-secret", "tpl"
    settings.WECHAT_FIELDS = (("thing1", "subject"), ("phrase2", "lead"))
    Address.objects.create(user=world.member, channel="wechat", value="openid-1")
    platform.then = [Said({"access_token": "wt", "expires_in": 7200})]
    receipt = send("wechat", world.member, Message("待签收" * 9, "请尽快签收。", url="https://z.example/"))
    fetched, asked = platform.asked
    assert fetched.path == "/cgi-bin/stable_token"
    assert fetched.body == {"grant_type": "client_credential", "appid": "wx1", "secret": "wx-secret"}
    assert (asked.path, asked.query) == ("/cgi-bin/message/template/send", {"access_token": "wt"})
    assert asked.body == {
        "touser": "openid-1", "template_id": "tpl", "url": "https://z.example/", "client_msg_id": "event7.u3.x",
        "data": {"thing1": {"value": ("待签收" * 9)[:19] + "…"}, "phrase2": {"value": "请尽快签…"}},
    }  # fmt: skip
    assert receipt.id == "m-1"


def test_a_webhook_is_signed_as_the_reference_verifies_and_tells_nothing_of_residents(
    world: World, platform: FarEnd
) -> None:
    secret = new_secret()
    system = robot(world, "webhook", address=f"{platform.url}/hook?x=1", secret=secret)
    message = Message("case.reported", "", data={"type": "case.reported", "data": {"case": {"number": "1"}}})
    send("webhook", system, message)
    [asked] = platform.asked
    assert (asked.path, asked.query) == ("/hook", {"x": "1"})
    assert asked.headers["webhook-id"] == "event7_u3_x"
    assert Reference(secret).verify(asked.raw, asked.headers) == message.data
    with pytest.raises(WebhookVerificationError):
        Reference(secret).verify(asked.raw + b" ", asked.headers)
    with pytest.raises(WebhookVerificationError):
        Reference(new_secret()).verify(asked.raw, asked.headers)


def test_while_a_secret_is_changed_both_sign(world: World, platform: FarEnd) -> None:
    old, new = new_secret(), new_secret()
    until = timezone.now() + timedelta(hours=1)
    given = {"address": platform.url, "secret": new, "old_secret": old, "old_secret_until": until}
    system = robot(world, "webhook", **given)
    send("webhook", system, Message("x", "", data={"a": 1}))
    system.old_secret_until = timezone.now() - timedelta(hours=1)
    send("webhook", system, Message("x", "", data={"a": 1}))
    both, one = platform.asked
    for secret in (old, new):
        Reference(secret).verify(both.raw, both.headers)
    Reference(new).verify(one.raw, one.headers)
    with pytest.raises(WebhookVerificationError):
        Reference(old).verify(one.raw, one.headers)


def test_short_messages_go_to_a_gateway_with_a_signature_over_moment_nonce_and_body(
    world: World, settings: LazySettings, platform: FarEnd
) -> None:
    settings.SMS_URL, settings.SMS_KEY, settings.SMS_SECRET = f"{platform.url}/sms", "k1", "sms-secret"
    platform.said = Said({"code": "0", "id": "gw-9"})
    resident = Reporter(name="王", phone="+86 138-0013-8000")
    assert CHANNELS["sms"].reaches(resident)
    assert not CHANNELS["sms"].reaches(Reporter(phone="027-88886666"))
    assert not CHANNELS["sms"].reaches(Reporter(phone="13800138000", opted_out=True))
    receipt = send("sms", resident)
    send("sms", resident)
    asked, again = platform.asked
    assert asked.body == {
        "id": "event7.u3.x", "to": "13800138000",
        "text": "【着落】待签收：2026-1 路灯不亮\n请签收。\n区域：平山小区 https://z.example/c/1/",
    }  # fmt: skip
    head = asked.headers
    signed = f"{head['x-timestamp']}\n{head['x-nonce']}\n".encode() + asked.raw
    assert head["x-signature"] == hmac.new(b"sms-secret", signed, hashlib.sha256).hexdigest()
    assert head["x-key"] == "k1"
    assert head["x-nonce"] != again.headers["x-nonce"]
    assert receipt.id == "gw-9"
    send("sms", resident, BIG)
    text = platform.asked[-1].body["text"]
    assert in_units(text) <= 335
    assert text.endswith("… https://z.example/c/1/")


def test_short_messages_can_go_to_files(world: World, settings: LazySettings, tmp_path: Path) -> None:
    settings.SMS_URL, settings.DATA_DIR = "file", tmp_path
    Address.objects.create(user=world.member, channel="sms", value="13900000001")
    assert CHANNELS["sms"].reaches(world.member)
    send("sms", world.member)
    send("sms", world.member)  # the same message again is the same file
    [file] = (tmp_path / "sms").iterdir()
    assert json.loads(file.read_text())["to"] == "13900000001"
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("channel", "answer", "verdict"),
    [
        ("wecom_robot", {"errcode": 93000, "errmsg": "invalid webhook url"}, (True, False, None)),
        ("wecom_robot", {"errcode": 45009, "errmsg": "api freq out of limit"}, (False, False, 60)),
        ("wecom_robot", {"errcode": -1, "errmsg": "system busy"}, (False, True, None)),
        ("dingtalk_robot", {"errcode": 310000, "errmsg": "sign not match"}, (False, False, None)),
        ("dingtalk_robot", {"errcode": 130101, "errmsg": "send too fast"}, (False, False, 600)),
        ("dingtalk_robot", {"errcode": 300001, "errmsg": "token is not exist"}, (True, False, None)),
        ("feishu_robot", {"code": 19021, "msg": "sign match fail"}, (False, False, None)),
        ("feishu_robot", {"code": 19001, "msg": "param invalid"}, (True, False, None)),
        ("feishu_robot", {"code": 11232, "msg": "frequency limited"}, (False, False, 60)),
    ],
)
def test_the_codes_of_each_platform_say_whether_to_try_again(
    world: World, platform: FarEnd, channel: str, answer: dict[str, Any], verdict: tuple[bool, bool, int | None]
) -> None:
    platform.said = Said(answer)
    error = refusal(channel, robot(world, channel))
    assert (error.permanent, error.away, error.retry_after, error.unknown) == (*verdict, False)
    assert error.receipt.code == str(answer.get("errcode", answer.get("code")))


def test_cutting_never_halves_a_character_or_a_link() -> None:
    for room in range(3, 40):
        text = cut("路灯坏了😀三天 abc", room)
        assert in_bytes(text) <= room
        assert text.endswith(("…", "c"))
    assert fitted(["一", "https://z.example/very/long", "三"], 10) == "一"
    assert fitted(["一二三四五六"], 10) == "一二…"
    assert plainly("https://x/a_b *c*") == "https://x/a_b ＊c＊"


def test_a_system_hears_facts_at_any_hour_and_nothing_about_the_resident(
    world: World, platform: FarEnd, settings: LazySettings
) -> None:
    settings.QUIET_HOURS = (time(0, 0), time(23, 59))
    secret = new_secret()
    given = {"address": f"{platform.url}/hook", "secret": secret, "event_types": ["case.reported", "clock.overdue"]}
    robot(world, "webhook", **given)
    case = world.report(resident=True, title="王小明家门前路灯不亮 13800138000")
    relay(now=world.now)
    deliver(now=world.now)
    [asked] = platform.asked
    said = Reference(secret).verify(asked.raw, asked.headers)
    assert said["type"] == "case.reported"
    assert said["data"]["case"] == {
        "number": case.number, "title": "王**家门前路灯不亮 138****8000", "state": "reported", "priority": "normal",
        "category": None, "team": None, "due_at": case.due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    assert said["data"]["area"]["code"] == "S1C1E1G1"
    assert not any(text in asked.raw.decode() for text in PARTICULARS)
