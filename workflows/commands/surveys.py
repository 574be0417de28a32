"""What the resident says: record_survey, issue_survey_slip, exclude_survey, close_unanswered, request_reopen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import events
from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.models import Case, Survey, SurveyInvitation, User
from cases.terms import EventType, InvitationWay, Satisfaction, State, SurveyChannel, SurveyReason
from workflows import invitations
from workflows import permissions as may
from workflows.commands._transition import Moved, locked, transition
from workflows.hands import had_a_hand
from workflows.lifecycle import MAX_ROUNDS, CaseLifecycle
from workflows.models import Request
from workflows.permissions import Actor

REOPEN_WINDOW = timedelta(days=30)  # after closing, by link


@dataclass(frozen=True)
class SurveyAnswer:
    """Two questions and, if wished, reasons from the list and words; `language` is that of the page."""

    solved: bool
    satisfaction: Satisfaction
    words: str = ""
    reasons: tuple[str, ...] = ()
    language: str = ""


@transaction.atomic
def record_survey(*, case_id: int, actor: Actor, now: datetime, answer: SurveyAnswer) -> Moved:
    """The resident's word by link, or by phone through the desk: "not solved" asks for another round.

    Nobody answers on a case in which they had a hand; nobody is called who opted out or was asked lately.
    """
    case = locked(case_id, "reporter", asked_lately=invitations.asked_lately(now))
    if isinstance(actor, User):
        _check_desk(case, actor)
    if not answer.solved and not answer.words.strip():
        raise ValidationError({"words": _("没有解决的，请写明还差什么。")})
    reasons = [reason for reason in SurveyReason.values if reason in answer.reasons]
    log: dict[str, Any] = {"solved": answer.solved, "satisfaction": answer.satisfaction}
    log |= {"words": answer.words.strip(), "reasons": reasons}
    moved = transition("record_survey", case_id, case=case, actor=actor, now=now, log=log, solved=answer.solved, at=now)
    by_phone = isinstance(actor, User)
    Survey.objects.create(
        case=case,
        round=case.round,
        channel=SurveyChannel.PHONE if by_phone else SurveyChannel.LINK,
        solved=answer.solved,
        satisfaction=answer.satisfaction,
        reasons=reasons,
        words=answer.words.strip(),
        language=answer.language,
        recorded_by=actor if isinstance(actor, User) else None,
        recorded_at=now,
    )
    if not by_phone:  # after a call the state alone refuses whoever still holds one
        SurveyInvitation.objects.filter(case=case, round=case.round, used_at=None).update(used_at=now)
    return moved


def _check_desk(case: CaseLifecycle, actor: User) -> None:
    if had_a_hand(case, actor):
        raise PermissionDenied("record_survey")
    reporter = case.reporter
    if reporter is not None and reporter.opted_out:
        raise ValidationError(_("这位居民谢绝回访，请不要打扰。"))
    if reporter is not None and invitations.was_asked_lately(case):
        said = {"n": invitations.SURVEY_PAUSE.days}
        raise ValidationError(_("这位居民 %(n)s 天内已经回访过，请不要再打扰。") % said)


@transaction.atomic
def issue_survey_slip(*, case_id: int, actor: User, now: datetime) -> str:
    """The token of a link to rate this round once, for the resident to scan; the history says who handed it out.

    Raises PermissionDenied (no survey desk, or had a hand in it), ValidationError (not asked now, opted out, lately).
    """
    case = locked(case_id, "reporter", asked_lately=invitations.asked_lately(now))
    if not may.may_survey_by_phone(case, actor):
        raise PermissionDenied("issue_survey_slip")
    _check_desk(case, actor)
    if case.state != State.ANSWERED:
        raise ValidationError(_("只有待回访的件才能请居民评价。"))
    invitation = invitations.make(case, InvitationWay.SLIP, now=now, issued_by=actor)
    data = {"way": InvitationWay.SLIP, "invitation": invitation.pk}
    events.record_fact(case, EventType.SURVEY_INVITED, actor=actor, at=now, data=data)
    record_access(AccessKind.SLIP, by=actor, at=now, case=case)
    return invitations.invitation_token(invitation)


def rating_of(case: Case) -> Survey | None:
    """The rating that counts: the last that was given."""
    return case.surveys.filter(solved__isnull=False).order_by("-round").first()


@transaction.atomic
def exclude_survey(*, request: Request, actor: User, now: datetime) -> Moved:
    """Carry out an agreed exclusion: the rating stays, is counted beside the rate and no longer in it."""
    case = locked(request.case_id)
    case.agreed_request = request  # type: ignore[attr-defined]
    if not may.is_agreed(case, actor) or had_a_hand(case, actor):
        raise PermissionDenied("exclude_survey")
    rating = rating_of(case)
    if rating is None or rating.excluded_at is not None:
        raise ValidationError(_("该件没有可以剔除的评价。"))
    rating.excluded_at = now
    rating.save(update_fields=["excluded_at"])
    data = {"round": rating.round, "reason_code": request.reason_code, "reason": request.reason, "request": request.pk}
    return Moved(case, events.record_fact(case, EventType.SURVEY_EXCLUDED, actor=actor, at=now, data=data))


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
    if not case.may_have_another_round:
        used_up = _("这件事已经重办 %(n)s 次，请作为新的事项再反映，会和这一件连在一起。")
        raise ValidationError(used_up % {"n": MAX_ROUNDS - 1})
    if case.state == State.CLOSED and not is_within_window(case, now):
        raise ValidationError(_("已超过申请重办的期限（结案后 30 天），请作为新的事项反映。"))
    return transition("request_reopen", case_id, case=case, actor=actor, now=now, log={"words": words.strip()})


def is_within_window(case: CaseLifecycle, now: datetime) -> bool:
    """Whether a closed case may still be reopened by link."""
    return case.closed_at is not None and now <= case.closed_at + REOPEN_WINDOW
