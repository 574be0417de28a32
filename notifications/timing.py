"""When a message may leave: at a decent hour, and in company."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from cases.models import CaseEvent, Reporter
from notifications.audience import BUNDLED
from notifications.channels.base import Recipient

COMPANY = timedelta(minutes=5)  # what comes within it goes out together


def send_at(event: CaseEvent, recipient: Recipient, now: datetime) -> datetime:
    """When a message is to be sent that is owed at `now`: a critical one at once, whatever the hour."""
    if event.is_critical:
        return now
    return decent(in_company(now) if is_bundled(event, recipient) else now)


def is_bundled(event: CaseEvent, recipient: Recipient) -> bool:
    """Whether a colleague reads it in a list with others of its kind; critical matters stand alone."""
    is_staff = not isinstance(recipient, Reporter)
    return is_staff and event.type in BUNDLED and not event.is_critical


def in_company(now: datetime) -> datetime:
    """The end of the five minutes in which `now` lies."""
    seconds = COMPANY.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, now.tzinfo)


def decent(moment: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours in which it lies: [begin, end) on the clock of the office."""
    if settings.QUIET_HOURS is None:
        return moment
    begin, end = settings.QUIET_HOURS
    local = timezone.localtime(moment)
    if not _lies_within(local.time(), begin, end):
        return moment
    day = local.date() + timedelta(days=1 if local.time() >= end else 0)
    return datetime.combine(day, end, local.tzinfo)


def _lies_within(at: time, begin: time, end: time) -> bool:
    return begin <= at < end if begin < end else at >= begin or at < end
