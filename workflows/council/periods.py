"""How long a notice hangs: days counted from the day after it was posted (Civil Code art. 201), to the last second."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from cases.models import Decision, RulePack
from workflows import limits
from workflows.council.packs import rules_of
from workflows.polling.rules import Publish

LAST_SECOND = time(23, 59, 59)
WORKING = "working"


def end_after(at: datetime, days: int, calendar: str) -> datetime:
    """The end of the n-th day after the day of `at`, of working days where the rules count those; `at` for none."""
    if days == 0:
        return at
    zone = timezone.get_default_timezone()
    if calendar == WORKING:
        last = limits.default_calendar().add_days(at, days).astimezone(zone).date()
    else:
        last = timezone.localdate(at, zone) + timedelta(days=days)
    return datetime.combine(last, LAST_SECOND, zone)


def pack_of_decision(decision: Decision) -> RulePack:
    """The rules that it was taken by: those of its poll, else those of its meeting."""
    if decision.poll is not None:
        return decision.poll.pack
    if decision.item is None:
        raise ValueError("a decision that was taken on paper has no rules here")
    return decision.item.meeting.pack


def publishing_of(decision: Decision) -> Publish:
    """How it is posted and what an objection does."""
    return rules_of(pack_of_decision(decision)).publish
