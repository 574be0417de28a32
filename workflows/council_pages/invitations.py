"""A meeting as a calendar entry (RFC 5545)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cases.council_terms import MeetingState
from cases.models import AgendaItem, Meeting

LENGTH = timedelta(hours=2)  # nobody says how long a meeting will take; a calendar wants an end
OCTETS = 75  # of a line, without its end


def invitation_ics(meeting: Meeting, items: Sequence[AgendaItem], *, url: str, now: datetime) -> str:
    """One event; the same meeting has the same UID, so that a second file updates the first."""
    agenda = "\n".join(f"{item.position}. {item.topic.title}" for item in items)
    status = "CANCELLED" if meeting.state == MeetingState.CANCELLED else "CONFIRMED"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Zhuoluo//Council//ZH",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:meeting-{meeting.pk}-{meeting.sign_in_salt[:8]}@zhuoluo",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(meeting.planned_at)}",
        f"DTEND:{_utc(meeting.planned_at + LENGTH)}",
        f"SUMMARY:{_escaped(str(meeting))}",
        f"LOCATION:{_escaped(meeting.venue)}",
        f"DESCRIPTION:{_escaped(agenda)}",
        f"URL:{url}",
        f"STATUS:{status}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    for char in ("\\", ";", ","):
        text = text.replace(char, f"\\{char}")
    return text.replace("\r\n", "\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """At most 75 octets a line, never in the middle of a character; what goes on begins with a space."""
    parts, part, size = [], "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > OCTETS:
            parts.append(part)
            part, size = " ", 1
        part, size = part + char, size + octets
    return "\r\n".join([*parts, part])
