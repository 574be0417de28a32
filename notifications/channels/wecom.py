"""WeCom (企业微信): the robot of a group by its key, and messages of an application to one member by a token."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings

from notifications.channels.base import (
    ChannelError,
    Message,
    Rate,
    Receipt,
    Recipient,
    cut,
    fitted,
    in_bytes,
    kept_address,
    listens,
    plainly,
    subscriber,
)
from notifications.channels.tokens import Fetched, with_token
from notifications.channels.wire import Answer, Verdicts, get, judged, post
from notifications.models import ChannelName

ROBOT_MARKDOWN = 4096  # bytes
CARD_TITLE, CARD_WORDS, TEXT = 128, 512, 2048  # bytes
STALE = frozenset({40014, 42001})
NOBODY_THERE = "81013"
# 40058 and the like: the message is malformed; 60111, 81013: no such member; 93000, 93008: no such robot.
VERDICTS = Verdicts(
    for_good=frozenset({"40008", "40058", "44004", "45002", "46004", "60111", NOBODY_THERE, "93000", "93008"}),
    too_many=frozenset({"45009", "45033", "45047"}),
    away=frozenset({"-1"}),
)


class WecomRobot:
    """A group by its robot: 20 messages a minute."""

    name: ClassVar[str] = ChannelName.WECOM_ROBOT.value
    at_once: ClassVar[bool] = False
    to_machine: ClassVar[bool] = False
    rate: ClassVar[Rate | None] = Rate(20)

    def reaches(self, recipient: Recipient) -> bool:
        """Robots of this platform that are switched on."""
        return listens(recipient, self.name)

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:  # noqa: ARG002  # it takes no id
        """Markdown: the subject, what there is to read, the link."""
        robot = subscriber(recipient)
        address = f"{settings.WECOM_BASE_URL}/cgi-bin/webhook/send?{urlencode({'key': robot.address})}"
        body = {"msgtype": "markdown", "markdown": {"content": markdown_of(message, ROBOT_MARKDOWN)}}
        return _verdict(post(address, body, guarded=False))


class Wecom:
    """A colleague by their account, from the application that the settings name."""

    name: ClassVar[str] = ChannelName.WECOM.value
    at_once: ClassVar[bool] = False
    to_machine: ClassVar[bool] = False
    rate: ClassVar[Rate | None] = Rate(600)

    def reaches(self, recipient: Recipient) -> bool:
        """Only where the application is set up."""
        return bool(settings.WECOM_CORP_ID) and bool(kept_address(recipient, self.name))

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:  # noqa: ARG002  # it takes no id
        """A card with a link, or plain text without one; the platform drops a second copy of the same."""
        body = {
            "touser": kept_address(recipient, self.name),
            "agentid": settings.WECOM_AGENT_ID,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 1800,
            **(_card(message) if message.url else _text(message)),
        }
        answer = with_token("wecom", _fetch, lambda token: _send(token, body), _is_stale)
        if answer.json().get("invaliduser") or answer.json().get("unlicenseduser"):
            receipt = Receipt(answer.status, NOBODY_THERE)
            raise ChannelError(
                "no such member, or one that may not use the application", permanent=True, receipt=receipt
            )
        return _verdict(answer)


def markdown_of(message: Message, room: int) -> str:
    """In the few marks that the platform knows; what comes from people has none."""
    link = f"\n[{plainly(message.button)}]({message.url})" if message.url else ""
    head = f"**{plainly(message.subject)}**\n"
    return head + fitted([plainly(line) for line in message.lines], room - in_bytes(head + link)) + link


def _card(message: Message) -> dict[str, Any]:
    card = {"title": cut(message.subject, CARD_TITLE), "url": message.url, "btntxt": message.button}
    words = fitted(message.lines, CARD_WORDS) or message.subject
    return {"msgtype": "textcard", "textcard": card | {"description": cut(words, CARD_WORDS)}}


def _text(message: Message) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": fitted([message.subject, *message.lines], TEXT)}}


def _send(token: str, body: dict[str, Any]) -> Answer:
    return post(f"{settings.WECOM_BASE_URL}/cgi-bin/message/send?access_token={token}", body, guarded=False)


def _is_stale(answer: Answer) -> bool:
    return answer.json().get("errcode") in STALE


def _fetch() -> Fetched:
    asked = urlencode({"corpid": settings.WECOM_CORP_ID, "corpsecret": settings.WECOM_SECRET})
    answer = get(f"{settings.WECOM_BASE_URL}/cgi-bin/gettoken?{asked}")
    _verdict(answer)
    said = answer.json()
    return str(said.get("access_token", "")), int(said.get("expires_in", 0))


def _verdict(answer: Answer) -> Receipt:
    said = answer.json()
    code, id_ = str(said.get("errcode", "")), str(said.get("msgid", ""))
    return judged(answer, code, VERDICTS, words=str(said.get("errmsg", "")), id_=id_)
