"""Asking to have an owners' ballot declared void: by who runs it, with a reason; `polls.void_poll` agrees."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_fsm import can_proceed

from cases.models import Poll, User
from cases.terms import EventType
from workflows.council.acts import say, words
from workflows.council.owners_votes import runs_ballot
from workflows.council.polls import locked_poll


@transaction.atomic
def ask_to_void_ballot(*, poll_id: int, actor: User, now: datetime, reason: str) -> Poll:
    """Ask for it. Raises PermissionDenied, ValidationError (no reason, not open any more or not yet)."""
    council, poll = locked_poll(poll_id)
    if poll.item_id is not None or not runs_ballot(poll, actor):
        raise PermissionDenied("ask_to_void_ballot")
    if not can_proceed(poll.void):
        raise ValidationError(_("这次表决现在不能作废：还没有开始、已经公布或已经作废。"))
    poll.void_reason = words("reason", reason, _("请写明为什么作废。"), longest=300)
    poll.void_asked_by = actor
    poll.save(update_fields=["void_reason", "void_asked_by"])
    said = {"poll": poll.pk, "move": "ask", "reason": poll.void_reason}
    say(council, EventType.POLL_VOIDED, actor=actor, now=now, **said)
    return poll
