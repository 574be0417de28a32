"""The lists in a digest and in a bundle: lines for each thing, most pressing first, and the same as rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from notifications.letters import Listing, link, listing


@dataclass(frozen=True)
class Entry:
    """One line of a digest: what it is, by when, and where it is done."""

    label: str
    title: str
    url: str
    due_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Reminder:
    """What is said of one limit of a case."""

    label: str
    clock: str = ""
    due_at: datetime | None = None
    words: str = ""

    def __str__(self) -> str:
        label = _("%(what)s：%(how)s") % {"what": self.label, "how": self.clock} if self.clock else self.label
        return _line(label, _minute(self.due_at), self.words)


@dataclass(frozen=True)
class Item:
    """One case of a bundle, with all that is said of it."""

    number: str
    title: str
    url: str
    said: list[Reminder] = field(default_factory=list)

    @property
    def due_at(self) -> datetime | None:
        """The first limit that is named."""
        return min((one.due_at for one in self.said if one.due_at), default=None)


def counted(number: int) -> str:
    """A number as texts ask for it: nothing where there is nothing."""
    return str(number) if number > 0 else ""


def listed_entries(entries: Sequence[Entry]) -> Listing:
    """A line and a link for each."""
    lines = (f"- {_line(row.label, row.title, _minute(row.due_at), row.note)}\n  {row.url}" for row in entries)
    rows = ((row.label, link(row.title, row.url), _line(_minute(row.due_at), row.note)) for row in entries)
    return listing(lines, rows)


def listed_items(items: Sequence[Item]) -> Listing:
    """The case, what is said of it, and the link."""
    lines, rows, breaks = [], [], mark_safe("<br>")
    for row in items:
        said = [str(one) for one in row.said]
        lines.append("\n  ".join([f"{row.number} {row.title}", *said, row.url]))
        rows.append((link(row.number, row.url), row.title, format_html_join(breaks, "{}", ((one,) for one in said))))
    return listing(lines, rows)


def _line(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _minute(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
