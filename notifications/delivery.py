"""Deliveries go out: one at a time, tried again later when that may help, given up when it cannot.

1. Claim: lock one due row, with those that go into the same list, skipping those of others; count the attempt and move
   `next_try_at` a lease ahead; commit.
2. Send, outside any transaction: a slow server holds no lock.
3. Record what came of it, if the row is still as it was claimed.

A process that is killed between 2 and 3 leaves a row that comes due again after the lease: that one message goes out
a second time, under the same id where the channel has one. `unknown_ends` counts these, and the attempts that broke off
before the far end answered: as often may somebody have got it twice. While a far end is away, or has had as much as it
takes, its messages wait before their gate as they are.
"""

import logging
import time
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from cases.lib.bulk import update_many
from cases.lib.crypto import keyed
from cases.lib.masking import mask_text
from cases.models import Reporter, User
from cases.terms import Priority
from notifications import gates
from notifications.about import message_of
from notifications.audience import BUNDLED
from notifications.bundles import render_bundle
from notifications.channels import CHANNELS
from notifications.channels.base import ChannelError, Message, Receipt, Recipient
from notifications.channels.secrets import secrets_of
from notifications.channels.wire import scrubbed
from notifications.models import Delivery, DeliveryQuerySet, DeliveryState, NotSent, Subscriber
from notifications.payload import payload_of
from notifications.render import NotTheirs, masked
from notifications.timing import decent, is_bundled
from notifications.wishes import Wish, wish_of

logger = logging.getLogger(__name__)
BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 480))
JITTER = 0.2  # of the wait, on top: what failed together does not come back together
LEASE = timedelta(minutes=5)  # longer than a worker may run
LONGEST_BUNDLE = 500
LONGEST_RUN = 60  # seconds, well within the time limit of a task
LONGEST_ERROR = 300
NAMED = (
    "event__actor", "event__council__area", "event__case__area", "event__case__category", "event__case__team",
    "event__case__reporter",
    "recipient_user", "recipient_reporter", "recipient_subscriber", "on_behalf_of",
    "leave__user", "leave__substitute", "leave__registered_by", "leave__ended_by",
)  # fmt: skip


def deliver(*, now: datetime, limit: int = 100) -> dict[str, int]:
    """Send what is due, at most `limit`; returns how many were sent, will be retried, are dead or were cancelled.

    `duplicates_possible`: attempts of which nobody knows whether they arrived.
    """
    done: Counter[str] = Counter(sent=0, retried=0, dead=0, cancelled=0, duplicates_possible=0)
    handled, stop_at = 0, time.monotonic() + LONGEST_RUN
    while handled < limit and time.monotonic() < stop_at:
        rows, left_open = _claim(now)
        done["duplicates_possible"] += left_open
        if not rows:
            break
        with translation.override(_language(rows[0]) or settings.LANGUAGE_CODE):
            outcome, is_unknown = _attempt(rows, now)
        done[outcome] += len(rows)
        done["duplicates_possible"] += is_unknown
        handled += len(rows)
    return dict(done)


@transaction.atomic
def _claim(now: datetime) -> tuple[list[Delivery], int]:
    """The next row that is due, and with one that is read in a list those that go to the same recipient.

    Also how many of them were under way when their worker died.
    """
    while True:
        due = _before_open_gates(now)
        first = due.select_related(*NAMED).first()
        if first is None:
            return [], 0
        if gates.enter(first, now):
            break
    rows = [first]
    if first.event_id and not CHANNELS[first.channel].to_machine and is_bundled(first.event, first.recipient):
        alike = due.filter(
            recipient_user=first.recipient_user_id,
            on_behalf_of=first.on_behalf_of_id,
            recipient_subscriber=first.recipient_subscriber_id,
            channel=first.channel,
            event__type__in=BUNDLED,
        )
        others = alike.exclude(pk=first.pk).exclude(event__case__priority=Priority.CRITICAL)
        # Those that failed before go by their own count of attempts.
        rows += others.filter(attempts=first.attempts).select_related(*NAMED)[: LONGEST_BUNDLE - 1]
    left_open = sum(row.in_flight for row in rows)
    for row in rows:
        row.attempts, row.next_try_at = row.attempts + 1, now + LEASE
        row.unknown_ends, row.in_flight = row.unknown_ends + row.in_flight, True
    update_many(rows, ["attempts", "next_try_at", "in_flight", "unknown_ends"])
    return rows, left_open


