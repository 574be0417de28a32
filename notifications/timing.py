"""When a message may leave: at a decent hour, in company, or not by itself at all: then the digest tells it."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from cases.models import CaseEvent, Reporter
from cases.terms import EventType
from notifications.audience import BUNDLED
from notifications.channels.base import Recipient
from notifications.models import Pace
from notifications.wishes import Hours, Wish

COMPANY = timedelta(minutes=5)  # what comes within it goes out together
# The digest of the next morning may come after it: who set out for a meeting that is off has lost the way.
SHORT_NOTICE = frozenset({EventType.MEETING_MOVED, EventType.MEETING_CONVENED})


def send_at(event: CaseEvent, recipient: Recipient, *, asked: bool, wish: Wish, now: datetime) -> datetime | None:
    """When a message that is owed at `now` is to be sent; None when it is left to the digest.

    1. What is critical goes at once, whatever the hour.
    2. The digest takes all of it, or what asks nothing of the person, as they wish; not what is of short notice.
    3. How limits stand goes in company, at the next five minutes.
    4. What would leave in quiet hours waits for their end.
    """
    if event.is_critical:
        return now
    if not isinstance(recipient, Reporter) and in_digest(event, asked=asked, wish=wish):
        return None
    return decent(in_company(now) if is_bundled(event, recipient) else now, wish.quiet)


def in_digest(event: CaseEvent, *, asked: bool, wish: Wish) -> bool:
    """Whether a colleague reads of it in the digest only; who wants no digest is told of everything at once."""
    if not wish.digest or event.type in SHORT_NOTICE:
        return False
    return wish.pace == Pace.DIGEST or (wish.pace == Pace.CALM and not asked)


def is_bundled(event: CaseEvent, recipient: Recipient) -> bool:
    """Whether a colleague reads it in a list with others of its kind; critical matters stand alone."""
    is_staff = not isinstance(recipient, Reporter)
    return is_staff and event.type in BUNDLED and not event.is_critical


def in_company(now: datetime) -> datetime:
    """The end of the five minutes in which `now` lies."""
    seconds = COMPANY.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, now.tzinfo)


def decent(moment: datetime, quiet: Hours | None) -> datetime:
    """The moment itself, or the end of the quiet hours in which it lies: [begin, end) on the clock of the office."""
    if quiet is None:
        return moment
    begin, end = quiet
    local = timezone.localtime(moment)
    if not _lies_within(local.time(), begin, end):
        return moment
    day = local.date() + timedelta(days=1 if local.time() >= end else 0)
    return datetime.combine(day, end, local.tzinfo)


def _lies_within(at: time, begin: time, end: time) -> bool:
    return begin <= at < end if begin < end else at >= begin or at < end
