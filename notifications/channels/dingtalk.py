"""DingTalk (钉钉): the robot of a group, with a signature over the moment in the address."""

import base64
import hashlib
import hmac
import time
from typing import ClassVar
from urllib.parse import urlencode

from django.conf import settings

from notifications.channels.base import (
    Message,
    Rate,
    Receipt,
    Recipient,
    cut,
    fitted,
    in_bytes,
    listens,
    plainly,
    subscriber,
)
from notifications.channels.wire import Verdicts, judged, post
from notifications.models import ChannelName

LONGEST = 5000  # bytes of the text: the platform takes 20,000 of the body, nobody reads them
TITLE = 120  # bytes: it stands in the list of talks
# 300001, 300005: no such robot; 400013: the group was dissolved; 430101 and the like: words that are not allowed.
VERDICTS = Verdicts(
    for_good=frozenset({"40035", "300001", "300005", "400013", "400101", "430101", "430102", "430103", "430104"}),
    too_many=frozenset({"130101", "130102", "410100", "660026"}),
    away=frozenset({"-1"}),
    pause=600,  # who is too fast is not heard for ten minutes
)


class DingtalkRobot:
    """A group by its robot: 20 messages a minute."""

    name: ClassVar[str] = ChannelName.DINGTALK_ROBOT.value
    at_once: ClassVar[bool] = False
    to_machine: ClassVar[bool] = False
    rate: ClassVar[Rate | None] = Rate(20)

    def reaches(self, recipient: Recipient) -> bool:
        """Robots of this platform that are switched on."""
        return listens(recipient, self.name)

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:  # noqa: ARG002  # it takes no id
        """Markdown: the subject, what there is to read, the link."""
        robot = subscriber(recipient)
        query = {"access_token": robot.address}
        if robot.secret:
            moment = str(int(time.time() * 1000))
            query |= {"timestamp": moment, "sign": signature(robot.secret, moment)}
        body = {
            "msgtype": "markdown",
            "markdown": {"title": cut(plainly(message.subject), TITLE), "text": _text(message)},
            "at": {"isAtAll": False},
        }
        answer = post(f"{settings.DINGTALK_BASE_URL}/robot/send?{urlencode(query)}", body, guarded=False)
        said = answer.json()
        return judged(answer, str(said.get("errcode", "")), VERDICTS, words=str(said.get("errmsg", "")))


def _text(message: Message) -> str:
    """Paragraphs, for a single line break is none here."""
    head = f"#### {plainly(message.subject)}\n\n"
    link = f"\n\n[{plainly(message.button)}]({message.url})" if message.url else ""
    words = fitted([plainly(line) for line in message.lines], LONGEST - in_bytes(head + link))
    return head + words.replace("\n", "\n\n") + link


def signature(secret: str, moment: str) -> str:
    """Base64 of HMAC-SHA256 of the moment and the secret, a line each, under the secret."""
    digest = hmac.new(secret.encode(), f"{moment}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
