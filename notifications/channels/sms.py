"""Short messages: to files on a machine without a gateway, else by signed HTTP to the one that is a setting.

The request: POST {"id", "to", "text"} as JSON with the headers X-Key, X-Timestamp (seconds), X-Nonce and X-Signature,
the hex of HMAC-SHA256 under ZHUOLUO_SMS_SECRET of timestamp, nonce and body, a line each. `id` is the same for every
attempt of one message. The answer: {"code": "0", "id": …}, any other code refuses.
"""

import hashlib
import hmac
import json
import secrets
import time
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from cases.lib.crypto import is_mobile, normal_phone
from cases.models import Reporter
from notifications.channels.base import (
    Message,
    Rate,
    Receipt,
    Recipient,
    fitted,
    in_units,
    kept_address,
    wants,
)
from notifications.channels.wire import Verdicts, judged, post
from notifications.models import ChannelName

LONGEST = 335  # five parts of 67 units: longer ones are paid for and not read
VERDICTS = Verdicts(for_good=frozenset({"invalid_number", "blocked", "invalid_text"}), too_many=frozenset({"too_many"}))


class Sms:
    """For colleagues with a number on file, and residents who left one and are to be answered by message."""

    name: ClassVar[str] = ChannelName.SMS.value
    at_once: ClassVar[bool] = False
    to_machine: ClassVar[bool] = False
    rate: ClassVar[Rate | None] = Rate(600)

    def reaches(self, recipient: Recipient) -> bool:
        """Only where a way to send is set up."""
        return bool(settings.SMS_URL) and bool(mobile_of(recipient))

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:
        """By the way that ZHUOLUO_SMS_URL names."""
        text = words_of(message)
        if settings.SMS_URL == "file":
            return _to_file(settings.DATA_DIR / "sms", mobile_of(recipient), text, key)
        return _to_gateway(mobile_of(recipient), text, key)


def mobile_of(recipient: Recipient) -> str:
    """A mobile number of this country; a landline takes no short messages."""
    if isinstance(recipient, Reporter):
        number = recipient.phone if wants(recipient) else ""
    else:
        number = kept_address(recipient, ChannelName.SMS)
    return normal_phone(number) if is_mobile(number) else ""


def words_of(message: Message) -> str:
    """Who writes, what it is, what to do, and the link, within five parts."""
    head, link = f"【{settings.SMS_SIGNATURE}】", f" {message.url}" if message.url else ""
    room = LONGEST - in_units(head) - in_units(link)
    return head + fitted([message.subject, *message.lines], room, in_units) + link


def _to_file(folder: Path, number: str, text: str, key: str) -> Receipt:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{key}.json"  # every attempt of one message is one file
    file.touch(mode=0o600)
    file.write_text(json.dumps({"id": key, "to": number, "text": text}, ensure_ascii=False), encoding="utf-8")
    return Receipt(id=key)


def _to_gateway(number: str, text: str, key: str) -> Receipt:
    body = json.dumps({"id": key, "to": number, "text": text}, ensure_ascii=False).encode()
    headers = signed(body, timestamp=str(int(time.time())), nonce=secrets.token_hex(16))
    answer = post(settings.SMS_URL, body, headers=headers, guarded=False)
    said = answer.json()
    words, id_ = str(said.get("message", "")), str(said.get("id", ""))
    return judged(answer, str(said.get("code", "")), VERDICTS, words=words, id_=id_)


def signed(body: bytes, *, timestamp: str, nonce: str) -> dict[str, str]:
    """The headers by which the gateway knows us, and a repeated or changed request."""
    text = f"{timestamp}\n{nonce}\n".encode() + body
    signature = hmac.new(settings.SMS_SECRET.encode(), text, hashlib.sha256).hexdigest()
    return {"X-Key": settings.SMS_KEY, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}
