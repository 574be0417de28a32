"""Leave: registered by the person or for them, ended early by them, by who registered it or answers for their work."""

from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import User
from workflows.leaves import colleagues_of, may_stand_in, overseen_leaves
from workflows.models import Leave, LeaveNews

LONGEST = timedelta(days=366)


def take_leave(*, actor: User, substitute: User, first: date, end: date, now: datetime) -> Leave:
    """Be away on [first, end), with somebody to hear of what comes. Raises ValidationError with the field."""
    return _register(actor, substitute, first, end, now, by=actor)


def register_leave(*, actor: User, user: User, substitute: User, first: date, end: date, now: datetime) -> Leave:
    """The same for a colleague who cannot; they are told of it, and may end it.

    Raises PermissionDenied (not of the actor's area or team, or with roles beyond it), ValidationError.
    """
    if not colleagues_of(actor, timezone.localdate(now)).filter(pk=user.pk).exists():
        raise PermissionDenied("register_leave")
    return _register(user, substitute, first, end, now, by=actor)


@transaction.atomic
def _register(user: User, substitute: User, first: date, end: date, now: datetime, *, by: User) -> Leave:
    # Both are locked in one order, so that two who name each other at the same moment come one after the other.
    list(User.objects.select_for_update().filter(pk__in=[user.pk, substitute.pk]).order_by("pk").values_list("pk"))
    today = timezone.localdate(now)
    if first < today:
        raise ValidationError({"first": _("开始日期不能早于今天。")})
    if end <= first or end - first > LONGEST:
        raise ValidationError({"last": _("最后一天须不早于开始日期，最长一年。")})
    if not may_stand_in(user, today).filter(pk=substitute.pk).exists():
        raise ValidationError({"substitute": _("只能请同一工作队、议事会或辖区的同事代理。")})
    if own := Leave.objects.meeting(first, end).filter(user=user).first():
        said = {"first": own.valid_from, "last": own.last_day}
        raise ValidationError({"first": _("%(first)s 至 %(last)s 已登记休假，请先结束它或改日期。") % said})
    if circle := _leads_back(user, substitute, first, end):
        raise ValidationError({"substitute": circle})
    return Leave.objects.create(
        user=user,
        substitute=substitute,
        valid_from=first,
        valid_to=end,
        created_at=now,
        registered_by=by,
        news="" if by == user else LeaveNews.REGISTERED,
    )


def _leads_back(user: User, substitute: User, first: date, end: date) -> str:
    """Why the chain of substitutes in these days would come back to the person; empty when it does not."""
    rows = Leave.objects.meeting(first, end).select_related("user", "substitute")
    nexts: dict[int, list[Leave]] = {}
    for row in rows:
        nexts.setdefault(row.user_id, []).append(row)
    seen, waiting = set(), [substitute.pk]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for row in nexts.get(one, []):
            if row.substitute_id == user.pk:
                said = {"name": row.user, "last": row.last_day, "who": user}
                return _("这样会绕回%(who)s：%(name)s 休假到 %(last)s，由%(who)s代理。请另选一位。") % said
            waiting.append(row.substitute_id)
    return ""


@transaction.atomic
def end_leave(*, leave_id: int, actor: User, now: datetime) -> Leave:
    """Be back early, or have not gone at all. Raises PermissionDenied, ValidationError."""
    leave = Leave.objects.select_for_update(of=("self",)).filter(pk=leave_id).first()
    if leave is None or not (leave.user_id == actor.pk or overseen_leaves(actor, now).filter(pk=leave_id).exists()):
        raise PermissionDenied("end_leave")
    if leave.ended_at or leave.valid_to <= timezone.localdate(now):
        raise ValidationError(_("这次休假已经结束。"))
    leave.ended_at, leave.ended_by = now, actor
    leave.news = "" if actor.pk == leave.user_id else LeaveNews.ENDED
    leave.save(update_fields=["ended_at", "ended_by", "news"])
    return leave