def _before_open_gates(now: datetime) -> DeliveryQuerySet:
    channels, subscribers = gates.shut(now)
    due = Delivery.objects.due(now).order_by("next_try_at", "pk").select_for_update(skip_locked=True, of=("self",))
    due = due.exclude(channel__in=channels) if channels else due
    return due.exclude(recipient_subscriber__in=subscribers) if subscribers else due


def _attempt(rows: list[Delivery], now: datetime) -> tuple[str, bool]:
    """Send one message; what came of it, and whether that is unknown."""
    row = rows[0]
    channel, recipient = CHANNELS[row.channel], row.recipient
    wish = wish_of(row.recipient_user_id, row.channel)
    if not channel.reaches(recipient) or not wish.on:
        return _cancelled(rows, _why_not(recipient, wish))
    if row.attempts > len(BACK_OFF) + 1:  # its worker died at every attempt
        error = ChannelError(row.last_error or "the worker ended while sending", permanent=True)
        return _failed(rows, error, now, was_tried=False)
    try:
        receipt = channel.send(_message(rows, recipient, now), recipient, key=key_of(row))
    except NotTheirs:
        return _cancelled(rows, NotSent.NOT_THEIRS)
    except ChannelError as error:
        return _failed(rows, error, now)
    except Exception as error:  # one message that cannot be written must not hold up the others
        logger.exception("Delivery %s could not be written", row.pk)
        return _failed(rows, ChannelError(f"{type(error).__name__}: {error}", permanent=False), now, was_tried=False)
    gates.passed(row)
    answer = _answer(row, receipt)
    _record(rows, state=DeliveryState.SENT, sent_at=now, next_try_at=None, last_error="", **answer)
    return "sent", False


def _message(rows: Sequence[Delivery], recipient: Recipient, now: datetime) -> Message:
    """The words for a person or a group, the facts for a machine."""
    row, language = rows[0], _language(rows[0])
    if CHANNELS[row.channel].to_machine:
        return Message(subject=row.event.type, text="", data=payload_of(row.event))
    if len(rows) > 1:
        return render_bundle([one.event for one in rows], language=language, for_whom=row.on_behalf_of)
    return message_of(row, recipient, language=language, now=now)


def _language(row: Delivery) -> str:
    if row.recipient_subscriber:
        return row.recipient_subscriber.language
    if row.recipient_reporter:
        return row.recipient_reporter.language
    return wish_of(row.recipient_user_id, row.channel).language


def key_of(row: Delivery) -> str:
    """What makes every attempt of one message the same message."""
    kinds = (("u", row.recipient_user_id), ("r", row.recipient_reporter_id), ("s", row.recipient_subscriber_id))
    who = next(f"{letter}{key}" for letter, key in kinds if key)
    what = f"event{row.event_id}" if row.event_id else f"leave{row.leave_id}.{row.news}"
    return f"{what}.{who}.{row.channel}"


def _why_not(recipient: Recipient, wish: Wish) -> NotSent:
    if isinstance(recipient, Reporter) and recipient.opted_out:
        return NotSent.OPTED_OUT
    return NotSent.UNREACHABLE if wish.on else NotSent.SWITCHED_OFF


def _cancelled(rows: list[Delivery], why: NotSent) -> tuple[str, bool]:
    gates.untried(rows[0])
    _record(rows, state=DeliveryState.CANCELLED, next_try_at=None, not_sent=why)
    return "cancelled", False


