"""Invitations to rate (回访邀请): one resident, one round, once and for a while; only the hash of the token is kept."""

import secrets
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from cases.commands import token_hash
from cases.lib.crypto import keyed_token
from cases.models import Case, CaseEvent, Reporter, Survey, SurveyInvitation, User
from cases.terms import AnswerWay, InvitationWay, SurveyChannel

SURVEY_LIFE = timedelta(days=30)
SURVEY_PAUSE = timedelta(days=90)  # nobody is asked about another case sooner


def invitation_token(invitation: SurveyInvitation) -> str:
    """The token of an invitation: derived, so that the message can hold it though only its hash is stored."""
    return keyed_token(f"survey-invitation:{invitation.salt}")


def invitation_of_token(token: str, *, now: datetime) -> SurveyInvitation | None:
    """The invitation that a token opens, a used one included, or None when there is none or it has expired."""
    rows = SurveyInvitation.objects.select_related("case__area")
    return rows.filter(token_hash=token_hash(token), expires_at__gt=now).first()


def invitation_of(event: CaseEvent) -> SurveyInvitation | None:
    """What the message about this event asks the reporter by, while nobody has rated that round."""
    if "invitation" not in event.data:
        return None
    return SurveyInvitation.objects.filter(pk=event.data["invitation"], used_at=None).first()


def invite(case: Case, *, now: datetime) -> SurveyInvitation | None:
    """Ask the reporter along with the answer, whose event names the invitation; None when nobody is to be asked.

    The case is locked and was read with `asked_lately`.
    """
    reporter = case.reporter
    if reporter is None or reporter.opted_out or not reporter.email or reporter.answer_way != AnswerWay.MESSAGE:
        return None
    if was_asked_lately(case):
        return None
    return make(case, InvitationWay.MESSAGE, now=now)


def make(case: Case, way: InvitationWay, *, now: datetime, issued_by: User | None = None) -> SurveyInvitation:
    """An invitation for the round that the case is in; the caller says so in the history."""
    made = SurveyInvitation(case=case, reporter_id=case.reporter_id, round=case.round, way=way, issued_by=issued_by)
    made.salt, made.created_at, made.expires_at = secrets.token_hex(16), now, now + SURVEY_LIFE
    made.token_hash = token_hash(invitation_token(made))
    made.save()
    return made


def asked_lately(now: datetime) -> Q:
    """For a query of cases: whether its reporter was invited to rate another case, or rated one, within the pause.

    The same phone is the same person: a name or address written otherwise makes another row.
    """
    phone = Q(phone_index=OuterRef(OuterRef("reporter__phone_index"))) & ~Q(phone_index="")
    people = Reporter.objects.filter(Q(pk=OuterRef(OuterRef("reporter"))) | phone).values("pk")
    since = now - SURVEY_PAUSE
    invited = SurveyInvitation.objects.filter(reporter__in=people, created_at__gt=since)
    heard = Survey.objects.filter(case__reporter__in=people, recorded_at__gt=since).exclude(channel=SurveyChannel.NONE)
    return Exists(invited.exclude(case=OuterRef("pk"))) | Exists(heard.exclude(case=OuterRef("pk")))


def was_asked_lately(case: Case) -> bool:
    """What `asked_lately` said of a case that was read with it."""
    return bool(case.asked_lately)  # type: ignore[attr-defined]
