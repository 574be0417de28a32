"""Take over a matter that was answered elsewhere, at the moments that it really had."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases import commands as facts
from cases.models import Case, CaseEvent, Team, User
from cases.terms import EventType
from workflows import permissions as may
from workflows.commands._transition import Moved, locked, transition
from workflows.commands.intake import Report, report_case
from workflows.commands.surveys import close_unanswered
from workflows.lifecycle import CaseLifecycle

UNTOUCHED = (
    EventType.REPORTED, EventType.ANSWER_ADOPTED, EventType.CLOSED_UNANSWERED, EventType.CLOCK_WARNED,
    EventType.CLOCK_OVERDUE, EventType.CLOCK_ESCALATED, EventType.CLOCK_RECOMPUTED, EventType.CLOCK_STOPPED_LATE,
)  # fmt: skip


class AlreadyTouched(ValueError):
    """Somebody has worked on the case since it was imported."""


@transaction.atomic
def adopt_case(  # what a row of a ledger says
    *,
    report: Report,
    reported_at: datetime,
    answer: str,
    answered_at: datetime,
    closed_at: datetime | None = None,
    team: Team | None = None,
) -> CaseLifecycle:
    """A case with its history: reported, answered, and closed with the answer, no survey having been held.

    `adopting.adopt_many` writes the same for many at once; this is the measure of it.
    """
    if answered_at < reported_at:
        raise ValidationError({"answered_at": _("答复时间早于上报时间。")})
    if closed_at and closed_at < answered_at:
        raise ValidationError({"closed_at": _("结案时间早于答复时间。")})
    case = report_case(report=report, actor=may.IMPORT, now=reported_at)
    log = {"text": answer} | ({"team": team.pk} if team else {})
    moved: Moved = transition(
        "adopt_answer", case.pk, actor=may.IMPORT, now=answered_at, log=log, text=answer, at=answered_at, team=team
    )
    facts.answer_reporters(moved.case, kind="verified", text=answer, at=answered_at)
    return close_unanswered(case_id=case.pk, actor=may.IMPORT, now=closed_at or answered_at).case


@transaction.atomic
def undo_import(*, case_id: int, by: User | None, now: datetime) -> Moved:
    """Take back a case that a ledger brought and nobody has worked on; the number that it has elsewhere is free again.

    Raises TransitionNotAllowed when it has moved on, AlreadyTouched when something else was done with it.
    """
    case = locked(case_id)
    if touched(Case.objects.filter(pk=case_id)):
        raise AlreadyTouched(case.number)
    log = {"undone_by": by.pk if by else None, "external_ref": case.external_ref}
    moved = transition("undo_import", case_id, case=case, actor=may.IMPORT, now=now, log=log, at=now)
    case.external_ref = ""
    case.save(update_fields=["external_ref"])
    return moved


def touched(cases: QuerySet[Case]) -> list[int]:
    """Keys of those of these cases in whose history stands more than an import and the marks of the clocks."""
    others = CaseEvent.objects.filter(case__in=cases).exclude(type__in=[kind.value for kind in UNTOUCHED])
    return list(others.order_by("case_id").values_list("case_id", flat=True).distinct())
