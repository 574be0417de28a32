"""Supervision orders (督办): issue one with a number and a deadline; reply, accept, ask again, withdraw.

Lock order: the case first, then the serial of the year. The serial is held until the transaction ends, so that a number
is neither skipped nor given twice.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases import events
from cases.models import Case, CaseEvent, Team, User
from cases.terms import ClockKind, EventType, OrderState, Role
from workflows import clocks
from workflows import permissions as may
from workflows.commands._transition import locked
from workflows.models import OrderSerial, SupervisionOrder

OPEN = (OrderState.ISSUED, OrderState.REPLIED)
LONGEST = timedelta(days=365)


@transaction.atomic
def issue_order(
    *, case_id: int, actor: User, now: datetime, demand: str, due_at: datetime, team: Team | None = None
) -> SupervisionOrder:
    """Demand a reply by a date, from a team of the case or, without one, from whoever holds it; its clock starts.

    Raises PermissionDenied (not a supervisor or leader of the area), ValidationError.
    """
    case = locked(case_id)
    if not may.may_order(case, actor):
        raise PermissionDenied("issue_order")
    if not case.is_open:
        raise ValidationError(_("该件已办结，不能再督办。"))
    if case.orders.filter(state__in=OPEN).exists():
        raise ValidationError(_("该件已有一张督办单未销号，请先销号或撤销。"))
    if team is not None and team.pk not in teams_of(case):
        raise ValidationError({"team": _("只能主送本件的主办、协办单位。")})
    demand = _words("demand", demand, _("请写明督办要求。"))
    check_deadline(due_at, now)
    year = timezone.localtime(now, timezone.get_default_timezone()).year
    order = SupervisionOrder.objects.create(
        case=case,
        year=year,
        serial=_next_serial(year),
        team=team,
        unit=str(team) if team else addressee(case),
        demand=demand,
        issued_by=actor,
        issued_at=now,
    )
    event = _say(order, EventType.ORDER_ISSUED, actor, now, demand=demand, due_at=due_at)
    clocks.start_obligation(case, event, ClockKind.ORDER, owed=order, until=due_at)
    return order


@transaction.atomic
def reply_to_order(*, order_id: int, actor: User, now: datetime, reply: str) -> SupervisionOrder:
    """Say what was done; the clock stops. Raises PermissionDenied (not the one it is addressed to), ValidationError."""
    order = _locked_order(order_id, OrderState.ISSUED)
    if not may.may_reply_to_order(order, actor):
        raise PermissionDenied("reply_to_order")
    order.reply = _words("reply", reply, _("请写明办理情况。"))
    order.state, order.replied_by, order.replied_at = OrderState.REPLIED, actor, now
    order.save(update_fields=["state", "reply", "replied_by", "replied_at"])
    _say(order, EventType.ORDER_REPLIED, actor, now, reply=order.reply)
    _stop_clock(order, now)
    return order


@transaction.atomic
def accept_reply(*, order_id: int, actor: User, now: datetime, note: str = "") -> SupervisionOrder:
    """销号: the reply is enough. Never by the one who wrote it. Raises PermissionDenied, ValidationError."""
    order = _locked_order(order_id, OrderState.REPLIED)
    if not may.may_judge_reply(order, actor):
        raise PermissionDenied("accept_reply")
    _end(order, OrderState.ACCEPTED, actor, now, note.strip())
    _say(order, EventType.ORDER_ACCEPTED, actor, now, note=order.note)
    return order


@transaction.atomic
def return_reply(*, order_id: int, actor: User, now: datetime, reason: str, due_at: datetime) -> SupervisionOrder:
    """退回重报: ask again by a new date, on a clock of its own; the reply so far stays in the history.

    Raises PermissionDenied (who wrote the reply does not judge it), ValidationError.
    """
    order = _locked_order(order_id, OrderState.REPLIED)
    if not may.may_judge_reply(order, actor):
        raise PermissionDenied("return_reply")
    order.note = _words("reason", reason, _("请写明退回的理由。"))
    check_deadline(due_at, now)
    order.state, order.reply, order.replied_by, order.replied_at = OrderState.ISSUED, "", None, None
    order.save(update_fields=["state", "reply", "replied_by", "replied_at", "note"])
    event = _say(order, EventType.ORDER_RETURNED, actor, now, reason=order.note, due_at=due_at)
    clocks.start_obligation(order.case, event, ClockKind.ORDER, owed=order, until=due_at)
    return order


@transaction.atomic
def withdraw_order(*, order_id: int, actor: User, now: datetime, reason: str) -> SupervisionOrder:
    """Take an order back that was given by mistake or is settled otherwise; its number stays used.

    Raises PermissionDenied, ValidationError.
    """
    order = _locked_order(order_id, *OPEN)
    if not may.may_order(order.case, actor):
        raise PermissionDenied("withdraw_order")
    _end(order, OrderState.WITHDRAWN, actor, now, _words("reason", reason, _("请写明撤销的理由。")))
    _say(order, EventType.ORDER_WITHDRAWN, actor, now, reason=order.note)
    _stop_clock(order, now)
    return order


def teams_of(case: Case) -> list[int]:
    """The teams that an order about this case may be addressed to: the lead team first, then the co-handlers."""
    lead = [case.team_id] if case.team_id else []
    return lead + [pk for pk in case.co_teams.order_by("code").values_list("pk", flat=True) if pk not in lead]


def addressee(case: Case) -> str:
    """Whom an order to the holder of a case is addressed to, in words."""
    role = str(Role(case.holder_role).label)
    if case.holder_role == Role.TEAM_MEMBER and case.team:
        return str(case.team)
    if case.holder_role == Role.SECRETARY and case.council:
        return f"{case.council} · {role}"
    return role


def check_deadline(due_at: datetime, now: datetime) -> None:
    """A reply is due later than now and within a year."""
    if not now < due_at <= now + LONGEST:
        raise ValidationError({"due_at": _("回复期限须晚于现在，且在一年以内。")})


def _words(field: str, text: str, missing: Any) -> str:
    if not text.strip():
        raise ValidationError({field: missing})
    return text.strip()


def _next_serial(year: int) -> int:
    """The next number of the year; whoever comes at the same time waits here until this transaction ends."""
    OrderSerial.objects.get_or_create(year=year)
    OrderSerial.objects.filter(year=year).update(last=F("last") + 1)
    return OrderSerial.objects.values_list("last", flat=True).get(year=year)


def _locked_order(order_id: int, *states: OrderState) -> SupervisionOrder:
    """An order in one of the states, with its case locked: nobody else can change it now."""
    known = SupervisionOrder.objects.only("case_id").get(pk=order_id)  # never changes
    case = locked(known.case_id)
    order = SupervisionOrder.objects.select_related("team").get(pk=order_id)
    order.case = case
    if order.state not in states:
        said = {"number": order.number, "state": order.get_state_display()}
        raise ValidationError(_("督办单%(number)s%(state)s，不能这样办理。") % said)
    return order


def _say(
    order: SupervisionOrder, event_type: EventType, actor: User, now: datetime, **said: str | datetime
) -> CaseEvent:
    """Record what happened to an order: which, to whom it is addressed, and what is said."""
    to = {"team": order.team_id} if order.team_id else {"unit": order.unit}
    log = {"order": order.pk, "number": order.number, **to, **said}
    return events.record_fact(order.case, event_type, actor=actor, at=now, data=log)


def _stop_clock(order: SupervisionOrder, now: datetime) -> None:
    for clock in order.clocks.filter(stopped_at=None).select_related("policy", "calendar"):
        clocks.stop_obligation(clock, now)


def _end(order: SupervisionOrder, state: OrderState, actor: User, now: datetime, note: str) -> None:
    order.state, order.ended_by, order.ended_at, order.note = state, actor, now, note
    order.save(update_fields=["state", "ended_by", "ended_at", "note"])
