"""The errand of signing minutes (纪要签署): it begins when a wording is final, and ends with the last signature needed.

The signatures are rows of ours; the errand has one step for all of them.
"""

from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import flow

from cases.council_terms import MinutesState
from cases.models import Minutes, MinutesVersion, Signature, User
from workflows.council import minutes, signing
from workflows.flows.lock import CouncilRowLock
from workflows.models import SigningProcess


class SigningFlow(flow.Flow):  # type: ignore[misc]  # viewflow has no types
    """The way of a wording to its signatures. Running errands name these nodes: add some, never rename one."""

    process_class = SigningProcess
    process_title = _("纪要签署")
    lock_impl = CouncilRowLock(SigningProcess, "version__minutes__meeting__council")

    start = flow.StartHandle(this.begin).Annotation(title=_("定稿")).Next(this.sign)
    sign = flow.Handle(this.conclude).Annotation(title=_("签署")).Next(this.end)
    end = flow.End().Annotation(title=_("结束"))

    def begin(self, activation: Any, *, version: MinutesVersion, actor: User, now: datetime) -> SigningProcess:
        """Point the errand to the wording."""
        activation.process.version, activation.process.created = version, now
        activation.task.owner = actor
        return cast(SigningProcess, activation.process)

    def conclude(self, activation: Any, *, actor: User) -> None:
        """Note whose signature was the last one needed."""
        activation.task.owner = actor


@transaction.atomic
def approve_minutes(*, meeting_id: int, actor: User, now: datetime) -> Minutes:
    """Fix the wording; it waits for signatures from now on. Raises as the command does."""
    found = minutes.approve_minutes(meeting_id=meeting_id, actor=actor, now=now)
    version = found.versions.filter(is_addendum=False).order_by("n").last()
    SigningFlow.start.run(version=version, actor=actor, now=now)
    return found


@transaction.atomic
def add_addendum(*, meeting_id: int, actor: User, now: datetime, body: str) -> MinutesVersion:
    """What has to be said after signing waits for signatures likewise. Raises as the command does."""
    version = minutes.add_addendum(meeting_id=meeting_id, actor=actor, now=now, body=body)
    SigningFlow.start.run(version=version, actor=actor, now=now)
    return version


@transaction.atomic
def sign_minutes(*, version_id: int, actor: User, now: datetime, sha256: str) -> Signature:
    """Sign by one's own login what was shown. Raises as the command does."""
    row = signing.sign_minutes(version_id=version_id, actor=actor, now=now, sha256=sha256)
    _end_when_enough(row.version, actor)
    return row


@transaction.atomic
def record_signature(*, version_id: int, seat_id: int, actor: User, now: datetime) -> Signature:
    """Enter a signature on paper. Raises as the command does."""
    row = signing.record_signature(version_id=version_id, seat_id=seat_id, actor=actor, now=now)
    _end_when_enough(row.version, actor)
    return row


def _end_when_enough(version: MinutesVersion, actor: User) -> None:
    if not version.is_addendum and version.minutes.state == MinutesState.APPROVED:
        return  # the last signature needed would have moved them on
    process = SigningProcess.objects.filter(version=version, finished=None).first()
    signed = set(version.signatures.values_list("seat", flat=True))
    if process is not None and signing.signers_of(version.minutes.meeting).enough(signed):
        SigningFlow.sign.run(process.task_set.get(flow_task=SigningFlow.sign, finished=None), actor=actor)
