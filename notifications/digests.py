"""The working-day digest (每日汇总): at 08:30 one message about all that is mine, once a person and day.

The times are those of our own calendar; whoever is woken looks. The unique row of the person and day is the claim: of
any number of workers one makes it. A try that fails, and one that finds its channel shut, is repeated until noon; what
did not arrive by then, the next digest says as well.
"""

import logging
import time as clock
from collections import Counter
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from cases.models import User
from notifications import gates
from notifications.channels import CHANNELS
from notifications.channels.base import ChannelError, Message
from notifications.delivery import LEASE, fit_to_keep
from notifications.digest_words import morning_of, render_digest
from notifications.models import ChannelName, Digest, DigestState
from notifications.wishes import Wish, Wishes
from workflows.limits import default_calendar

logger = logging.getLogger(__name__)
BEGIN, END = time(8, 30), time(12)
AGAIN = timedelta(minutes=10)
AS_LETTERS = (ChannelName.EMAIL, ChannelName.WECOM)  # where there is room for a list of links
LONGEST_RUN = 45  # seconds, within the time limit of a task


def day_of(now: datetime) -> date | None:
    """The day whose digest may go out at this moment; None on days off and outside the morning."""
    local = timezone.localtime(now)
    is_time = BEGIN <= local.time() < END
    return local.date() if is_time and default_calendar().is_working_day(local.date()) else None


def send_digests(*, now: datetime) -> dict[str, int]:
    """Send those that are due; how many were sent, and how many failed for now.

    They leave through the gates like every other message: what finds its channel shut stays owed as it is.
    """
    day, done = day_of(now), Counter(digests=0)
    stop_at = clock.monotonic() + LONGEST_RUN
    closed = gates.shut(now)[0] if day else set()
    for user in _owed(day, now) if day else ():
        if clock.monotonic() > stop_at:
            break
        found = _channel_of(user)
        if found and found[0] in closed:
            continue
        row = claim(user, day, now) if day else None
        if row is None:
            continue
        outcome = _send(row, now, *found) if found else _settle(row, DigestState.NOTHING)
        done["digests"] += outcome == DigestState.SENT
        if outcome == DigestState.PENDING:
            closed = gates.shut(now)[0]
    return dict(done)


def _owed(day: date, now: datetime) -> QuerySet[User]:
    """Those who want one and have not had it, nor are being made theirs."""
    here = Digest.objects.filter(user=OuterRef("pk"), day=day)
    settled = here.exclude(state=DigestState.PENDING, next_try_at__lte=now)
    return User.objects.filter(~Exists(settled), is_active=True).exclude(rhythm__digest=False).order_by("pk")


def claim(user: User, day: date, now: datetime) -> Digest | None:
    """The row of this person and day for whoever comes first; None for everybody else."""
    try:
        with transaction.atomic():
            return Digest.objects.create(user=user, day=day, next_try_at=now + LEASE)
    except IntegrityError:
        mine = Digest.objects.filter(user=user, day=day, state=DigestState.PENDING, next_try_at__lte=now)
        taken = mine.update(attempts=F("attempts") + 1, next_try_at=now + LEASE)
        return Digest.objects.select_related("user").get(user=user, day=day) if taken else None


def _send(row: Digest, now: datetime, channel: str, wish: Wish) -> DigestState:
    """By the first channel of letters that the person has; whoever has none reads it all inside anyway."""
    try:
        morning = morning_of(row.user, now=now, language=wish.language)
        message = render_digest(morning, language=wish.language) if morning else None
    except Exception:  # one that cannot be written must not hold up the others
        logger.exception("Digest %s could not be written", row.pk)
        return _settle(row, DigestState.FAILED)
    if message is None:
        return _settle(row, DigestState.NOTHING)
    way = gates.Way(channel)
    return _hand_over(row, message, way, now) if _enter(row, way, now) else DigestState.PENDING


def _hand_over(row: Digest, message: Message, way: gates.Way, now: datetime) -> DigestState:
    key = f"digest{row.day:%Y%m%d}.u{row.user_id}.{way.channel}"
    try:
        CHANNELS[way.channel].send(message, row.user, key=key)
    except ChannelError as error:
        return _failed(row, way, error, now)
    except Exception:
        logger.exception("Digest %s could not be sent", row.pk)
        gates.untried(way)
        return _settle(row, DigestState.FAILED)
    gates.passed(way)
    return _settle(row, DigestState.SENT, sent_at=now, channel=way.channel)


@transaction.atomic
def _enter(row: Digest, way: gates.Way, now: datetime) -> bool:
    """Whether it may leave now; if not, it is owed as if nobody had claimed it."""
    if gates.enter(way, now):
        return True
    mine = Digest.objects.filter(pk=row.pk, attempts=row.attempts, state=DigestState.PENDING)
    if row.attempts == 1:
        mine.delete()
    else:
        mine.update(attempts=row.attempts - 1, next_try_at=now)
    return False


@transaction.atomic
def _failed(row: Digest, way: gates.Way, error: ChannelError, now: datetime) -> DigestState:
    logger.warning("Digest %s did not leave: %s", row.pk, type(error).__name__)
    gates.refused(way, error, fit_to_keep(row.user, str(error)), now)
    return _settle(row, DigestState.FAILED) if error.permanent else _settle(row, DigestState.PENDING, now + AGAIN)


def _channel_of(user: User) -> tuple[str, Wish] | None:
    wishes = Wishes([user.pk])
    for channel in AS_LETTERS:
        wish = wishes.of(user.pk, channel)
        if wish.on and CHANNELS[channel].reaches(user):
            return channel, wish
    return None


def _settle(
    row: Digest, state: DigestState, again: datetime | None = None, sent_at: datetime | None = None, channel: str = ""
) -> DigestState:
    mine = Digest.objects.filter(pk=row.pk, attempts=row.attempts, state=DigestState.PENDING)
    mine.update(state=state, next_try_at=again, sent_at=sent_at, channel=channel)
    return state
