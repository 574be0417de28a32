"""Refer a case to a council, take it back, and carry the council's decision to it.

Lock order: the council first, for the number of its topic, then the case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases import events
from cases.council_terms import DecisionState, ItemState, TopicState
from cases.models import AgendaItem, Area, Case, Category, Council, Decision, FollowUp, Team, Topic, User
from cases.terms import DecisionOutcome, EventType, MatterType, Priority, Source, State
from workflows.commands._transition import Moved, locked, transition
from workflows.commands.intake import Report, accept_case, open_case
from workflows.machines import TopicLifecycle
from workflows.permissions import Actor

ON_THE_AGENDA = (ItemState.ACCEPTED, ItemState.ANNOUNCED, ItemState.IN_DISCUSSION, ItemState.POLLING)
NOT_YET_IN_FORCE = (DecisionState.PROVISIONAL, DecisionState.IN_PUBLICATION, DecisionState.SUSPENDED)


@dataclass(frozen=True)
class Task:
    """One thing that follows from a decision."""

    what: str
    owner: Team
    due_date: date


@dataclass(frozen=True)
class DecisionRecord:
    """What was decided on paper: follow-ups with owner and date, or an explicit "nothing to do" with its reason."""

    number: str
    outcome: DecisionOutcome
    text: str
    decided_on: date
    follow_ups: Sequence[Task] = ()
    nothing_to_do: str = ""


@transaction.atomic
def refer_to_council(
    *, case_id: int, actor: User, now: datetime, council: Council, matter: MatterType, question: str
) -> Moved:
    """Ask a council: the question becomes a topic there; the clock of the stage waits, the council's own starts."""
    if not question.strip():
        raise ValidationError({"question": _("请写明提请议事会议什么。")})
    body = Council.objects.select_for_update().get(pk=council.pk)
    if not body.active:
        raise ValidationError({"council": _("该议事会已停用，请另选。")})
    log = {"council": council.pk, "matter": matter, "question": question.strip()}
    moved = transition("refer_to_council", case_id, actor=actor, now=now, log=log, council=body)
    _propose(body, moved.case, matter, question.strip(), actor, now)
    return moved


def _propose(council: Council, case: Case, matter: str, question: str, actor: User, now: datetime) -> Topic:
    year = timezone.localtime(now, timezone.get_default_timezone()).year
    last = Topic.objects.filter(council=council, year=year).aggregate(last=Max("serial"))["last"] or 0
    topic = Topic.objects.create(
        council=council,
        year=year,
        serial=last + 1,
        title=case.title,
        text=question,
        matter=matter,
        proposer=str(case.team or actor)[:60],
        proposed_by=actor,
        proposed_at=now,
    )
    topic.cases.add(case)
    data = {"topic": topic.pk, "number": topic.number, "case": case.number, "matter": matter}
    events.record_in_council(council, EventType.TOPIC_PROPOSED, actor=actor, at=now, data=data)
    return topic


@dataclass(frozen=True)
class Matter:
    """What a council brings itself: it becomes a case like any other, with a number, clocks and an outcome."""

    title: str
    text: str
    matter: MatterType
    area: Area
    category: Category


@transaction.atomic
def propose_matter(*, council_id: int, proposal: Matter, actor: User, now: datetime) -> Topic:
    """A secretary puts a matter on the list: reported, taken on and referred in one step.

    Raises PermissionDenied (no secretary of the council), ValidationError (a missing word, a place elsewhere).
    """
    council = Council.objects.select_for_update(of=("self",)).select_related("area").get(pk=council_id)
    missing = {name: _("请填写此项。") for name in ("title", "text") if not getattr(proposal, name).strip()}
    if missing:
        raise ValidationError(missing)
    if not proposal.area.path.startswith(council.area.path) and not council.area.path.startswith(proposal.area.path):
        raise ValidationError({"area": _("地点不在该议事会的区域内，请另选。")})
    report = Report(
        area=proposal.area,
        title=proposal.title,
        description=proposal.text,
        category=proposal.category,
        source=Source.COUNCIL,
    )
    case = open_case(report, council=council, actor=actor, now=now)
    accept_case(case_id=case.pk, actor=actor, now=now, category=proposal.category, priority=Priority.NORMAL)
    refer_to_council(
        case_id=case.pk, actor=actor, now=now, council=council, matter=proposal.matter, question=proposal.text
    )
    return Topic.objects.get(cases=case.pk)


