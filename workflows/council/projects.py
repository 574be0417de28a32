"""Micro-projects (微项目) until the work begins: propose, quotes, approve, contract; stop at any time. Money in fen.

Lock order: the council, then the project. The serial of the year is one for all councils: whoever proposes at the same
time in another council is told by the unique constraint, and takes the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.council_terms import (
    DECISIONS_IN_FORCE,
    FollowUpKind,
    FollowUpState,
    FundSource,
    PollOutcome,
    PollState,
    ProjectState,
)
from cases.models import Certification, Council, FollowUp, MicroProject, Milestone, Poll, Quote, User
from cases.terms import EventType
from workflows.council.acts import locked, locked_council, make, next_serial, say, words
from workflows.council.follow_up_rights import carries_out, keeps_project, may_accept_project, may_approve_project
from workflows.machines import ProjectLifecycle

MOST_TRIES = 50  # each failure means that another council got its number: so many at once there never are
WORKING_ON = (FollowUpState.ACCEPTED, FollowUpState.IN_PROGRESS, FollowUpState.REWORK)
BEFORE_CONTRACT = (ProjectState.PROPOSED, ProjectState.APPROVED)


@dataclass(frozen=True)
class Proposal:
    """What is asked for: what, how much in fen, from which fund, with which steps until which days."""

    title: str
    scope: str
    budget_fen: int
    fund_source: FundSource
    milestones: Sequence[tuple[str, date]] = ()


@transaction.atomic
def propose_project(*, follow_up_id: int, actor: User, now: datetime, proposal: Proposal) -> MicroProject:
    """Put a project forward for a follow-up that its owner has accepted; it gets the next number of the year.

    Raises PermissionDenied (not of the owner team), ValidationError.
    """
    known = FollowUp.objects.select_related("decision").get(pk=follow_up_id)
    council = locked_council(known.decision.council_id)
    follow_up = locked(FollowUp, follow_up_id, "decision")
    if not carries_out(follow_up, council, actor, timezone.localdate(now)):
        raise PermissionDenied("propose_project")
    _check_follow_up(follow_up)
    project = ProjectLifecycle(
        follow_up=follow_up,
        title=words("title", proposal.title, longest=120),
        scope=words("scope", proposal.scope, _("请写明建设内容。")),
        budget_fen=_amount("budget", proposal.budget_fen),
        fund_source=proposal.fund_source,
        proposed_by=actor,
        proposed_at=now,
    )
    steps = [(words("milestones", title, longest=80), day) for title, day in proposal.milestones]
    _save_numbered(project, now)
    Milestone.objects.bulk_create(Milestone(project=project, title=title, due_date=day) for title, day in steps)
    say_moved(project, council, "propose", actor, now, budget_fen=project.budget_fen, number=project.number)
    return project


def _check_follow_up(follow_up: FollowUp) -> None:
    if follow_up.kind != FollowUpKind.MICRO_PROJECT:
        raise ValidationError(_("这项落实事项不是微项目。"))
    if MicroProject.objects.filter(follow_up=follow_up).exists():
        raise ValidationError(_("这项落实事项已经申报了微项目。"))
    if follow_up.state not in WORKING_ON or follow_up.decision.state not in DECISIONS_IN_FORCE:
        raise ValidationError(_("落实事项接受以后、办结之前才能申报微项目。"))


def _save_numbered(project: MicroProject, now: datetime) -> None:
    for left in range(MOST_TRIES, 0, -1):
        project.year, project.serial = next_serial(MicroProject.objects, now)
        try:
            with transaction.atomic():
                project.save(force_insert=True)
        except IntegrityError:
            if left == 1:
                raise
        else:
            return


@transaction.atomic
def add_quote(*, project_id: int, actor: User, now: datetime, bidder: str, amount_fen: int) -> Quote:
    """Enter what a bidder would ask. Raises PermissionDenied, ValidationError."""
    project, council = locked_project(project_id)
    require_keeper(project, council, actor, now, "add_quote")
    if project.state not in BEFORE_CONTRACT:
        raise ValidationError(_("签约以后不能再录入报价。"))
    bidder = words("bidder", bidder, _("请填写报价单位。"), longest=80)
    if project.quotes.filter(bidder=bidder).exists():
        raise ValidationError({"bidder": _("该单位已经报过价。")})
    quote = Quote.objects.create(project=project, bidder=bidder, amount_fen=_amount("amount", amount_fen), at=now)
    say_moved(project, council, "quote", actor, now, bidder=bidder, amount_fen=quote.amount_fen)
    return quote


@transaction.atomic
def approve_project(*, project_id: int, actor: User, now: datetime, amount_fen: int) -> MicroProject:
    """Allow so much, by an overseer who did not propose it.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError (nothing allowed; the owners have not voted).
    """
    project, council = locked_project(project_id)
    make(project, "approve", amount_fen=amount_fen)
    if not may_approve_project(project, council, actor):
        raise PermissionDenied("approve_project")
    _amount("amount", amount_fen)
    if lacks_owners_vote(project):
        message = _("使用住宅专项维修资金须先经业主表决通过；这一议题还没有通过的业主表决。")
        raise ValidationError(message)
    project.save(update_fields=["state", "approved_fen"])
    say_moved(project, council, "approve", actor, now, amount_fen=amount_fen)
    return project


def lacks_owners_vote(project: MicroProject) -> bool:
    """Whether it would use the maintenance fund, and the owners' last ballot on its topic did not adopt that.

    The fund belongs to the owners: Civil Code art. 278.
    """
    if project.fund_source != FundSource.MAINTENANCE_FUND:
        return False
    item = project.follow_up.decision.item
    if item is None:
        return True
    polls = Poll.objects.filter(topic=item.topic_id, item=None, state__in=[PollState.CERTIFIED, PollState.PUBLISHED])
    newest = Certification.objects.filter(poll__in=polls).order_by("-poll", "-n").first()
    return newest is None or newest.outcome != PollOutcome.ADOPTED


@dataclass(frozen=True)
class Contract:
    """With whom, and for how much in fen: a quote that was entered, else a contractor and an amount."""

    quote_id: int | None = None
    contractor: str = ""
    amount_fen: int | None = None
    number: str = ""


@transaction.atomic
def contract_project(*, project_id: int, actor: User, now: datetime, contract: Contract) -> MicroProject:
    """Give the work out, for no more than was approved.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError.
    """
    project, council = locked_project(project_id)
    make(project, "contract_out")
    require_keeper(project, council, actor, now, "contract_project")
    quote = _quote(project, contract.quote_id)
    amount = quote.amount_fen if quote and contract.amount_fen is None else contract.amount_fen
    project.contract_fen = _amount("amount", amount)
    if project.contract_fen > (project.approved_fen or 0):
        raise ValidationError({"amount": _("合同金额不能超过批准金额。")})
    bidder = quote.bidder if quote else contract.contractor
    project.contractor = words("contractor", bidder, _("请选择一份报价，或填写施工单位。"), longest=80)
    project.contract = words("contract", contract.number, longest=80) if contract.number.strip() else ""
    project.save(update_fields=["state", "contract_fen", "contractor", "contract"])
    if quote:
        quote.is_chosen = True
        quote.save(update_fields=["is_chosen"])
    said = {"contractor": project.contractor, "amount_fen": project.contract_fen, "contract": project.contract}
    say_moved(project, council, "contract", actor, now, **said)
    return project


def _quote(project: MicroProject, quote_id: int | None) -> Quote | None:
    if quote_id is None:
        return None
    quote = project.quotes.filter(pk=quote_id).first()
    if quote is None:
        raise ValidationError({"quote": _("没有这份报价，请重新选择。")})
    return quote


@transaction.atomic
def start_project(*, project_id: int, actor: User, now: datetime) -> MicroProject:
    """The work begins. Raises TransitionNotAllowed, PermissionDenied."""
    project, council = locked_project(project_id)
    make(project, "start")
    require_keeper(project, council, actor, now, "start_project")
    project.save(update_fields=["state"])
    say_moved(project, council, "start", actor, now)
    return project


@transaction.atomic
def stop_project(*, project_id: int, actor: User, now: datetime, reason: str) -> MicroProject:
    """End it before the work is accepted, by the secretary or an overseer, and say why.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError.
    """
    project, council = locked_project(project_id)
    reason = reason.strip()
    make(project, "stop", reason=reason)
    if not may_accept_project(project, council, actor):
        raise PermissionDenied("stop_project")
    words("reason", reason, _("请写明终止的理由。"), longest=300)
    project.save(update_fields=["state", "reason"])
    say_moved(project, council, "stop", actor, now, reason=reason)
    return project


def locked_project(project_id: int) -> tuple[ProjectLifecycle, Council]:
    """A project with its council locked before it."""
    known = MicroProject.objects.select_related("follow_up__decision").get(pk=project_id)
    council = locked_council(known.follow_up.decision.council_id)
    return locked(ProjectLifecycle, project_id, "follow_up__decision__item"), council


def require_keeper(project: MicroProject, council: Council, actor: User, now: datetime, what: str) -> None:
    """Raises PermissionDenied."""
    if not keeps_project(project, council, actor, timezone.localdate(now)):
        raise PermissionDenied(what)


def say_moved(project: MicroProject, council: Council, move: str, actor: User, now: datetime, **said: Any) -> None:
    """One line in the history of the council."""
    say(council, EventType.PROJECT_MOVED, actor=actor, now=now, project=project.pk, move=move, **said)


def _amount(field: str, fen: int | None) -> int:
    if fen is None or fen <= 0:
        raise ValidationError({field: _("请填写大于零的金额。")})
    return fen
