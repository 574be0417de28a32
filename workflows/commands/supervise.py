"""What a supervisor does without moving a case: urge (催办)."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import events
from cases.models import CaseEvent, User
from cases.terms import EventType
from workflows import permissions as may
from workflows.clocks import promised
from workflows.commands._transition import locked


@transaction.atomic
def urge_case(*, case_id: int, actor: User, now: datetime, words: str) -> CaseEvent:
    """Remind whoever holds an open case, or who promised something in an ended one; it stays in the history."""
    case = locked(case_id)
    if not may.either(may.is_supervisor, may.is_leader)(case, actor):
        raise PermissionDenied("urge_case")
    if not case.is_open and not promised([case_id]):
        raise ValidationError(_("该件已办结，无须催办。"))
    if not words.strip():
        raise ValidationError({"words": _("请写明催办意见。")})
    log = {"words": words.strip(), "holder_role": case.holder_role}
    return events.record_fact(case, EventType.URGED, actor=actor, at=now, data=log)
