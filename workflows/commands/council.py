"""Refer a case to a council, and carry its decision back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Council, Decision, FollowUp, Team, User
from cases.terms import DecisionOutcome, MatterType
from workflows.commands._transition import Moved, locked, transition


@dataclass(frozen=True)
class Task:
    """One thing that follows from a decision."""

    what: str
    owner: Team
    due_date: date


@dataclass(frozen=True)
class DecisionRecord:
    """What was decided: follow-ups with owner and date, or an explicit "nothing to do" with its reason."""

    number: str
    outcome: DecisionOutcome
    text: str
    decided_on: date
    follow_ups: Sequence[Task] = ()
    nothing_to_do: str = ""


def refer_to_council(
    *, case_id: int, actor: User, now: datetime, council: Council, matter: MatterType, question: str
) -> Moved:
    """Ask a council; the clock of the stage waits, the council's own clock starts."""
    if not question.strip():
        raise ValidationError({"question": _("请写明提请议事会议什么。")})
    if not council.active:
        raise ValidationError({"council": _("该议事会已停用，请另选。")})
    log = {"council": council.pk, "matter": matter, "question": question.strip()}
    return transition("refer_to_council", case_id, actor=actor, now=now, log=log, council=council)


@transaction.atomic
def take_decision(*, case_id: int, actor: User, now: datetime, decision: DecisionRecord) -> Moved:
    """Record the decision; the case goes back to its team, to dispatch, or to verification when nothing is to do."""
    case = locked(case_id)
    _check_decision(decision, now)
    council = case.council
    if council is not None and Decision.objects.filter(council=council, number=decision.number.strip()).exists():
        raise ValidationError({"number": _("该决议编号已用过，请核对。")})
    log = {
        "council": case.council_id,
        "number": decision.number.strip(),
        "outcome": decision.outcome,
        "text": decision.text.strip(),
        "nothing_to_do": decision.nothing_to_do.strip(),
        "follow_ups": [{"what": f.what, "owner": f.owner.pk, "due_date": f.due_date} for f in decision.follow_ups],
    }
    moved = transition(
        "take_decision",
        case_id,
        case=case,
        actor=actor,
        now=now,
        log=log,
        nothing_to_do=bool(decision.nothing_to_do.strip()),
        text=decision.text.strip(),
    )
    _write(decision, moved.case, actor, now)
    return moved


def _check_decision(decision: DecisionRecord, now: datetime) -> None:
    wrong = {name: _("请填写此项。") for name in ("number", "text") if not getattr(decision, name).strip()}
    if decision.decided_on > timezone.localdate(now):
        wrong["decided_on"] = _("议定日期不能晚于今天。")
    if bool(decision.follow_ups) == bool(decision.nothing_to_do.strip()):
        wrong["nothing_to_do"] = _("请填写落实事项（责任单位和日期），或写明无须落实的理由，二者填其一。")
    if any(f.due_date < decision.decided_on for f in decision.follow_ups):
        wrong["due_date"] = _("完成日期不能早于议定日期。")
    if wrong:
        raise ValidationError(wrong)


def _write(decision: DecisionRecord, case: Case, actor: User, now: datetime) -> None:
    row = Decision.objects.create(
        case=case,
        council=cast(Council, case.council),  # a deliberating case has one
        number=decision.number.strip(),
        outcome=decision.outcome,
        text=decision.text.strip(),
        decided_on=decision.decided_on,
        nothing_to_do=decision.nothing_to_do.strip(),
        recorded_by=actor,
        recorded_at=now,
    )
    FollowUp.objects.bulk_create(
        FollowUp(decision=row, what=f.what.strip(), owner=f.owner, due_date=f.due_date) for f in decision.follow_ups
    )
