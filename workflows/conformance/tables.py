"""What an event of a council moves: which record, by which machine, under which word."""

from dataclasses import dataclass, field

from django.db.models import Model, TextChoices

from cases import council_terms as words
from cases.terms import EventType
from workflows import machines

E = EventType


@dataclass(frozen=True)
class Machine:
    """A kind of record: its state machine, where it starts, and by which event it is born."""

    name: str  # as the events name it in their data
    lifecycle: type[Model]
    states: type[TextChoices]
    start: str
    key: str = "pk"  # what the events name it by


MACHINES = {
    machine.name: machine
    for machine in (
        Machine("topic", machines.TopicLifecycle, words.TopicState, words.TopicState.PENDING),
        Machine("meeting", machines.MeetingLifecycle, words.MeetingState, words.MeetingState.DRAFT),
        # It is put on the agenda before it is first saved.
        Machine("item", machines.ItemLifecycle, words.ItemState, words.ItemState.ACCEPTED),
        Machine("poll", machines.PollLifecycle, words.PollState, words.PollState.DRAFT),
        Machine("decision", machines.DecisionLifecycle, words.DecisionState, words.DecisionState.PROVISIONAL),
        Machine("notice", machines.NoticeLifecycle, words.NoticeState, words.NoticeState.PLANNED),
        Machine("minutes", machines.MinutesLifecycle, words.MinutesState, words.MinutesState.DRAFT, "meeting_id"),
        Machine("follow_up", machines.FollowUpLifecycle, words.FollowUpState, words.FollowUpState.OPEN),
        Machine("project", machines.ProjectLifecycle, words.ProjectState, words.ProjectState.PROPOSED),
    )
}


@dataclass(frozen=True)
class Says:
    """An event that moves a record: always by the same move, or by the one that its word `move` names."""

    machine: str
    move: str = ""
    words: dict[str, str] = field(default_factory=dict)  # where the word of the event is not that of the move


SAYS = {
    E.TOPIC_SCREENED: Says("topic"),
    E.MEETING_CONVENED: Says("meeting", "convene"),
    E.MEETING_OPENED: Says("meeting", "open"),
    E.MEETING_MOVED: Says("meeting"),
    E.MEETING_CLOSED: Says("meeting", "close"),
    E.ITEM_MOVED: Says("item", words={"note": "decide"}),
    E.POLL_OPENED: Says("poll", "open"),
    E.POLL_CLOSED: Says("poll", "close"),
    E.POLL_VOIDED: Says("poll", words={"agree": "void"}),
    E.DECISION_MOVED: Says("decision"),
    E.NOTICE_POSTED: Says("notice", "post"),
    E.NOTICE_MOVED: Says("notice", words={"post_again": "post"}),
    E.MINUTES_MOVED: Says("minutes"),
    E.FOLLOW_UP_MOVED: Says("follow_up"),
    E.PROJECT_MOVED: Says("project", words={"contract": "contract_out"}),
}
