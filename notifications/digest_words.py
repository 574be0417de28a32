"""What a digest says: all that is mine this morning, and what I was told of without a ring."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation

from cases.council_terms import MeetingState
from cases.lib.masking import mask_text
from cases.models import Case, Meeting, User
from cases.selectors import PRESSING
from cases.terms import Role
from notifications.channels.base import Message
from notifications.destinations import case_path, errand_path, path_of
from notifications.lists import Entry, counted, listed_entries
from notifications.models import Delivery
from notifications.render import masked, render
from notifications.standing_words import DIGEST
from notifications.texts import Texts, current_texts, stood
from workflows.council.access import councils_visible_to
from workflows.inboxes import Tab, covered, errands, tab_cases

LONGEST_LIST = 20
SILENT_SINCE = timedelta(days=4)  # over a weekend; older news is on the page of messages
PARTS = ("meetings", "overdue", "soon", "asked", "later", "covered", "news")
AHEAD = (MeetingState.CONVENED, MeetingState.IN_SESSION, MeetingState.RECESS)


@dataclass
class Morning:
    """The parts of a digest, each with the most pressing first; `todo` counts what is not listed, too."""

    todo: int = 0
    overdue: list[Entry] = field(default_factory=list)
    soon: list[Entry] = field(default_factory=list)
    later: list[Entry] = field(default_factory=list)
    asked: list[Entry] = field(default_factory=list)
    covered: list[Entry] = field(default_factory=list)
    meetings: list[Entry] = field(default_factory=list)
    news: list[Entry] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.todo or self.asked or self.covered or self.meetings or self.news)

    @property
    def unlisted(self) -> int:
        """How many of the cases to do are in no list."""
        return self.todo - len(self.overdue) - len(self.soon) - len(self.later)


def morning_of(user: User, *, now: datetime, language: str) -> Morning:
    """What is so at this moment; as many queries for one case as for many."""
    with translation.override(language or settings.LANGUAGE_CODE):
        mine = tab_cases(user, Tab.TODO)
        found = Morning(todo=mine.count())
        for case in mine.select_related("reporter").order_by(*PRESSING.columns)[:LONGEST_LIST]:
            _part_of(found, case, now).append(_of_case(case))
        found.asked = [
            Entry(row.kind, mask_text(row.case.title), _absolute(errand_path(row)), row.clock.due_at)
            for row in errands(user, now=now)[:LONGEST_LIST]
        ]
        for one in covered(user, now=now):
            found.covered += [_of_case(row.case, whose=f"{one.leave.user} ") for row in one.rows[:LONGEST_LIST]]
        found.meetings = list(_meetings(user, now))
        texts = current_texts()
        found.news = [_of_news(row, user, now, language, texts) for row in _silent(user, now)[:LONGEST_LIST]]
        return found


def render_digest(morning: Morning, *, language: str) -> Message:
    """It as one message."""
    with translation.override(language or settings.LANGUAGE_CODE):
        words: dict[str, Any] = {f"list_{name}": listed_entries(getattr(morning, name)) for name in PARTS}
        words |= {
            "todo": counted(morning.todo),
            "overdue": counted(len(morning.overdue)),
            "meetings": counted(len(morning.meetings)),
            "more": counted(morning.unlisted),
            "url": _absolute(reverse("home")),
            "messages_url": _absolute(reverse("notifications:settings")),
        }
        return stood(DIGEST, words)


def _part_of(found: Morning, case: Case, now: datetime) -> list[Entry]:
    if case.due_at and case.due_at <= now:
        return found.overdue
    return found.soon if case.warn_at and case.warn_at <= now else found.later


def _absolute(path: str) -> str:
    return settings.BASE_URL + path


def _of_case(case: Case, whose: str = "") -> Entry:
    title = masked(case.title, [case.reporter] if case.reporter else [])
    return Entry(f"{whose}{case.number}", title, _absolute(case_path(case)), case.due_at)


def _meetings(user: User, now: datetime) -> Iterator[Entry]:
    """Of today: those that the person is invited to, or prepares as secretary."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    grants = user.grants()
    prepared = [pk for pk in grants.council_ids() if grants.in_council(pk, Role.SECRETARY)]
    mine = Q(attendances__seat__user=user) | Q(council__in=prepared)
    rows = Meeting.objects.filter(mine, planned_at__gte=today, planned_at__lt=today + timedelta(days=1))
    for row in rows.filter(state__in=AHEAD).select_related("council").distinct().order_by("planned_at", "pk"):
        at = f"{timezone.localtime(row.planned_at):%H:%M}"
        yield Entry(at, str(row), _absolute(reverse("council:meeting", args=[row.pk])), note=row.venue)


def _silent(user: User, now: datetime) -> QuerySet[Delivery]:
    """Of what was told inside in the last days: what rang nowhere, was not read, and is still in the person's scope."""
    rang = Delivery.objects.filter(event=OuterRef("event"), recipient_user=user).exclude(pk=OuterRef("pk"))
    seen = Q(event__case__in=Case.objects.visible_to(user).values("pk"))
    seen |= Q(event__council__in=councils_visible_to(user).values("pk"))
    rows = Delivery.objects.inbox_of(user).unread().filter(seen, ~Exists(rang), created_at__gt=now - SILENT_SINCE)
    named = [f"event__case__{name}" for name in ("area", "category", "team", "reporter")]
    return rows.select_related(*named, "event__actor", "event__council__area", "on_behalf_of").order_by("-pk")


def _of_news(row: Delivery, user: User, now: datetime, language: str, texts: Texts) -> Entry:
    message = render(row.event, user, language=language, now=now, for_whom=row.on_behalf_of, texts=texts)
    return Entry("", message.subject, _absolute(path_of(row.event)))