@transaction.atomic
def return_from_council(*, case_id: int, actor: User, now: datetime, reason: str) -> Moved:
    """Give a case back that the council does not take up; the clock of its stage goes on.

    A topic that nobody has looked at yet and that rests on this case alone is rejected with it.
    Raises ValidationError while the topic is on the list of the council: it is decided on or taken off there.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("请写明退回提请的理由。")})
    council_id = Case.objects.values_list("council_id", flat=True).get(pk=case_id)
    council = Council.objects.select_for_update().get(pk=council_id)
    said = reason.strip()
    moved = transition(
        "return_from_council", case_id, actor=actor, now=now, log={"council": council.pk, "reason": said}
    )
    topics = TopicLifecycle.objects.filter(council=council, cases=case_id)
    if topics.filter(state=TopicState.ACCEPTED).exists():
        raise ValidationError(_("本件已列为议题，请在议题页处理。"))
    for topic in topics.filter(state=TopicState.PENDING):
        if topic.cases.exclude(pk=case_id).exists():
            topic.cases.remove(case_id)
            continue
        topic.reject()
        topic.reason, topic.screened_by, topic.screened_at = said[:300], actor, now
        topic.save(update_fields=["state", "reason", "screened_by", "screened_at"])
        data = {"topic": topic.pk, "move": "reject", "reason": said}
        events.record_in_council(council, EventType.TOPIC_SCREENED, actor=actor, at=now, data=data)
    return moved


@transaction.atomic
def carry_decision(*, case_id: int, decision: Decision, actor: Actor, now: datetime) -> Moved | None:
    """Move a case on by a decision that took effect; None when it is no longer with the council (voided, merged).

    The council is locked by the caller.
    """
    case = locked(case_id)
    if case.council_id != decision.council_id or case.state != State.DELIBERATING:
        return None
    owed = decision.follow_ups.order_by("due_date", "pk")
    follow_ups = [{"what": f.what, "owner": f.owner_id, "due_date": f.due_date} for f in owed]
    return _take(case, decision, follow_ups, actor, now)


def _take(case: Case, decision: Decision, follow_ups: list[dict[str, object]], actor: Actor, now: datetime) -> Moved:
    log = {
        "council": decision.council_id,
        "number": decision.number,
        "outcome": decision.outcome,
        "text": decision.text,
        "nothing_to_do": decision.nothing_to_do,
        "follow_ups": follow_ups,
    }
    return transition(
        "take_decision",
        case.pk,
        case=case,  # type: ignore[arg-type]  # locked() gives the one that can move
        actor=actor,
        now=now,
        log=log,
        nothing_to_do=bool(decision.nothing_to_do),
        text=decision.text,
    )


@transaction.atomic
def take_decision(*, case_id: int, actor: User, now: datetime, decision: DecisionRecord) -> Moved:
    """Record a decision that was taken on paper, and move the case on.

    It goes back to its team, to dispatch, or to verification when nothing is to do.
    """
    case = locked(case_id)
    _check_decision(decision, now)
    _check_not_here(case_id)
    council = case.council
    if council is not None and Decision.objects.filter(council=council, number=decision.number.strip()).exists():
        raise ValidationError({"number": _("该决议编号已用过，请核对。")})
    row = Decision(
        case=case,
        council=cast(Council, council),  # a deliberating case has one
        number=decision.number.strip(),
        outcome=decision.outcome,
        text=decision.text.strip(),
        decided_on=decision.decided_on,
        nothing_to_do=decision.nothing_to_do.strip(),
        recorded_by=actor,
        recorded_at=now,
    )
    follow_ups = [{"what": f.what, "owner": f.owner.pk, "due_date": f.due_date} for f in decision.follow_ups]
    moved = _take(case, row, follow_ups, actor, now)
    row.save()
    FollowUp.objects.bulk_create(
        FollowUp(decision=row, what=f.what.strip(), owner=f.owner, due_date=f.due_date) for f in decision.follow_ups
    )
    return moved


def _check_not_here(case_id: int) -> None:
    """What is on an agenda here is decided on here, and takes effect when it has hung out."""
    if AgendaItem.objects.filter(topic__cases=case_id, state__in=ON_THE_AGENDA).exists():
        raise ValidationError(_("本件已列入会议议程，请在会议上议定。"))
    if Decision.objects.filter(item__topic__cases=case_id, state__in=NOT_YET_IN_FORCE).exists():
        raise ValidationError(_("本件的决议已形成，公示期满后自动落实，不用另行录入。"))


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
