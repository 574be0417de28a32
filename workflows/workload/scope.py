"""What the page is asked about: whose cases, of which area, since when."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from cases.models import Area, Case, User
from cases.querysets import CaseQuerySet
from workflows.calendars import WorkCalendar

WEEKS = (4, 12)
HOUR, WHOLE_DAY = 60, 24 * 60  # minutes


@dataclass(frozen=True)
class Scope:
    """The cases that the viewer may see, narrowed to an area, at a moment; what flows is looked at over some weeks."""

    viewer: User
    now: datetime
    area: Area | None = None
    weeks: int = WEEKS[0]

    @property
    def since(self) -> datetime:
        """The beginning of the period."""
        return self.now - timedelta(weeks=self.weeks)

    def cases(self) -> CaseQuerySet:
        """Everything that is looked at."""
        found = Case.objects.visible_to(self.viewer)
        return found.filter(area__path__startswith=self.area.path) if self.area else found


def in_days(amount: timedelta, calendar: WorkCalendar) -> float:
    """Working time in working days of this calendar, to one place."""
    minutes = sum((_minutes(end) or WHOLE_DAY) - _minutes(begin) for begin, end in calendar.periods)
    return round(amount / timedelta(minutes=minutes), 1)


def _minutes(at: time) -> int:
    return at.hour * HOUR + at.minute
