"""Take over a matter that was answered elsewhere, at the moments that it really had."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import commands as facts
from workflows import permissions as may
from workflows.commands._transition import Moved, transition
from workflows.commands.intake import Report, report_case
from workflows.commands.surveys import close_unanswered
from workflows.lifecycle import CaseLifecycle


@transaction.atomic
def adopt_case(*, report: Report, reported_at: datetime, answer: str, answered_at: datetime) -> CaseLifecycle:
    """A case with its history: reported, answered, and closed with the answer, no survey having been held."""
    if answered_at < reported_at:
        raise ValidationError({"answered_at": _("答复时间早于留言时间。")})
    case = report_case(report=report, actor=may.IMPORT, now=reported_at)
    moved: Moved = transition(
        "adopt_answer",
        case.pk,
        actor=may.IMPORT,
        now=answered_at,
        log={"text": answer},
        text=answer,
        at=answered_at,
    )
    facts.answer_reporters(moved.case, kind="verified", text=answer, at=answered_at)
    return close_unanswered(case_id=case.pk, actor=may.IMPORT, now=answered_at).case
