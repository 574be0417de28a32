"""What every command of a council does: lock the council, try the move, say it in the history.

Lock order: the council first, then its records, then cases by key, then their clocks. A ballot locks its poll only.
"""

import hashlib
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Max, Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import TransitionNotAllowed, can_proceed

from cases import events
from cases.models import CaseEvent, Council, User
from cases.terms import EventType

Row = TypeVar("Row", bound=Model)


def locked_council(council_id: int) -> Council:
    """The council, its row locked until the transaction ends."""
    return Council.objects.select_for_update(of=("self",)).select_related("area").get(pk=council_id)


def locked(model: type[Row], pk: int, *related: str) -> Row:
    """A row of a council, locked; the council was locked before it."""
    rows = model._default_manager.select_for_update(of=("self",))  # noqa: SLF001  # the manager of any model
    return rows.select_related(*related).get(pk=pk)


def make(row: Any, name: str, **inputs: Any) -> None:
    """Make one declared move in memory. Raises TransitionNotAllowed when the state forbids it (409)."""
    step = getattr(row, name)
    if not can_proceed(step):
        raise TransitionNotAllowed(name, object=row, method=step)
    step(**inputs)


def say(council: Council, event_type: EventType, *, actor: User | None, now: datetime, **data: Any) -> CaseEvent:
    """One line in the history of a locked council; `data` names what it is about by keys."""
    return events.record_in_council(council, event_type, actor=actor, at=now, data=data)


def words(field: str, text: str, message: Any = None, *, longest: int | None = None) -> str:
    """What was typed, stripped. Raises ValidationError for that field when nothing or too much is left."""
    text = text.strip()
    if not text:
        raise ValidationError({field: message or _("请填写此项。")})
    if longest is not None and len(text) > longest:
        raise ValidationError({field: _("最多 %(n)s 个字，请缩短。") % {"n": longest}})
    return text


def next_serial(rows: Any, now: datetime) -> tuple[int, int]:
    """The year at `now` and the next serial number in it; the council is locked, so that none is given twice."""
    year = timezone.localtime(now, timezone.get_default_timezone()).year
    last = rows.filter(year=year).aggregate(last=Max("serial"))["last"] or 0
    return year, last + 1


def digest(text: str) -> str:
    """SHA-256 of a text, as it is kept beside it."""
    return hashlib.sha256(text.encode()).hexdigest()
