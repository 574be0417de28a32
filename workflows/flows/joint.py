"""The errand of joint handling (协办): it is over when the last co-handler has answered or the dispatch was taken back.

The parts that are owed are rows of ours; the errand has one step for all of them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.status import PROCESS

from cases import events
from cases.models import Team, User
from cases.terms import END_STATES, EventType
from workflows import clocks
from workflows.commands._transition import Moved, locked
from workflows.commands.handling import CoHandling, dispatch_case
from workflows.flows.lock import CaseRowLock
from workflows.models import JointHandling, JointProcess, Part


class JointFlow(flow.Flow):  # type: ignore[misc]  # viewflow has no types
    """The way of a joint handling. Running errands name these nodes: add some, never rename or delete one."""

    process_class = JointProcess
    process_title = _("协办")
    lock_impl = CaseRowLock("joint_handlings__process")

    start = flow.StartHandle(this.begin).Annotation(title=_("派遣")).Next(this.answer)
    answer = flow.Handle(this.close).Annotation(title=_("协办答复")).Next(this.end)
    end = flow.End().Annotation(title=_("结束"))

    def begin(self, activation: Any, *, joint: JointHandling, now: datetime) -> JointProcess:
        """Point the errand to its joint handling."""
        activation.process.joint, activation.process.created = joint, now
        return cast(JointProcess, activation.process)

    def close(self, activation: Any, *, actor: User) -> None:
        """Note who answered last."""
        activation.task.owner = actor


@transaction.atomic
def dispatch_jointly(
    *, case_id: int, actor: User, now: datetime, team: Team, co_handlers: Sequence[CoHandling] = (), note: str = ""
) -> Moved:
    """Dispatch a case, and start the errand of its co-handlers when it has any."""
    moved = dispatch_case(case_id=case_id, actor=actor, now=now, team=team, co_handlers=co_handlers, note=note)
    if co_handlers:
        open_joint(JointHandling.objects.get(case=moved.case, closed_at=None), now)
    return moved


def open_joint(joint: JointHandling, now: datetime) -> JointProcess:
    """Start the errand of a joint handling."""
    return cast(JointProcess, JointFlow.start.run(joint=joint, now=now))


@transaction.atomic
def answer_part(*, part_id: int, actor: User, now: datetime, answer: str) -> Part:
    """A co-handling team says what it did; the last answer ends the joint handling, and the lead team may submit.

    Raises ValidationError (answered already, owed no longer, no words), PermissionDenied (not of that team).
    """
    case = locked(Part.objects.values_list("joint__case_id", flat=True).get(pk=part_id))
    part = Part.objects.select_related("joint", "team", "clock__policy", "clock__calendar").get(pk=part_id)
    if part.joint.closed_at or not case.is_open:
        raise ValidationError(_("该件的协办已结束，无须再答复。"))
    if part.answered_at:
        raise ValidationError(_("该协办事项已答复。"))
    if not actor.grants().in_team(part.team_id):
        raise PermissionDenied("answer_part")
    if not answer.strip():
        raise ValidationError({"answer": _("请填写协办意见。")})
    part.answer, part.answered_by, part.answered_at = answer.strip(), actor, now
    part.save(update_fields=["answer", "answered_by", "answered_at"])
    log = {"part": part.pk, "team": part.team_id, "answer": part.answer}
    events.record_fact(case, EventType.PART_ANSWERED, actor=actor, at=now, data=log)
    clocks.stop_obligation(part.clock, now)
    if not part.joint.parts.filter(answered_at=None).exists():
        _finish(part.joint, actor, now)
    return part


def _finish(joint: JointHandling, actor: User, now: datetime) -> None:
    joint.closed_at = now
    joint.save(update_fields=["closed_at"])
    process = JointProcess.objects.filter(joint=joint).first()
    if process is not None:  # a case dispatched by the bare command, as an import does, has parts but no errand
        JointFlow.answer.run(process.task_set.get(flow_task=JointFlow.answer, finished=None), actor=actor)


def end_taken_back(*, now: datetime, case_id: int | None = None) -> int:
    """End the errands of joint handlings that are owed no longer; returns how many.

    `approval` calls it for the case that it has just taken back. Without a case it clears up all the rest: cases
    that ended by another road (a council found nothing to do). Running it twice changes nothing.
    """
    over = Q(closed_at=None, case__state__in=END_STATES) | Q(closed_at__isnull=False, process__status=PROCESS.NEW)
    found = JointHandling.objects.filter(over) if case_id is None else JointHandling.objects.filter(over, case=case_id)
    ended = 0
    for pk, of_case in found.order_by("pk").values_list("pk", "case_id"):
        with transaction.atomic():
            locked(of_case)
            for joint in JointHandling.objects.filter(over, pk=pk):  # still so, now that the case is locked
                _end(joint, now)
                ended += 1
    return ended


def _end(joint: JointHandling, now: datetime) -> None:
    if joint.closed_at is None:
        joint.closed_at = now
        joint.save(update_fields=["closed_at"])
    process = JointProcess.objects.filter(joint=joint, status=PROCESS.NEW).first()
    if process is not None:
        JointFlow.instance.cancel(process)
