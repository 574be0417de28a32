"""Which robots and systems hear of an event: those of its area or one above it, or of the team that has the case."""

from dataclasses import dataclass, field
from typing import Self

from cases.models import CaseEvent
from cases.terms import EventType
from notifications.audience import AUDIENCE, BUNDLED, staff_told
from notifications.directory import above
from notifications.models import ROBOTS, Subscriber
from notifications.occasion import Occasion

# What concerns one person alone is no matter for a group.
PERSONAL_EVENTS = frozenset({EventType.BALLOT_STRUCK, EventType.MANDATE_CHANGED})
FOR_GROUPS = tuple(
    kind for kind, told in AUDIENCE.items() if (told.staff or told.informed) and kind not in PERSONAL_EVENTS
)
FOR_SYSTEMS = tuple(EventType)
USUAL = (
    EventType.DISPATCHED,
    EventType.SENT_BACK,
    EventType.URGED,
    EventType.CLOCK_WARNED,
    EventType.CLOCK_OVERDUE,
    EventType.ORDER_ISSUED,
    EventType.FOLLOW_UP_STARTED,
)


@dataclass(frozen=True)
class Subscriptions:
    """All that listen, by the unit that they are for: one query, however many events."""

    by_area: dict[str, list[Subscriber]] = field(default_factory=dict)
    by_team: dict[int, list[Subscriber]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Self:
        """Those that are switched on."""
        found = cls()
        for row in Subscriber.objects.listening().select_related("area").order_by("pk"):
            if row.area:
                found.by_area.setdefault(row.area.path, []).append(row)
            elif row.team_id:
                found.by_team.setdefault(row.team_id, []).append(row)
        return found

    def of(self, event: CaseEvent, occasion: Occasion) -> list[Subscriber]:
        """Those that asked for this type of event; a group only while there is somebody who has to do something."""
        near = [row for path in above(event.area.path) for row in self.by_area.get(path, ())] if self.by_area else []
        if event.case_id and event.case.team_id:
            near += self.by_team.get(event.case.team_id, ())
        return [row for row in near if event.type in row.event_types and not _is_over(row, event, occasion)]


def _is_over(row: Subscriber, event: CaseEvent, occasion: Occasion) -> bool:
    return row.channel in ROBOTS and event.type in BUNDLED and not staff_told(occasion)
