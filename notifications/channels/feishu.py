"""Feishu (飞书): the robot of a group, with a signature over the moment in the body."""

import base64
import hashlib
import hmac
import time
from typing import Any, ClassVar

from django.conf import settings

from notifications.channels.base import Message, Rate, Receipt, Recipient, cut, fitted, listens, subscriber
from notifications.channels.wire import Verdicts, judged, post
from notifications.models import ChannelName

LONGEST = 8000  # bytes of words: the platform takes 20 KB of the body
TITLE = 200
# 19001, 19005: no such robot; 19002, 9499: the message is malformed.
VERDICTS = Verdicts(
    for_good=frozenset({"9499", "19001", "19002", "19005"}),
    too_many=frozenset({"9429", "11232", "11233", "11247", "99991400"}),
    away=frozenset({"-1", "10003"}),
)


class FeishuRobot:
    """A group by its robot: 100 messages a minute, and no more than 5 a second."""

    name: ClassVar[str] = ChannelName.FEISHU_ROBOT.value
    at_once: ClassVar[bool] = False
    to_machine: ClassVar[bool] = False
    rate: ClassVar[Rate | None] = Rate(100, burst=4)

    def reaches(self, recipient: Recipient) -> bool:
        """Robots of this platform that are switched on."""
        return listens(recipient, self.name)

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:  # noqa: ARG002  # it takes no id
        """Rich text: a title, a paragraph a line, the link."""
        robot = subscriber(recipient)
        body: dict[str, Any] = {"msg_type": "post", "content": {"post": {"zh_cn": post_of(message)}}}
        if robot.secret:
            moment = str(int(time.time()))
            body |= {"timestamp": moment, "sign": signature(robot.secret, moment)}
        answer = post(f"{settings.FEISHU_BASE_URL}/open-apis/bot/v2/hook/{robot.address}", body, guarded=False)
        said = answer.json()
        code = str(said.get("code", said.get("StatusCode", "")))  # older servers say it in the other word
        return judged(answer, code, VERDICTS, words=str(said.get("msg", "")))


def post_of(message: Message) -> dict[str, Any]:
    """Tags of their own for words and links: what comes from people cannot become either."""
    words = fitted(message.lines, LONGEST).splitlines()
    content = [[{"tag": "text", "text": line}] for line in words]
    if message.url:
        content.append([{"tag": "a", "text": message.button, "href": message.url}])
    return {"title": cut(message.subject, TITLE), "content": content}


def signature(secret: str, moment: str) -> str:
    """Base64 of HMAC-SHA256 of nothing; the key is the moment and the secret, a line each."""
    digest = hmac.new(f"{moment}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
