"""Entries of a calendar as RFC 5545 wants them: escaped, folded, with the rules of their time zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vDuration

PRODUCT = "-//Zhuoluo//Calendar//ZH"


@dataclass(frozen=True)
class Entry:
    """One entry. The same thing has the same uid for ever; each change of it has a higher sequence."""

    uid: str
    begin: datetime
    end: datetime
    summary: str
    stamp: datetime  # when this was so: not the moment of asking, or no two answers would be alike
    url: str
    sequence: int = 0
    is_off: bool = False  # it was cancelled: calendars that know it strike it out
    blocks: bool = True  # somebody is busy then
    location: str = ""
    description: str = ""


def calendar_of(entries: Iterable[Entry], *, zone: ZoneInfo, name: str = "", fresh: timedelta | None = None) -> bytes:
    """A calendar file. With a name it is one to subscribe to, looked at again after `fresh`."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("method", "PUBLISH")
    if name:
        calendar.add("x-wr-calname", name)
    if fresh:
        calendar.add("refresh-interval", fresh, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", vDuration(fresh))
    for entry in entries:
        calendar.add_component(_event(entry, zone))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(entry: Entry, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.stamp)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.begin.astimezone(zone))
    event.add("dtend", entry.end.astimezone(zone))
    event.add("summary", entry.summary)
    event.add("status", "CANCELLED" if entry.is_off else "CONFIRMED")
    event.add("transp", "OPAQUE" if entry.blocks else "TRANSPARENT")
    event.add("url", entry.url)
    for key in ("location", "description"):
        if value := getattr(entry, key):
            event.add(key, value)
    return event
