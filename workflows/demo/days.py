"""Simulated days: stories take their steps in the order of their moments, and the sweep runs beside them.

A story is a generator: it yields the moment of its next step and goes on when that moment has come.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from heapq import heappop, heappush

from workflows.calendars import WorkCalendar
from workflows.commands.sweep import sweep
from workflows.council.notices import end_due_notices
from workflows.council.owners_ballots import end_due_ballots

Story = Iterator[datetime]
Progress = Callable[[datetime], None]
# Notices end with their day, so that they are looked at in the morning; on days off that is enough for clocks, too.
MORNING, HOURS = time(8, 15), (time(11, 30), time(15, 0), time(18, 0))


class Days:
    """The days up to `now`: what a story would do later is not done."""

    def __init__(self, now: datetime, calendar: WorkCalendar, progress: Progress | None = None) -> None:
        self.now, self.calendar, self._progress = now, calendar, progress
        self._coming: list[tuple[datetime, int, Story]] = []
        self._begun = 0

    def begin(self, story: Story) -> None:
        """Let a story take part; of those at one moment the one that began first goes first."""
        self._begun += 1
        self._wait(story, self._begun)

    def _wait(self, story: Story, number: int) -> None:
        moment = next(story, None)
        if moment is not None and moment <= self.now:
            heappush(self._coming, (moment, number, story))

    def live(self) -> None:
        """Everything that happens until now."""
        swept = self._coming[0][0] if self._coming else self.now
        while self._coming:
            moment, number, story = heappop(self._coming)
            if moment > swept:
                self._sweep_between(swept, moment)
                swept = moment
            self._wait(story, number)
        self._sweep_between(swept, self.now)
        self._sweep(self.now)

    def _sweep_between(self, since: datetime, until: datetime) -> None:
        """Sweep at the fixed hours in between, as the worker would have."""
        day = since.astimezone(self.calendar.zone).date()
        last = until.astimezone(self.calendar.zone).date()
        while day <= last:
            hours = (MORNING, *HOURS) if self.calendar.is_working_day(day) else (MORNING,)
            for hour in hours:
                moment = datetime.combine(day, hour, self.calendar.zone)
                if since < moment <= until:
                    self._sweep(moment, with_councils=hour == MORNING)
            if self._progress and day < last:
                self._progress(datetime.combine(day, time(), self.calendar.zone))
            day += timedelta(days=1)

    @staticmethod
    def _sweep(moment: datetime, *, with_councils: bool = True) -> None:
        sweep(now=moment)
        if with_councils:
            end_due_notices(now=moment)
            end_due_ballots(now=moment)

    # -- moments

    def later(self, moment: datetime, hours: float) -> datetime:
        """When so many working hours have passed since a moment."""
        return self.calendar.add(moment, timedelta(minutes=round(hours * 60)))

    def before(self, moment: datetime, hours: float) -> datetime:
        """The latest moment from which so many working hours pass until another."""
        left, cursor = timedelta(hours=hours), moment.astimezone(self.calendar.zone)
        while True:
            day = cursor.date()
            for opens, closes in reversed(self.calendar.periods_of(day)):
                worked = min(closes, cursor) - opens
                if worked >= left:
                    return min(closes, cursor) - left
                left -= max(worked, timedelta(0))
            cursor = datetime.combine(day, time(0), self.calendar.zone) - timedelta(seconds=1)

    def on(self, days: int, hour: int, minute: int = 0) -> datetime:
        """An hour of the day so many days from today; a day off is as good as any."""
        day = self.now.astimezone(self.calendar.zone).date() + timedelta(days=days)
        return datetime.combine(day, time(hour, minute), self.calendar.zone)
