"""A meeting as a calendar entry (RFC 5545)."""

from collections.abc import Sequence
from datetime import timedelta

from cases.council_terms import MeetingState
from cases.lib.ics import Entry, calendar_of
from cases.models import AgendaItem, Meeting
from workflows.calendars import SHANGHAI

LENGTH = timedelta(hours=2)  # nobody says how long a meeting will take; a calendar wants an end
OFF = (MeetingState.CANCELLED, MeetingState.NO_QUORUM, MeetingState.RECONVENED)


def invitation_ics(meeting: Meeting, items: Sequence[AgendaItem], *, url: str) -> bytes:
    """The meeting as a file."""
    return calendar_of([meeting_entry(meeting, items, url=url)], zone=SHANGHAI)


def meeting_entry(meeting: Meeting, items: Sequence[AgendaItem], *, url: str) -> Entry:
    """One entry. A meeting that is called again is the same entry at another time: the uid is that of the first.

    Once convened a meeting is only cancelled or called again, and each of these is one more revision.
    """
    first, revision = meeting, int(meeting.state in OFF)
    while first.reconvenes is not None:
        first, revision = first.reconvenes, revision + 2
    begin = meeting.opened_at or meeting.planned_at
    return Entry(
        uid=f"meeting-{first.pk}-{first.sign_in_salt[:8]}@zhuoluo",
        begin=begin,
        end=max(meeting.closed_at or begin + LENGTH, begin),
        summary=str(meeting),
        stamp=meeting.created_at,
        url=url,
        sequence=revision,
        is_off=meeting.state in OFF,
        location=meeting.venue,
        description="\n".join(f"{item.position}. {item.topic.title}" for item in items),
    )
