"""What a log is about: cases of an area that were reported in a period, and the councils of that area."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from cases.models import Area, Case, CaseEvent, Council


@dataclass(frozen=True)
class Scope:
    """An area with everything below it, and a period, the end excluded. Councils are there whole, their events not."""

    area: Area | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.area is None and self.since is None and self.until is None

    def cases(self) -> QuerySet[Case]:
        """Those that were reported in the period."""
        rows = Case.objects.all()
        if self.area:
            rows = rows.filter(area__path__startswith=self.area.path)
        if self.since:
            rows = rows.filter(reported_at__gte=self.since)
        if self.until:
            rows = rows.filter(reported_at__lt=self.until)
        return rows

    def case_events(self) -> QuerySet[CaseEvent]:
        """The whole history of those cases."""
        rows = CaseEvent.objects.filter(council=None)
        return rows if self.is_whole else rows.filter(case__in=self.cases())

    def councils(self) -> QuerySet[Council]:
        """Those of the area."""
        rows = Council.objects.all()
        return rows.filter(area__path__startswith=self.area.path) if self.area else rows

    def council_events(self) -> QuerySet[CaseEvent]:
        """What happened in them within the period."""
        rows = CaseEvent.objects.filter(case=None)
        if self.area:
            rows = rows.filter(council__in=self.councils())
        if self.since:
            rows = rows.filter(at__gte=self.since)
        if self.until:
            rows = rows.filter(at__lt=self.until)
        return rows
