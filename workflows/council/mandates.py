"""Mandates: one seat votes for another at one meeting, under the cap of the rules and only as told."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.council_terms import BallotChoice, MeetingState
from cases.models import Mandate, Meeting, Seat, User
from cases.terms import EventType
from workflows.council import access
from workflows.council.acts import locked, locked_council, say, words
from workflows.council.packs import rules_of

UNTIL_THE_END = (MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.IN_SESSION, MeetingState.RECESS)


@transaction.atomic
def give_mandate(  # noqa: PLR0913  # what stands in the document
    *,
    meeting_id: int,
    principal_id: int,
    holder_id: int,
    document: str,
    instructions: Mapping[str, str],
    actor: User,
    now: datetime,
) -> Mandate:
    """Note a written mandate: `instructions` say {item key: choice}, and with none it covers every item.

    Raises PermissionDenied (neither the principal nor the secretary), ValidationError (the rules forbid it, the holder
    has as many as they may, is of a barred party, or is told nothing where they must be).
    """
    council = locked_council(Meeting.objects.only("council_id").get(pk=meeting_id).council_id)
    meeting = locked(Meeting, meeting_id, "pack")
    seats = Seat.objects.filter(party__council=council, has_vote=True).select_related("party")
    principal, holder = seats.get(pk=principal_id), seats.get(pk=holder_id)
    if principal.user_id != actor.pk and not access.is_secretary_of(council, actor):
        raise PermissionDenied("give_mandate")
    _check(meeting, principal, holder, instructions)
    said = words("document", document, _("请写明委托书的编号或说明。"), longest=120)
    meeting.mandates.filter(principal=principal, revoked_at=None).update(revoked_at=now)
    mandate = Mandate.objects.create(
        meeting=meeting,
        principal=principal,
        holder=holder,
        instructions=dict(instructions),
        document=said,
        given_at=now,
    )
    say(council, EventType.MANDATE_CHANGED, actor=actor, now=now, mandate=mandate.pk, meeting=meeting.pk, move="give")
    return mandate


@transaction.atomic
def revoke_mandate(*, mandate_id: int, actor: User, now: datetime) -> Mandate:
    """The principal takes it back. Raises PermissionDenied, ValidationError (revoked before)."""
    found = Mandate.objects.select_related("meeting").get(pk=mandate_id)
    council = locked_council(found.meeting.council_id)
    mandate = locked(Mandate, mandate_id, "principal")
    if mandate.principal.user_id != actor.pk and not access.is_secretary_of(council, actor):
        raise PermissionDenied("revoke_mandate")
    if mandate.revoked_at:
        raise ValidationError(_("这份委托已经收回。"))
    mandate.revoked_at = now
    mandate.save(update_fields=["revoked_at"])
    say(
        council,
        EventType.MANDATE_CHANGED,
        actor=actor,
        now=now,
        mandate=mandate.pk,
        meeting=mandate.meeting_id,
        move="revoke",
    )
    return mandate


def _check(meeting: Meeting, principal: Seat, holder: Seat, instructions: Mapping[str, str]) -> None:
    proxy = rules_of(meeting.pack).proxy
    if meeting.state not in UNTIL_THE_END:
        raise ValidationError(_("会议已结束，不能再委托。"))
    if not proxy.allowed:
        raise ValidationError(_("本会议事规则不允许委托表决。"))
    if principal.pk == holder.pk:
        raise ValidationError({"holder": _("不能委托给本人。")})
    if holder.party.code in proxy.barred_roles:
        raise ValidationError({"holder": _("%(party)s的成员不能受托表决。") % {"party": holder.party}})
    held = meeting.mandates.filter(holder=holder, revoked_at=None).exclude(principal=principal).count()
    if held >= proxy.cap:
        raise ValidationError({"holder": _("一人最多受托 %(n)s 份，请另选。") % {"n": proxy.cap}})
    if proxy.instructed and not instructions:
        raise ValidationError({"instructions": _("须逐项写明怎样表决。")})
    items = {str(pk) for pk in meeting.items.values_list("pk", flat=True)}
    if set(instructions) - items or set(instructions.values()) - set(BallotChoice.values):
        raise ValidationError({"instructions": _("委托的议程或意见不在本次会议里，请重选。")})
