"""Webhooks: events to systems of others, signed as Standard Webhooks says, never into our own net."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import ClassVar

from notifications.channels.base import Message, Rate, Receipt, Recipient, listens, subscriber
from notifications.channels.wire import post
from notifications.models import ChannelName

PREFIX = "whsec_"


class Webhook:
    """A system that listens, by its address."""

    name: ClassVar[str] = ChannelName.WEBHOOK.value
    at_once: ClassVar[bool] = False
    to_machine: ClassVar[bool] = True
    rate: ClassVar[Rate | None] = Rate(300)

    def reaches(self, recipient: Recipient) -> bool:
        """Systems that are switched on."""
        return listens(recipient, self.name)

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:
        """The facts as JSON; `webhook-id` is the same for every attempt, the timestamp that of this one."""
        system = subscriber(recipient)
        body = json.dumps(message.data, ensure_ascii=False).encode()
        moment = int(time.time())
        keys = [system.secret]
        if system.old_secret and system.old_secret_until and system.old_secret_until.timestamp() > moment:
            keys.append(system.old_secret)
        id_ = key.replace(".", "_")  # the full stop parts what is signed
        signatures = " ".join(signature(secret, id_, moment, body) for secret in keys)
        headers = {"webhook-id": id_, "webhook-timestamp": str(moment), "webhook-signature": signatures}
        answer = post(system.address, body, headers=headers, guarded=True)
        return Receipt(answer.status)


def signature(secret: str, id_: str, moment: int, body: bytes) -> str:
    """Version 1: base64 of HMAC-SHA256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{id_}.{moment}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def new_secret() -> str:
    """A fresh key of 32 bytes, as both sides write it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
