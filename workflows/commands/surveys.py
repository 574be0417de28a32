"""What the resident says: record_survey, close_unanswered, request_reopen."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.models import Survey, User
from cases.terms import EventType, Satisfaction, State, SurveyChannel
from workflows import permissions as may
from workflows.commands._transition import Moved, locked, transition
from workflows.lifecycle import CaseLifecycle
from workflows.permissions import Actor

REOPEN_WINDOW = timedelta(days=30)  # after closing, by link
HANDLING = (EventType.SIGNED, EventType.SUBMITTED, EventType.REASSIGNED)


@dataclass(frozen=True)
class SurveyAnswer:
    """Two questions and, if wished, words."""

    solved: bool
    satisfaction: Satisfaction
    words: str = ""


@transaction.atomic
def record_survey(*, case_id: int, actor: Actor, now: datetime, answer: SurveyAnswer) -> Moved:
    """The resident's word by link, or by phone through the desk: "not solved" asks for another round.

    Nobody answers on a case that they handled.
    """
    case = locked(case_id)
    if isinstance(actor, User) and case.events.filter(actor=actor, type__in=HANDLING).exists():
        raise PermissionDenied("record_survey")
    if not answer.solved and not answer.words.strip():
        raise ValidationError({"words": _("没有解决的，请写明还差什么。")})
    log = {"solved": answer.solved, "satisfaction": answer.satisfaction, "words": answer.words.strip()}
    moved = transition("record_survey", case_id, case=case, actor=actor, now=now, log=log, solved=answer.solved, at=now)
    by_phone = isinstance(actor, User)
    Survey.objects.create(
        case=case,
        round=case.round,
        channel=SurveyChannel.PHONE if by_phone else SurveyChannel.LINK,
        solved=answer.solved,
        satisfaction=answer.satisfaction,
        words=answer.words.strip(),
        recorded_by=actor if isinstance(actor, User) else None,
        recorded_at=now,
    )
    return moved


@transaction.atomic
def close_unanswered(*, case_id: int, actor: Actor = may.CLOCK, now: datetime) -> Moved:
    """The survey clock ran out: closed and counted as "no answer", never as satisfied."""
    moved = transition("close_unanswered", case_id, actor=actor, now=now, at=now)
    Survey.objects.create(
        case=moved.case, round=moved.case.round, channel=SurveyChannel.NONE, recorded_by=None, recorded_at=now
    )
    return moved


@transaction.atomic
def request_reopen(*, case_id: int, actor: Actor, now: datetime, words: str) -> Moved:
    """Say what is still wrong; a supervisor decides. By link within the window after closing."""
    case = locked(case_id)
    if not words.strip():
        raise ValidationError({"words": _("请写明还有什么问题。")})
    if case.state == State.CLOSED and not is_within_window(case, now):
        raise ValidationError(_("已超过申请重办的期限（结案后 30 天），请作为新的事项反映。"))
    return transition("request_reopen", case_id, case=case, actor=actor, now=now, log={"words": words.strip()})


def is_within_window(case: CaseLifecycle, now: datetime) -> bool:
    """Whether a closed case may still be reopened by link."""
    return case.closed_at is not None and now <= case.closed_at + REOPEN_WINDOW
