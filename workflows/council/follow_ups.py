"""Follow-ups (落实事项): plan, start, accept, report, finish, verify, send back, cancel; what is left ends a decision.

Lock order: the council first, then the follow-up and its decision, then the case and its clocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases import events
from cases.council_terms import DECISIONS_IN_FORCE, OWED_FOLLOW_UPS, DecisionState, FollowUpKind, FollowUpState
from cases.models import Case, CaseEvent, Council, Decision, FollowUp, ProgressEntry, Team, User
from cases.terms import ClockKind, EventType
from workflows import clocks, limits
from workflows.commands._transition import locked as locked_case
from workflows.council import access
from workflows.council.acts import locked, locked_council, make, say, words
from workflows.council.follow_up_rights import carries_out, may_verify, unsettled_project
from workflows.limits import NoLimit
from workflows.machines import DecisionLifecycle, FollowUpLifecycle
from workflows.models import Clock

LONGEST_WORDS = 200
LAST_SECOND = time(23, 59, 59)
LONGEST = timedelta(days=3 * 365)  # a day further off is a slip of the keyboard
ENDED = (FollowUpState.VERIFIED, FollowUpState.CANCELLED)


@dataclass(frozen=True)
class Planned:
    """One thing that is to follow: what kind, what, by whom, until which day."""

    kind: FollowUpKind
    what: str
    owner: Team
    due_date: date


@transaction.atomic
def plan_follow_ups(
    *, decision_id: int, actor: User, now: datetime, tasks: Sequence[Planned] = (), nothing_to_do: str = ""
) -> list[FollowUp]:
    """Say what follows from a decision that is not published yet, or why nothing does; replaces an earlier plan.

    Raises PermissionDenied (no secretary), ValidationError (published already, both or neither, a day gone by).
    """
    council = _council_of(decision_id)
    decision = locked(Decision, decision_id)
    access.require_secretary(council, actor, "plan_follow_ups")
    if decision.state != DecisionState.PROVISIONAL:
        raise ValidationError(_("决议已公示，落实安排不能再改。"))
    reason = nothing_to_do.strip()
    _check_plan(tasks, reason, now)
    decision.follow_ups.all().delete()  # a plan that nobody was shown: nothing hangs on it yet
    decision.nothing_to_do = reason
    decision.save(update_fields=["nothing_to_do"])
    rows = FollowUp.objects.bulk_create(
        FollowUp(decision=decision, kind=t.kind, what=t.what.strip(), owner=t.owner, due_date=t.due_date) for t in tasks
    )
    say(
        council,
        EventType.FOLLOW_UP_MOVED,
        actor=actor,
        now=now,
        decision=decision.pk,
        move="plan",
        follow_ups=[{"what": row.what, "owner": row.owner_id, "due_date": row.due_date} for row in rows],
        nothing_to_do=reason,
    )
    return rows


def _check_plan(tasks: Sequence[Planned], reason: str, now: datetime) -> None:
    wrong: dict[str, Any] = {}
    if bool(tasks) == bool(reason):
        wrong["nothing_to_do"] = _("请填写落实事项（责任单位和日期），或写明无须落实的理由，二者填其一。")
    if reason:
        words("nothing_to_do", reason, longest=LONGEST_WORDS)
    for task in tasks:
        words("what", task.what, _("请写明要落实什么。"), longest=LONGEST_WORDS)
        if not task.owner.active:
            wrong["owner"] = _("该工作队已停用，请另选。")
        wrong |= _wrong_day(task.due_date, now)
    if wrong:
        raise ValidationError(wrong)


def _wrong_day(day: date, now: datetime) -> dict[str, Any]:
    today = timezone.localdate(now)
    if day < today:
        return {"due_date": _("完成日期不能早于今天。")}
    return {"due_date": _("完成日期太远，请核对年份。")} if day > today + LONGEST else {}


def start_follow_ups(decision: Decision, *, event: CaseEvent | None, actor: User | None, now: datetime) -> None:
    """Start the clocks of what follows from a decision that took effect or was upheld; council and case are locked.

    `event` is what the case was told of the decision: its case is the one to write to, when it is that of the
    decision. A follow-up that is watched already keeps its clock.
    """
    watched = set(
        Clock.objects.filter(follow_up__decision=decision, stopped_at=None).values_list("follow_up", flat=True)
    )
    open_ones = decision.follow_ups.filter(state__in=OWED_FOLLOW_UPS).select_related("owner")
    owed = [follow_up for follow_up in open_ones if follow_up.pk not in watched]
    if not owed:
        return
    known = event is not None and event.case_id == decision.case_id
    case = event.case if event is not None and known else locked_case(decision.case_id)
    for follow_up in owed:
        _start(follow_up, case, actor=actor, now=now)


def stop_follow_ups(decision: Decision, *, now: datetime) -> None:
    """The decision is suspended, annulled or replaced: nothing is owed for now. Council and case are locked."""
    for follow_up in decision.follow_ups.all():
        _stop(follow_up, now)


def _start(
    follow_up: FollowUp, case: Case, *, actor: User | None, now: datetime, day: date | None = None, reason: str = ""
) -> None:
    """A clock until the close of the due day; by the limit for follow-ups when that day is over before it began."""
    until = close_of(case, follow_up.owner, day or follow_up.due_date, now)
    data: dict[str, Any] = {"follow_up": follow_up.pk, "what": follow_up.what, "team": follow_up.owner_id}
    if reason:
        data["reason"] = reason
    data["due_date"] = day or follow_up.due_date
    event = events.record_fact(case, EventType.FOLLOW_UP_STARTED, actor=actor, at=now, data=data)
    clocks.start_obligation(
        case,
        event,
        ClockKind.FOLLOW_UP,
        owed=follow_up,
        until=until if until > now else None,
        team=follow_up.owner,
    )


def _stop(follow_up: FollowUp, now: datetime) -> None:
    for clock in follow_up.clocks.filter(stopped_at=None).select_related("policy", "calendar"):
        clocks.stop_obligation(clock, now)


def close_of(case: Case, team: Team, day: date, at: datetime) -> datetime:
    """When a due day ends: at the close of its working time, on a day off with the day itself."""
    fitting = limits.applicable(case, [ClockKind.FOLLOW_UP], at)
    policy = fitting.policies.get(ClockKind.FOLLOW_UP)
    if policy is None:
        raise NoLimit(ClockKind.FOLLOW_UP)
    calendar = limits.work_calendar(fitting.calendar(policy, team))
    if calendar.is_working_day(day):
        return calendar.close_of(day)
    return datetime.combine(day, LAST_SECOND, calendar.zone)


@transaction.atomic
def accept_follow_up(*, follow_up_id: int, actor: User, now: datetime) -> FollowUp:
    """The owner takes it on; with the first one the decision is being carried out.

    Raises TransitionNotAllowed, PermissionDenied (not of the owner team), ValidationError (decision not in force).
    """
    follow_up, council = _locked(follow_up_id)
    make(follow_up, "accept")
    _require_owner(follow_up, council, actor, now, "accept_follow_up")
    follow_up.save(update_fields=["state"])
    _moved(follow_up, council, "accept", actor, now)
    _carry_on(follow_up, council, actor, now)
    return follow_up


@transaction.atomic
def report_progress(*, follow_up_id: int, actor: User, now: datetime, percent: int, text: str) -> ProgressEntry:
    """Say how far it is. Raises TransitionNotAllowed, PermissionDenied, ValidationError (share, words)."""
    follow_up, council = _locked(follow_up_id)
    make(follow_up, "report")
    _require_owner(follow_up, council, actor, now, "report_progress")
    if not 0 <= percent <= 100:  # noqa: PLR2004  # per cent
        raise ValidationError({"percent": _("进度填 0 到 100 的整数。")})
    entry = _entry(follow_up, actor, now, percent, words("text", text, _("请写明做到哪一步了。")))
    follow_up.progress = percent
    follow_up.save(update_fields=["state", "progress"])
    _moved(follow_up, council, "report", actor, now, percent=percent)
    return entry


@transaction.atomic
def finish_follow_up(*, follow_up_id: int, actor: User, now: datetime, text: str) -> FollowUp:
    """Say that it is done: the clock stops, somebody else looks at it.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError (no words, a micro-project that is not settled).
    """
    follow_up, council = _locked(follow_up_id)
    make(follow_up, "finish")
    _require_owner(follow_up, council, actor, now, "finish_follow_up")
    if follow_up.kind == FollowUpKind.MICRO_PROJECT and unsettled_project(follow_up):
        raise ValidationError(_("微项目还没有结算或终止，办完再报完成。"))
    _entry(follow_up, actor, now, 100, words("text", text, _("请写明做了什么、结果怎样。")))
    follow_up.progress, follow_up.done_by = 100, actor
    follow_up.save(update_fields=["state", "progress", "done_by"])
    locked_case(follow_up.decision.case_id)
    _stop(follow_up, now)
    _moved(follow_up, council, "finish", actor, now)
    return follow_up


def _entry(follow_up: FollowUp, actor: User, now: datetime, percent: int, text: str) -> ProgressEntry:
    return ProgressEntry.objects.create(follow_up=follow_up, percent=percent, text=text, by=actor, at=now)


@transaction.atomic
def verify_follow_up(*, follow_up_id: int, actor: User, now: datetime, note: str = "") -> FollowUp:
    """It is done as decided; with the last one the decision is carried out.

    Raises TransitionNotAllowed, PermissionDenied (neither secretary nor overseer, or who reported it done).
    """
    follow_up, council = _locked(follow_up_id)
    make(follow_up, "verify", at=now)
    _require_verifier(follow_up, council, actor, "verify_follow_up")
    follow_up.save(update_fields=["state", "ended_at"])
    _ended(follow_up, council, "verify", actor, now, note=note.strip())
    return follow_up


@transaction.atomic
def send_back_follow_up(
    *, follow_up_id: int, actor: User, now: datetime, reason: str, due_date: date | None = None
) -> FollowUp:
    """Not as decided: a new clock until the same day or, when that is over, a new one that must be given.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError.
    """
    follow_up, council = _locked(follow_up_id)
    make(follow_up, "send_back")
    _require_verifier(follow_up, council, actor, "send_back_follow_up")
    reason = words("reason", reason, _("请写明还差什么。"))
    day = due_date or follow_up.due_date
    wrong = _wrong_day(day, now)
    case = locked_case(follow_up.decision.case_id)
    if not wrong and close_of(case, follow_up.owner, day, now) <= now:
        wrong = {"due_date": _("原定日期已过，请定一个新的完成日期。")}
    if wrong:
        raise ValidationError(wrong)
    follow_up.due_date, follow_up.done_by = day, None
    follow_up.save(update_fields=["state", "due_date", "done_by"])
    _moved(follow_up, council, "send_back", actor, now, reason=reason, due_date=day)
    _start(follow_up, case, actor=actor, now=now, reason=reason)
    return follow_up


@transaction.atomic
def cancel_follow_up(*, follow_up_id: int, actor: User, now: datetime, reason: str) -> FollowUp:
    """Owed no longer, on the word of an overseer. Raises TransitionNotAllowed, PermissionDenied, ValidationError."""
    follow_up, council = _locked(follow_up_id, in_force=False)
    make(follow_up, "cancel", at=now)
    access.require_overseer(council, actor, "cancel_follow_up")
    reason = words("reason", reason, _("请写明为什么不再落实。"))
    if unsettled_project(follow_up) and hasattr(follow_up, "project"):
        raise ValidationError(_("这件事的微项目还在进行，请先终止微项目。"))
    follow_up.save(update_fields=["state", "ended_at"])
    _ended(follow_up, council, "cancel", actor, now, reason=reason)
    return follow_up


def settle_owners_ballot(follow_up: FollowUp, *, actor: User, now: datetime, text: str) -> None:
    """The owners have voted: what the follow-up asked for is done. For an owners' ballot; the council is locked.

    Nothing happens when it is not owed any more.
    """
    if follow_up.state == FollowUpState.OPEN:
        accept_follow_up(follow_up_id=follow_up.pk, actor=actor, now=now)
    if FollowUp.objects.filter(pk=follow_up.pk, state__in=OWED_FOLLOW_UPS).exists():
        finish_follow_up(follow_up_id=follow_up.pk, actor=actor, now=now, text=text)


def _council_of(decision_id: int) -> Council:
    return locked_council(Decision.objects.only("council_id").get(pk=decision_id).council_id)


def _locked(follow_up_id: int, *, in_force: bool = True) -> tuple[FollowUpLifecycle, Council]:
    """A follow-up with its council locked. Raises ValidationError when its decision is not in force.

    Raises FollowUp.DoesNotExist for what follows from a decision on paper: it is done with its case.
    """
    known = FollowUp.objects.filter(decision__item__isnull=False).only("decision_id").get(pk=follow_up_id)
    council = _council_of(known.decision_id)
    follow_up = locked(FollowUpLifecycle, follow_up_id, "decision", "owner")
    if in_force and follow_up.decision.state not in DECISIONS_IN_FORCE:
        said = {"state": follow_up.decision.get_state_display()}
        raise ValidationError(_("决议现在是「%(state)s」，落实事项不能办理。") % said)
    return follow_up, council


def _require_owner(follow_up: FollowUp, council: Council, actor: User, now: datetime, what: str) -> None:
    if not carries_out(follow_up, council, actor, timezone.localdate(now)):
        raise PermissionDenied(what)


def _require_verifier(follow_up: FollowUp, council: Council, actor: User, what: str) -> None:
    if not may_verify(follow_up, council, actor):
        raise PermissionDenied(what)


def _moved(follow_up: FollowUp, council: Council, move: str, actor: User, now: datetime, **said: Any) -> None:
    say(
        council,
        EventType.FOLLOW_UP_MOVED,
        actor=actor,
        now=now,
        follow_up=follow_up.pk,
        decision=follow_up.decision_id,
        team=follow_up.owner_id,
        move=move,
        **said,
    )


def _ended(follow_up: FollowUp, council: Council, move: str, actor: User, now: datetime, **said: Any) -> None:
    """Say it in both histories, stop the clock, and end the decision when this was the last."""
    _moved(follow_up, council, move, actor, now, **said)
    case = locked_case(follow_up.decision.case_id)
    data = {"follow_up": follow_up.pk, "what": follow_up.what, "team": follow_up.owner_id, **said}
    events.record_fact(case, EventType.FOLLOW_UP_ENDED, actor=actor, at=now, data=data | {"outcome": follow_up.state})
    _stop(follow_up, now)
    _carry_on(follow_up, council, actor, now)


def _carry_on(follow_up: FollowUp, council: Council, actor: User, now: datetime) -> None:
    """A decision in force is being carried out from the first word of an owner, and carried out with the last."""
    decision = locked(DecisionLifecycle, follow_up.decision_id)
    if decision.state not in DECISIONS_IN_FORCE:
        return
    is_over = not decision.follow_ups.exclude(state__in=ENDED).exists()
    moves = ["implement"] if decision.state != DecisionState.IMPLEMENTING else []
    for move in [*moves, *(["finish"] if is_over else [])]:
        make(decision, move)
        decision.save(update_fields=["state"])
        say(council, EventType.DECISION_MOVED, actor=actor, now=now, decision=decision.pk, move=move)
