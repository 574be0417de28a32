"""WeChat (微信公众号): template messages of an official account to those whose openid is on file."""

import re
from typing import Any, ClassVar

from django.conf import settings

from notifications.channels.base import Message, Rate, Receipt, Recipient, cut, kept_address
from notifications.channels.tokens import Fetched, with_token
from notifications.channels.wire import Answer, Verdicts, judged, post
from notifications.models import ChannelName

# What the fields of a template take, by the word that their names begin with; the platform counts characters.
LONGEST = {"thing": 20, "const": 20, "phrase": 5, "character_string": 32, "short_thing": 5, "name": 10}
STALE = frozenset({40001, 40014, 42001})
# 40003: no such follower; 40037, 47003: the template is another; 43004, 43019: does not follow any more.
VERDICTS = Verdicts(
    for_good=frozenset({"40003", "40037", "41028", "41030", "43004", "43019", "47003"}),
    too_many=frozenset({"45009", "45011", "45047"}),
    away=frozenset({"-1"}),
)


class Wechat:
    """A colleague who follows the official account."""

    name: ClassVar[str] = ChannelName.WECHAT.value
    at_once: ClassVar[bool] = False
    to_machine: ClassVar[bool] = False
    rate: ClassVar[Rate | None] = Rate(600)

    def reaches(self, recipient: Recipient) -> bool:
        """Only where account and template are set up."""
        is_set_up = settings.WECHAT_APP_ID and settings.WECHAT_TEMPLATE_ID
        return bool(is_set_up) and bool(kept_address(recipient, self.name))

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:
        """The fields of the template; the platform drops a second message of the same id."""
        body = {
            "touser": kept_address(recipient, self.name),
            "template_id": settings.WECHAT_TEMPLATE_ID,
            "client_msg_id": key[:32],
            "data": fields_of(message),
        }
        if message.url:
            body["url"] = message.url
        answer = with_token("wechat", _fetch, lambda token: _send(token, body), _is_stale)
        return _verdict(answer)


def fields_of(message: Message) -> dict[str, dict[str, str]]:
    """What the setting says that each field shows: subject, lead or url; cut to what the field takes."""
    words = {"subject": message.subject, "lead": message.lead, "url": message.url}
    found = {}
    for name, what in settings.WECHAT_FIELDS:
        text = " ".join(words[what].split())
        room = LONGEST.get(re.sub(r"\d+$", "", name))
        found[name] = {"value": cut(text, room, len) if room else text}
    return found


def _send(token: str, body: dict[str, Any]) -> Answer:
    url = f"{settings.WECHAT_BASE_URL}/cgi-bin/message/template/send?access_token={token}"
    return post(url, body, guarded=False)


def _is_stale(answer: Answer) -> bool:
    return answer.json().get("errcode") in STALE


def _fetch() -> Fetched:
    """The stable token: fetching it does not end the one that another program of the office uses."""
    body = {
        "grant_type": "client_credential",
        "appid": settings.WECHAT_APP_ID,
        "secret": settings.WECHAT_SECRET,
    }
    answer = post(f"{settings.WECHAT_BASE_URL}/cgi-bin/stable_token", body, guarded=False)
    said = answer.json()
    if "access_token" not in said:
        _verdict(answer)
    return str(said.get("access_token", "")), int(said.get("expires_in", 0))


def _verdict(answer: Answer) -> Receipt:
    said = answer.json()
    code, id_ = str(said.get("errcode", "")), str(said.get("msgid", ""))
    return judged(answer, code, VERDICTS, words=str(said.get("errmsg", "")), id_=id_)