@transaction.atomic
def _failed(rows: list[Delivery], error: ChannelError, now: datetime, *, was_tried: bool = True) -> tuple[str, bool]:
    row = rows[0]
    text = fit_to_keep(row.recipient, str(error))
    fields = _answer(row, error.receipt) | {"last_error": text, "unknown_ends": F("unknown_ends") + int(error.unknown)}
    gates.refused(row, error, text, now, was_tried=was_tried)
    if error.gone and row.recipient_subscriber_id:
        Subscriber.objects.filter(pk=row.recipient_subscriber_id).update(active=False)
        logger.warning("Subscriber %s asked not to be called again, and is switched off", row.recipient_subscriber_id)
    if error.permanent or row.attempts > len(BACK_OFF):
        logger.warning("Delivery %s is given up: %s", row.pk, text)
        _record(rows, state=DeliveryState.DEAD, next_try_at=None, **fields)
        return "dead", error.unknown
    again = max(now + wait_of(row), now + timedelta(seconds=error.retry_after or 0))
    is_critical = bool(row.event_id) and row.event.is_critical
    if not (is_critical or CHANNELS[row.channel].to_machine):
        again = decent(again, wish_of(row.recipient_user_id, row.channel).quiet)
    _record(rows, next_try_at=again, **fields)
    return "retried", error.unknown


def wait_of(row: Delivery) -> timedelta:
    """How long after its latest attempt a message is tried again: always the same for the same attempt."""
    share = int.from_bytes(keyed(f"jitter {row.pk} {row.attempts}")[:4]) / 2**32
    return BACK_OFF[row.attempts - 1] * (1 + JITTER * share)


def fit_to_keep(recipient: Recipient, text: str) -> str:
    """An error without secrets and without what tells of a resident."""
    hidden = [recipient] if isinstance(recipient, Reporter) else []
    return masked(mask_text(scrubbed(text, secrets_of(recipient))), hidden)[:LONGEST_ERROR]


def _answer(row: Delivery, receipt: Receipt) -> dict[str, Any]:
    """What the far end answered, as it is kept."""
    secrets = secrets_of(row.recipient) if receipt.id or receipt.code else ()
    return {
        "answer_status": receipt.status,
        "answer_code": scrubbed(receipt.code, secrets)[:40],
        "answer_id": scrubbed(receipt.id, secrets)[:100],
    }


def _record(rows: list[Delivery], **fields: Any) -> None:
    """What came of an attempt, on every row that is still as it was claimed: they have had the same attempts."""
    keys, attempts = [row.pk for row in rows], rows[0].attempts
    still = Delivery.objects.filter(pk__in=keys, state=DeliveryState.PENDING, attempts=attempts)
    still.update(in_flight=False, **fields)


@transaction.atomic
def resend(*, delivery_id: int, actor: User, now: datetime) -> Delivery:
    """Owe a message again that was given up; its attempts start anew. Raises PermissionDenied, ValidationError."""
    rows = Delivery.objects.overseen_by(actor).select_for_update(of=("self",))
    row = rows.filter(pk=delivery_id).first()
    if row is None:
        raise PermissionDenied("resend")
    if row.state != DeliveryState.DEAD:
        raise ValidationError(_("该消息已不在未送达之列，可能已有人重发。"))
    row.state, row.attempts, row.next_try_at = DeliveryState.PENDING, 0, now
    row.save(update_fields=["state", "attempts", "next_try_at"])
    logger.info("Delivery %s is owed again, says user %s", row.pk, actor.pk)
    return row


def resend_all(*, ids: Collection[int] | None = None, channel: str = "", actor: User | None, now: datetime) -> int:
    """Owe everything again that was given up, or some of it; without an actor, for the command line."""
    rows = (Delivery.objects.overseen_by(actor) if actor else Delivery.objects.all()).dead()
    rows = rows if ids is None else rows.filter(pk__in=ids)
    rows = rows.filter(channel=channel) if channel else rows
    keys = list(rows.values_list("pk", flat=True))
    count = Delivery.objects.dead().filter(pk__in=keys).update(state=DeliveryState.PENDING, attempts=0, next_try_at=now)
    who = f"user {actor.pk}" if actor else "the command line"
    logger.info("%s deliveries of %s are owed again, says %s", count, channel or "all channels", who)
    return count
