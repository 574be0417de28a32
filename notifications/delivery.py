"""Deliveries go out: one at a time, tried again later when that may help, given up when it cannot.

1. Claim: lock one due row, with those that go into the same list, skipping those of others; count the attempt and move
   `next_try_at` a lease ahead; commit.
2. Send, outside any transaction: a slow server holds no lock.
3. Record what came of it, if the row is still as it was claimed.

A process that is killed between 2 and 3 leaves a row that comes due again after the lease: that one message goes out
a second time. For e-mail both copies have the same Message-ID.
"""

import logging
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.lib.bulk import update_many
from cases.lib.masking import mask_text
from cases.models import Reporter, User
from cases.terms import Priority
from notifications.audience import BUNDLED
from notifications.bundles import render_bundle
from notifications.channels import CHANNELS
from notifications.channels.base import ChannelError
from notifications.models import Delivery, DeliveryState
from notifications.render import NotTheirs, masked, render
from notifications.timing import decent, is_bundled
from notifications.wishes import wish_of

logger = logging.getLogger(__name__)
BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 480))
LEASE = timedelta(minutes=5)  # longer than a worker may run
FAILURES_IN_A_ROW = 3  # then the server is away: the others keep their attempts
LONGEST_BUNDLE = 500
LONGEST_RUN = 60  # seconds, well within the time limit of a task
LONGEST_ERROR = 300
NAMED = (
    "event__actor", "event__council__area", "event__case__area", "event__case__category", "event__case__team",
    "event__case__reporter",
    "recipient_user", "recipient_reporter", "on_behalf_of",
)  # fmt: skip


def deliver(*, now: datetime, limit: int = 100) -> dict[str, int]:
    """Send what is due, at most `limit`; returns how many were sent, will be retried, are dead or were cancelled."""
    done: Counter[str] = Counter(sent=0, retried=0, dead=0, cancelled=0)
    failed, stop_at = 0, time.monotonic() + LONGEST_RUN
    while done.total() < limit and failed < FAILURES_IN_A_ROW and time.monotonic() < stop_at:
        rows = _claim(now)
        if not rows:
            break
        outcome = _attempt(rows, now)
        done[outcome] += len(rows)
        failed = failed + 1 if outcome == "retried" else 0
    return dict(done)


@transaction.atomic
def _claim(now: datetime) -> list[Delivery]:
    """The next row that is due, and with one that is read in a list those that go to the same person."""
    due = Delivery.objects.due(now).order_by("next_try_at", "pk").select_for_update(skip_locked=True, of=("self",))
    first = due.select_related(*NAMED).first()
    if first is None:
        return []
    rows = [first]
    if is_bundled(first.event, first.recipient):
        alike = due.filter(recipient_user=first.recipient_user_id, channel=first.channel, event__type__in=BUNDLED)
        alike = alike.filter(on_behalf_of=first.on_behalf_of_id)
        others = alike.exclude(pk=first.pk).exclude(event__case__priority=Priority.CRITICAL)
        # Those that failed before go by their own count of attempts.
        rows += others.filter(attempts=first.attempts).select_related(*NAMED)[: LONGEST_BUNDLE - 1]
    for row in rows:
        row.attempts, row.next_try_at = row.attempts + 1, now + LEASE
    update_many(rows, ["attempts", "next_try_at"])
    return rows


def _attempt(rows: list[Delivery], now: datetime) -> str:
    row = rows[0]
    channel, recipient = CHANNELS[row.channel], row.recipient
    wish = wish_of(row.recipient_user_id, row.channel)
    if not channel.reaches(recipient) or not wish.on:
        return _record(rows, "cancelled", state=DeliveryState.CANCELLED, next_try_at=None)
    if row.attempts > len(BACK_OFF) + 1:  # its worker died at every attempt
        return _failed(rows, ChannelError(row.last_error or "the worker ended while sending", permanent=True), now)
    try:
        if len(rows) == 1:
            message = render(row.event, recipient, language=wish.language, now=now, for_whom=row.on_behalf_of)
        else:
            message = render_bundle([one.event for one in rows], language=wish.language, for_whom=row.on_behalf_of)
        channel.send(message, recipient, key=key_of(row))
    except NotTheirs:
        return _record(rows, "cancelled", state=DeliveryState.CANCELLED, next_try_at=None)
    except ChannelError as error:
        return _failed(rows, error, now)
    except Exception as error:  # one message that cannot be written must not hold up the others
        logger.exception("Delivery %s could not be written", row.pk)
        return _failed(rows, ChannelError(f"{type(error).__name__}: {error}", permanent=False), now)
    return _record(rows, "sent", state=DeliveryState.SENT, sent_at=now, next_try_at=None, last_error="")


def key_of(row: Delivery) -> str:
    """What makes every attempt of one message the same message."""
    who = f"u{row.recipient_user_id}" if row.recipient_user_id else f"r{row.recipient_reporter_id}"
    return f"event{row.event_id}.{who}.{row.channel}"


def _failed(rows: list[Delivery], error: ChannelError, now: datetime) -> str:
    row = rows[0]
    hidden = [row.recipient] if isinstance(row.recipient, Reporter) else []
    text = masked(mask_text(str(error)), hidden)[:LONGEST_ERROR]
    if error.permanent or row.attempts > len(BACK_OFF):
        logger.warning("Delivery %s is given up: %s", row.pk, text)
        return _record(rows, "dead", state=DeliveryState.DEAD, next_try_at=None, last_error=text)
    again = now + BACK_OFF[row.attempts - 1]
    if not row.event.is_critical:
        again = decent(again, wish_of(row.recipient_user_id, row.channel).quiet)
    return _record(rows, "retried", next_try_at=again, last_error=text)


def _record(rows: list[Delivery], outcome: str, **fields: Any) -> str:
    """What came of an attempt, on every row that is still as it was claimed: they have had the same attempts."""
    keys, attempts = [row.pk for row in rows], rows[0].attempts
    Delivery.objects.filter(pk__in=keys, state=DeliveryState.PENDING, attempts=attempts).update(**fields)
    return outcome


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
