"""A person's calendar to subscribe to: what they have to do by when, and their meetings.

Whoever has the address may read it, so it says what is due and where, and nothing of residents: no title of a case.
"""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases.commands import token_hash
from cases.council_terms import MeetingState
from cases.lib.crypto import keyed_token
from cases.lib.ics import Entry, calendar_of
from cases.models import Case, Meeting, User
from cases.selectors import PRESSING
from cases.terms import Role
from notifications.destinations import case_path, errand_path
from notifications.models import CalendarFeed, ChannelName
from notifications.wishes import wish_of
from workflows.calendars import SHANGHAI
from workflows.council_pages.invitations import meeting_entry
from workflows.inboxes import Errand, Tab, errands, tab_cases

BEFORE, AFTER = timedelta(days=30), timedelta(days=180)
MOST = 200  # of a kind
NOTICE = timedelta(minutes=30)  # an entry ends when the limit does: it has a length that a calendar can show
FRESH = timedelta(hours=1)


def feed_token(feed: CalendarFeed) -> str:
    """The token of a feed, made again from its salt."""
    return keyed_token(f"calendar-feed:{feed.salt}")


def feed_of_token(token: str) -> CalendarFeed | None:
    """The feed that a token opens, of somebody who is still there."""
    rows = CalendarFeed.objects.select_related("user")
    return rows.filter(token_hash=token_hash(token), user__is_active=True).first()


@transaction.atomic
def renew_feed(*, actor: User, now: datetime) -> CalendarFeed:
    """A new address; the one before opens nothing any more."""
    CalendarFeed.objects.filter(user=actor).delete()
    feed = CalendarFeed(user=actor, salt=secrets.token_hex(16), created_at=now)
    feed.token_hash = token_hash(feed_token(feed))
    feed.save()
    return feed


def revoke_feed(*, actor: User) -> None:
    """No address any more."""
    CalendarFeed.objects.filter(user=actor).delete()


def calendar_file(feed: CalendarFeed, *, now: datetime) -> tuple[bytes, str, datetime]:
    """The calendar, the digest of it, and since when it is so: kept with the feed when it changes."""
    language = wish_of(feed.user_id, ChannelName.EMAIL).language or settings.LANGUAGE_CODE
    with translation.override(language):
        name = _("着落：我的期限和会议")
        content = calendar_of(_entries(feed.user, now), zone=SHANGHAI, name=name, fresh=FRESH)
    digest = hashlib.sha256(content).hexdigest()
    if digest != feed.digest or feed.changed_at is None:
        feed.digest, feed.changed_at = digest, now.replace(microsecond=0)
        CalendarFeed.objects.filter(pk=feed.pk).update(digest=digest, changed_at=feed.changed_at)
    return content, digest, feed.changed_at


def _entries(user: User, now: datetime) -> Iterator[Entry]:
    """As many queries for one entry as for many."""
    mine = tab_cases(user, Tab.TODO).filter(due_at__gt=now - BEFORE, due_at__lt=now + AFTER)
    for case in mine.select_related("category").order_by(*PRESSING.columns)[:MOST]:
        yield _of_case(case)
    for errand in errands(user, now=now)[:MOST]:
        if now - BEFORE < errand.clock.due_at < now + AFTER:
            yield _of_errand(errand)
    for meeting in _meetings(user, now):
        url = settings.BASE_URL + reverse("council:meeting", args=[meeting.pk])
        yield meeting_entry(meeting, [], url=url)


def _of_case(case: Case) -> Entry:
    due_at = case.due_at or case.reported_at
    said = {"state": case.get_state_display(), "number": case.number, "category": case.category or ""}
    return Entry(
        uid=f"case-{case.pk}@zhuoluo",
        begin=due_at - NOTICE,
        end=due_at,
        summary=(_("%(state)s到期：%(number)s %(category)s") % said).strip(),
        stamp=case.reported_at,
        url=settings.BASE_URL + case_path(case),
        sequence=case.version,
        blocks=False,
    )


def _of_errand(errand: Errand) -> Entry:
    clock = errand.clock
    return Entry(
        uid=f"clock-{clock.pk}@zhuoluo",
        begin=clock.due_at - NOTICE,
        end=clock.due_at,
        summary=_("%(kind)s到期：%(number)s") % {"kind": errand.kind, "number": errand.case.number},
        stamp=clock.started_at,
        url=settings.BASE_URL + errand_path(errand),
        sequence=errand.case.version,
        blocks=False,
    )


def _meetings(user: User, now: datetime) -> Iterator[Meeting]:
    """Those that the person is or was invited to, or prepares; cancelled ones too, so that calendars strike them out.

    Of one that was called again the newer stands: it has the same uid.
    """
    day = timezone.localdate(now)
    grants = user.grants(day)
    prepared = [pk for pk in grants.council_ids() if grants.in_council(pk, Role.SECRETARY)]
    mine = Q(attendances__seat__user=user) | Q(council__in=prepared)
    rows = Meeting.objects.filter(mine, planned_at__gt=now - BEFORE, planned_at__lt=now + AFTER)
    shown = rows.exclude(state__in=(MeetingState.DRAFT, MeetingState.RECONVENED)).select_related("council")
    yield from shown.select_related("reconvenes__reconvenes").distinct().order_by("planned_at", "pk")[:MOST]
