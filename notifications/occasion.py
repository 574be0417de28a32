"""What an event is about, for whoever asks who should hear of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cases.models import Case, CaseEvent
from notifications.directory import Directory
from workflows.models import Request, SupervisionOrder


@dataclass(frozen=True)
class Occasion:
    """One event with its case or council as it is now, and the directory to look people up in."""

    event: CaseEvent
    directory: Directory

    @property
    def case(self) -> Case:
        return self.event.case

    @property
    def council_id(self) -> int | None:
        """The council that it happened in or that it names, else that of the case."""
        return (
            self.event.council_id or self.data.get("council") or (self.case.council_id if self.event.case_id else None)
        )

    @property
    def data(self) -> dict[str, Any]:
        return self.event.data  # type: ignore[no-any-return]

    @property
    def request(self) -> Request | None:
        return self.directory.requests.get(self.data.get("request", 0))

    @property
    def order(self) -> SupervisionOrder | None:
        return self.directory.orders.get(self.data.get("order", 0))

    def nearest(self, role: str, *without: int | None) -> set[int]:
        return self.directory.nearest(role, self.event.area.path, without)


Who = Callable[[Occasion], set[int]]
