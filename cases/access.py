"""The book of doors: each time somebody sees, gets out or changes what is known of residents, one row is added."""

from datetime import datetime
from typing import Any

from cases.audit_terms import AccessKind
from cases.models import Area, Case, Council, PersonAccess, User


def record_access(  # noqa: PLR0913  # what happened, to what
    kind: AccessKind,
    *,
    by: User | None,
    at: datetime,
    case: Case | None = None,
    council: Council | None = None,
    area: Area | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> PersonAccess:
    """Write one row, in the transaction in which the door is opened: none is passed without it.

    `details` are counts, fields and conditions, never what was seen. The area is that of the case or the council.
    """
    place = area or (case.area if case else None) or (council.area if council else None)
    row = PersonAccess(kind=kind, by=by, at=at, case=case, council=council, area=place, reason=reason)
    row.details = details or {}
    row.save(force_insert=True)
    return row
