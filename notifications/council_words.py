"""What a message about a council is about: its meeting, poll, decision or follow-up, and the page where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from cases.lib.masking import mask_text
from cases.models import AgendaItem, CaseEvent, Decision, FollowUp, Mandate, Meeting, MicroProject, Poll, Topic
from cases.terms import EventType
from workflows.council_pages import decisions, follow_ups, projects
from workflows.machines import MeetingLifecycle, MinutesLifecycle, TopicLifecycle


@dataclass(frozen=True)
class Subject:
    """A title, the path of its page, and of a meeting when and where."""

    title: str
    path: str
    at: datetime | None = None
    venue: str = ""


def subject_of(event: CaseEvent) -> Subject:
    """The narrowest thing that an event names and that is still there; the council itself where it names none."""
    council = event.council
    home = Subject(str(council or ""), reverse("council:council", args=[council.code if council else ""]))
    found = (read(event.data[key]) for key, read in READERS if event.data.get(key))
    subject = next((one for one in found if one is not None), home)
    if (event.type, event.data.get("move")) == (EventType.DECISION_MOVED, "remand"):  # it is put on an agenda again
        return replace(subject, path=home.path)
    return replace(subject, path=_of_voiding(event) or subject.path) if event.type == EventType.POLL_VOIDED else subject


def _of_voiding(event: CaseEvent) -> str:
    """Where it is decided whether a poll in a meeting is void; once it is, where the meeting goes on."""
    poll = Poll.objects.select_related("item").filter(pk=event.data.get("poll") or 0).first()
    if poll is None or poll.item is None:
        return ""
    if event.data.get("move") == "agree":
        return f"{reverse('council:meeting', args=[poll.item.meeting_id])}#item-{poll.item_id}"
    return reverse("council:poll", args=[poll.pk])


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
    return Subject(row.topic.title, reverse("council:vote" if row.item_id else "council:owners_ballot", args=[pk]))


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


def _labels(lifecycle: Any) -> dict[str, Promise | str]:
    return {step.name: step.custom["label"] for step in lifecycle().get_all_state_transitions()}


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


MOVES: dict[str, Mapping[str, Promise | str]] = {
    EventType.TOPIC_SCREENED: _labels(TopicLifecycle),
    EventType.MEETING_MOVED: _labels(MeetingLifecycle),
    EventType.MANDATE_CHANGED: {"give": gettext_lazy("委托"), "revoke": gettext_lazy("收回")},
    EventType.POLL_VOIDED: {
        "ask": gettext_lazy("提请"), "agree": gettext_lazy("同意"), "decline": gettext_lazy("不同意"),
    },
    EventType.DECISION_MOVED: decisions.MOVES,
    EventType.MINUTES_MOVED: _labels(MinutesLifecycle),
    EventType.FOLLOW_UP_MOVED: {**follow_ups.MOVES, "plan": gettext_lazy("安排落实")},
    EventType.PROJECT_MOVED: projects.MOVES,
}  # fmt: skip


def move_word(event_type: str, move: str) -> str:
    """What a move of a record of a council is called."""
    return str(MOVES.get(event_type, {}).get(move, move))


def council_words(event: CaseEvent) -> dict[str, Any]:
    """What the templates of council events may say; free text masked."""
    subject = subject_of(event)
    said = {key: mask_text(value) if isinstance(value, str) else value for key, value in event.data.items()}
    said |= {"move": move_word(event.type, event.data.get("move", ""))}
    if event.data.get("mandate"):
        mandate = Mandate.objects.select_related("principal").filter(pk=event.data["mandate"]).first()
        said |= {"principal": mandate.principal.name if mandate else ""}
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
