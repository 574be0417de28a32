"""The facts of an event for a machine: keys, codes and moments, and nothing about residents."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from cases.models import Case, CaseEvent
from notifications.destinations import path_of
from notifications.render import facts_of


def payload_of(event: CaseEvent) -> dict[str, Any]:
    """As Standard Webhooks lays it out: type, timestamp, data."""
    data: dict[str, Any] = {"event": event.pk, "url": settings.BASE_URL + path_of(event)}
    if event.council:
        data["council"] = {"code": event.council.code, "name": event.council.name}
    else:
        data["case"] = _case(event, event.case)
    data["area"] = {"code": event.area.code, "name": event.area.full_name}
    return {"type": event.type, "timestamp": _moment(event.at), "data": data}


def _case(event: CaseEvent, case: Case) -> dict[str, Any]:
    """The case as it is now; `state` is the one after the event."""
    return {
        "number": case.number,
        "title": facts_of(event, case)["title"],
        "state": event.state,
        "priority": case.priority,
        "category": case.category.code if case.category else None,
        "team": case.team.code if case.team else None,
        "due_at": _moment(case.due_at) if case.due_at else None,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
