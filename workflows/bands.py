"""How late, how near: the bands of working days into which the supervisor's list is cut."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workflows import sla
from workflows.calendars import WorkCalendar

FEW, SOME = 3, 10  # working days

# In the order of the moments at which they are due.
LABELS: dict[str, Promise | str] = {
    "late-more": _("超期 10 个工作日以上"),
    "late-10": _("超期 4–10 个工作日"),
    "late-3": _("超期 3 个工作日以内"),
    "late-today": _("今天到期，已超"),
    "soon-today": _("今天到期，还没到"),
    "soon-3": _("3 个工作日内到期"),
    "soon-10": _("4–10 个工作日内到期"),
    "soon-more": _("10 个工作日以后到期"),
}


@dataclass(frozen=True)
class Band:
    """Limits that are due from a moment (None: since ever) to a moment (None: for ever); the end is excluded."""

    key: str
    since: datetime | None
    until: datetime | None

    @property
    def label(self) -> Promise | str:
        """As a choice says it."""
        return LABELS[self.key]

    @property
    def is_late(self) -> bool:
        """Whether what falls into it is past its limit."""
        return self.key.startswith("late")

    def holds(self, field: str = "due_at") -> Q:
        """The rows of a query that fall into it."""
        wanted = Q()
        if self.since:
            wanted &= Q(**{f"{field}__gte": self.since})
        if self.until:
            wanted &= Q(**{f"{field}__lt": self.until})
        return wanted


def bands(calendar: WorkCalendar, now: datetime) -> list[Band]:
    """The bands of this moment, the most overdue first; counted as the lights count, so that both say the same."""
    today = datetime.combine(now.astimezone(calendar.zone).date(), time(), calendar.zone)
    just_after = now + timedelta(microseconds=1)  # due at this moment is late
    edges = [
        _days_late(calendar, now, SOME),
        _days_late(calendar, now, FEW),
        today,
        just_after,
        today + timedelta(days=1),
        _days_ahead(calendar, now, FEW),
        _days_ahead(calendar, now, SOME),
    ]
    return [Band(key, a, b) for key, a, b in zip(LABELS, [None, *edges], [*edges, None], strict=True)]


def _days_late(calendar: WorkCalendar, now: datetime, most: int) -> datetime:
    """The beginning of the earliest day whose limits are at most so many working days late."""
    day = now.astimezone(calendar.zone).date()
    while sla.workdays_between(calendar, _midnight(calendar, day - timedelta(days=1)), now) <= most:
        day -= timedelta(days=1)
    return _midnight(calendar, day)


def _days_ahead(calendar: WorkCalendar, now: datetime, most: int) -> datetime:
    """Just after the close of the last day that is at most so many working days ahead."""
    day = now.astimezone(calendar.zone).date()
    while most:
        day += timedelta(days=1)
        most -= calendar.is_working_day(day)
    return calendar.close_of(day) + timedelta(microseconds=1)


def _midnight(calendar: WorkCalendar, day: date) -> datetime:
    return datetime.combine(day, time(), calendar.zone)
