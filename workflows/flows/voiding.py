"""The errand of declaring a poll void (表决作废): one person asks, an overseer who is another decides."""

from datetime import datetime
from typing import Any, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import flow

from cases.models import Poll, User
from workflows.council import access, polls
from workflows.council.owners_void import ask_to_void_ballot
from workflows.flows.lock import CouncilRowLock
from workflows.models import VoidingProcess


class VoidingFlow(flow.Flow):  # type: ignore[misc]  # viewflow has no types
    """The way of a request to void. Running errands name these nodes: add some, never rename or delete one."""

    process_class = VoidingProcess
    process_title = _("表决作废")
    lock_impl = CouncilRowLock(VoidingProcess, "poll__council")

    start = flow.StartHandle(this.begin).Annotation(title=_("提请作废")).Next(this.decide)
    decide = flow.Handle(this.conclude).Annotation(title=_("审定")).Next(this.end)
    end = flow.End().Annotation(title=_("结束"))

    def begin(self, activation: Any, *, poll: Poll, actor: User, now: datetime) -> VoidingProcess:
        """Point the errand to its poll."""
        activation.process.poll, activation.process.created = poll, now
        activation.task.owner = actor
        return cast(VoidingProcess, activation.process)

    def conclude(self, activation: Any, *, actor: User) -> None:
        """Note who decided; the command has made the move."""
        activation.task.owner = actor


@transaction.atomic
def ask_to_void(*, poll_id: int, actor: User, now: datetime, reason: str) -> Poll:
    """Ask to have a poll, or a ballot of all owners, declared void.

    Raises PermissionDenied (not who runs it), ValidationError (no reason, too late, asked already).
    """
    of_owners = Poll.objects.only("item_id").get(pk=poll_id).item_id is None
    ask = ask_to_void_ballot if of_owners else polls.ask_to_void
    if _running(poll_id) is not None:
        raise ValidationError(_("已经有人提请作废，等督办员审定。"))
    poll = ask(poll_id=poll_id, actor=actor, now=now, reason=reason)
    VoidingFlow.start.run(poll=poll, actor=actor, now=now)
    return poll


@transaction.atomic
def decide_voiding(*, poll_id: int, actor: User, now: datetime, agree: bool, note: str = "") -> Poll:
    """Agree, and the poll is void with its ballots kept; or decline, and it goes on.

    Raises TransitionNotAllowed, PermissionDenied (no overseer, or who asked), ValidationError (nobody asked).
    """
    council, _poll = polls.locked_poll(poll_id)
    if not access.is_overseer_of(council, actor):
        raise PermissionDenied("decide_voiding")
    process = _running(poll_id)
    if process is None:
        raise ValidationError(_("还没有人提请作废。"))
    decide = polls.void_poll if agree else polls.decline_to_void
    poll = decide(poll_id=poll_id, actor=actor, now=now, **({} if agree else {"note": note}))
    VoidingFlow.decide.run(process.task_set.get(flow_task=VoidingFlow.decide, finished=None), actor=actor)
    return poll


def _running(poll_id: int) -> VoidingProcess | None:
    process: VoidingProcess | None = VoidingProcess.objects.filter(poll=poll_id, finished=None).first()
    return process
