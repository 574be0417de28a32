"""What an administrator does with robots, systems and the addresses of colleagues: set up, change, try out."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from cases.lib.masking import mask_text
from cases.models import User
from cases.terms import Role
from notifications import gates
from notifications.channels import CHANNELS
from notifications.channels.base import ChannelError, Recipient
from notifications.channels.secrets import secrets_of
from notifications.channels.webhook import new_secret
from notifications.channels.wire import scrubbed
from notifications.models import ChannelName, Subscriber
from notifications.standing_words import TRIAL
from notifications.texts import stood

logger = logging.getLogger(__name__)
BOTH_SIGN_FOR = timedelta(days=1)
CHANGED = ("name", "area", "team", "event_types", "language", "active", "address", "secret")


@dataclass(frozen=True)
class Outcome:
    """What came of a message that was sent to try a channel, in words."""

    arrived: bool
    words: str


def may_manage(viewer: User) -> bool:
    """Whether the person sets up where messages go."""
    return viewer.grants().has(Role.ADMINISTRATOR)


def save_subscriber(*, subscriber: Subscriber, given: dict[str, Any], actor: User, now: datetime) -> str:
    """A new robot or system, or a changed one; what is not given stays. Returns the secret that was made, once."""
    if not may_manage(actor):
        raise PermissionDenied("save_subscriber")
    for name in CHANGED:
        if name in given:
            setattr(subscriber, name, given[name])
    made = ""
    if subscriber._state.adding:
        subscriber.created_by, subscriber.created_at = actor, now
        if subscriber.channel == ChannelName.WEBHOOK:
            made = subscriber.secret = new_secret()
    subscriber.save()
    logger.info("Subscriber %s was saved by user %s", subscriber.pk, actor.pk)
    return made


def change_secret(*, subscriber: Subscriber, actor: User, now: datetime) -> str:
    """A new secret of a system, shown once; the old one signs beside it for a day, so that nothing is refused."""
    if not may_manage(actor) or subscriber.channel != ChannelName.WEBHOOK:
        raise PermissionDenied("change_secret")
    subscriber.old_secret, subscriber.old_secret_until = subscriber.secret, now + BOTH_SIGN_FOR
    subscriber.secret = new_secret()
    subscriber.save(update_fields=["secret", "old_secret", "old_secret_until"])
    logger.info("The secret of subscriber %s was changed by user %s", subscriber.pk, actor.pk)
    return str(subscriber.secret)


def try_out(*, channel: str, recipient: Recipient, actor: User, now: datetime) -> Outcome:
    """Send a message that says that it is a trial; one that arrives opens the gate of a far end that was away."""
    if not may_manage(actor):
        raise PermissionDenied("try_out")
    if not CHANNELS[channel].reaches(recipient):
        return Outcome(arrived=False, words=_("没有发送：渠道没有配置好，或已停用，或号码不对。"))
    moment = now.astimezone().isoformat(timespec="seconds")
    with translation.override(getattr(recipient, "language", "") or settings.LANGUAGE_CODE):
        words = stood(TRIAL, {"url": settings.BASE_URL + reverse("notifications:messages")})
    message = replace(words, data={"type": "test", "timestamp": moment, "data": {"words": "test"}})
    try:
        receipt = CHANNELS[channel].send(message, recipient, key=f"test.{channel}.{int(now.timestamp())}")
    except ChannelError as error:
        reason = mask_text(scrubbed(str(error), secrets_of(recipient)))
        return Outcome(arrived=False, words=f"{_kind(error)}（{reason}）")
    gates.passed(gates.Way(channel, recipient.pk if isinstance(recipient, Subscriber) else None))
    said = " ".join(str(part) for part in (receipt.status, receipt.code) if part)
    return Outcome(arrived=True, words=_("已送达，对方答复：%(said)s") % {"said": said or _("收到")})


def _kind(error: ChannelError) -> str:
    if error.retry_after:
        return _("没有送达：对方嫌发得太快，请过几分钟再试。")
    if error.unknown:
        return _("不知道是否送达：发出后连接中断，或答复看不懂。请到对方那里看一看。")
    if error.away:
        return _("没有送达：对方连不上，或它自己出了故障。")
    if error.permanent:
        return _("没有送达：对方拒收，请核对地址和内容。")
    return _("没有送达：请核对密钥、关键词和 IP 白名单等设置。")
