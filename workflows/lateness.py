"""Why a case is late, in words: who is waited for since when, and what went back and forth before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from cases.models import CaseEvent
from cases.terms import OBLIGATIONS, ClockKind, EventType, OrderState, RequestKind, RequestState, Role
from workflows import limits
from workflows.commands.orders import OPEN
from workflows.lights import span
from workflows.models import Clock, Request, SupervisionOrder

E = EventType
# After each of these somebody else has the case, or has it for something else.
HANDED_OVER = (
    E.REPORTED, E.INFO_REQUESTED, E.INFO_SUPPLIED, E.ACCEPTED, E.SPLIT_OFF, E.DISPATCHED, E.SIGNED,
    E.RETURNED_TO_DISPATCH, E.REASSIGNED, E.REFERRED_TO_COUNCIL, E.DECISION_TAKEN, E.RETURNED_FROM_COUNCIL, E.HELD,
    E.RESUMED, E.SUBMITTED, E.VERIFIED, E.SENT_BACK, E.SURVEY_RECORDED, E.REOPEN_REQUESTED, E.REOPENED,
    E.REOPEN_DECLINED, E.FAILED_SPOT_CHECK, E.ANSWER_ADOPTED,
)  # fmt: skip
COUNTED: dict[EventType, Promise | str] = {
    E.RETURNED_TO_DISPATCH: ngettext_lazy("退回 %(n)s 次", "退回 %(n)s 次", "n"),
    E.SENT_BACK: ngettext_lazy("返工 %(n)s 次", "返工 %(n)s 次", "n"),
    E.REOPENED: ngettext_lazy("重办 %(n)s 次", "重办 %(n)s 次", "n"),
    E.REASSIGNED: ngettext_lazy("转办 %(n)s 次", "转办 %(n)s 次", "n"),
    E.HELD: ngettext_lazy("挂账 %(n)s 次", "挂账 %(n)s 次", "n"),
    E.EXTENDED: ngettext_lazy("延期 %(n)s 次", "延期 %(n)s 次", "n"),
    E.REFERRED_TO_COUNCIL: ngettext_lazy("议事 %(n)s 次", "议事 %(n)s 次", "n"),
}
URGED = ngettext_lazy("催办 %(n)s 次，最近 %(at)s", "催办 %(n)s 次，最近 %(at)s", "n")


@dataclass(frozen=True)
class Why:
    """What a row says; `requests` and `order` are those that nobody has answered yet."""

    waits: str
    since: datetime
    lines: list[str]
    requests: list[Request]
    order: SupervisionOrder | None


def read_reasons(clocks: Sequence[Clock], *, now: datetime) -> dict[int, Why]:
    """By the key of each clock; three queries however many."""
    keys = {clock.case_id for clock in clocks}
    told = _told(keys)
    requests: dict[int, list[Request]] = {}
    asked = Request.objects.filter(case__in=keys, state=RequestState.ASKED).order_by("asked_at", "pk")
    for request in asked:
        requests.setdefault(request.case_id, []).append(request)
    orders = {order.case_id: order for order in _open_orders(keys)}
    calendar = limits.default_calendar()
    found = {}
    for clock in clocks:
        past, order = told.get(clock.case_id, {}), orders.get(clock.case_id)
        since = _since(clock, past)
        waited = span(since, now, calendar) if since < now else ""
        said = {"day": _day(since), "much": waited}
        waits = _("%(day)s 起已等 %(much)s") if waited else _("%(day)s 起等")
        lines = [_("答复时承诺的事，还没有说明已经办到")] if clock.kind == ClockKind.PROMISE else []
        lines += [*_went_back(past), *(_request(one) for one in requests.get(clock.case_id, ()))]
        lines += [_order(order)] if order else []
        if E.URGED in past:
            n, at = past[E.URGED]
            lines.append(str(URGED % {"n": n, "at": _day(at)}))
        found[clock.pk] = Why(waits % said, since, lines, requests.get(clock.case_id, []), order)
    return found


Past = dict[str, tuple[int, datetime]]  # of each type of event how often, and when last


def _told(keys: set[int]) -> dict[int, Past]:
    types = {*HANDED_OVER, *COUNTED, E.URGED}
    rows = CaseEvent.objects.filter(case__in=keys, type__in=types).order_by().values_list("case", "type")
    told: dict[int, Past] = {}
    for case_id, kind, n, at in rows.annotate(n=Count("pk"), last=Max("at")):
        told.setdefault(case_id, {})[kind] = (n, at)
    return told


def _open_orders(keys: set[int]) -> Sequence[SupervisionOrder]:
    found = SupervisionOrder.objects.filter(case__in=keys, state__in=OPEN)
    return list(found.annotate(due_at=Min("clocks__due_at", filter=Q(clocks__stopped_at=None))))


def _since(clock: Clock, past: Past) -> datetime:
    """Since when its holder has it: a stage since the last hand-over, what is owed beside it since it began."""
    moves = [past[kind][1] for kind in HANDED_OVER if kind in past]
    if clock.kind in OBLIGATIONS or not moves:
        return clock.started_at
    return max(moves)


def _went_back(past: Past) -> list[str]:
    said = [str(words % {"n": past[kind][0]}) for kind, words in COUNTED.items() if kind in past]
    return [_("、").join(said)] if said else []


def _request(request: Request) -> str:
    said = {
        "kind": RequestKind(request.kind).label,
        "who": Role(request.decider_role).label,
        "day": _day(request.asked_at),
    }
    return _("%(day)s 申请%(kind)s，等%(who)s审定") % said


def _order(order: SupervisionOrder) -> str:
    if order.state == OrderState.REPLIED:
        return _("督办%(number)s已回复，待销号") % {"number": order.number}
    due = getattr(order, "due_at", None)
    return _("督办%(number)s待回复，限 %(day)s") % {"number": order.number, "day": _day(due) if due else "—"}


def _day(at: datetime) -> str:
    return timezone.localtime(at).strftime("%m-%d")
