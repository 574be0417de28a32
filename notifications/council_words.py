"""What a message about a council is about: its meeting, poll, decision or follow-up, and the page where it stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from cases.lib.masking import mask_text
from cases.models import AgendaItem, CaseEvent, Decision, FollowUp, Meeting, MicroProject, Poll, Topic


@dataclass(frozen=True)
class Subject:
    """A title, the path of its page, and of a meeting when and where."""

    title: str
    path: str
    at: datetime | None = None
    venue: str = ""


def subject_of(event: CaseEvent) -> Subject:
    """The narrowest thing that an event names and that is still there; the council itself where it names none."""
    for key, read in READERS:
        found = read(event.data[key]) if event.data.get(key) else None
        if found is not None:
            return found
    council = event.council
    code = council.code if council else ""
    return Subject(str(council or ""), reverse("council:council", args=[code]))


def _follow_up(pk: int) -> Subject | None:
    row = FollowUp.objects.filter(pk=pk).first()
    return Subject(row.what, reverse("council:follow_up", args=[pk])) if row else None


def _project(pk: int) -> Subject | None:
    row = MicroProject.objects.filter(pk=pk).first()
    return Subject(row.title, reverse("council:project", args=[pk])) if row else None


def _decision(pk: int) -> Subject | None:
    row = Decision.objects.filter(pk=pk).first()
    return Subject(row.number, reverse("council:decision", args=[pk])) if row else None


def _poll(pk: int) -> Subject | None:
    row = Poll.objects.select_related("topic").filter(pk=pk).first()
    if row is None:
        return None
    return Subject(row.topic.title, reverse("council:vote" if row.item_id else "council:poll", args=[pk]))


def _minutes(pk: int) -> Subject | None:
    row = _of_meeting(pk)
    return Subject(row.title, reverse("council:minutes", args=[pk]), row.at, row.venue) if row else None


def _item(pk: int) -> Subject | None:
    row = AgendaItem.objects.select_related("topic").filter(pk=pk).first()
    return Subject(row.topic.title, reverse("council:meeting", args=[row.meeting_id])) if row else None


def _of_meeting(pk: int) -> Subject | None:
    row = Meeting.objects.select_related("council").filter(pk=pk).first()
    return Subject(str(row), reverse("council:meeting", args=[pk]), row.planned_at, row.venue) if row else None


def _topic(pk: int) -> Subject | None:
    row = Topic.objects.filter(pk=pk).first()
    return Subject(row.title, reverse("council:topic", args=[pk])) if row else None


READERS = (
    ("follow_up", _follow_up),
    ("project", _project),
    ("decision", _decision),
    ("poll", _poll),
    ("minutes", _minutes),
    ("item", _item),
    ("meeting", _of_meeting),
    ("topic", _topic),
)


def council_words(event: CaseEvent) -> dict[str, Any]:
    """What the templates of council events may say; free text masked."""
    subject = subject_of(event)
    said = {key: mask_text(value) if isinstance(value, str) else value for key, value in event.data.items()}
    return {
        "council": str(event.council),
        "title": mask_text(subject.title),
        "at": subject.at,
        "venue": subject.venue,
        "said": said,
        "actor": str(event.actor) if event.actor else "",
        "area": str(event.area),
        "url": settings.BASE_URL + subject.path,
    }
