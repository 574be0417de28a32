"""From the overdue desk: urge, order, dispatch, reassign and decide on many cases, each by its own command.

One transaction for each case, with the row that says what came of it: a form that is sent twice, or again after a
crash, acts once on each. The row is written first and then the case locked; only the same form waits for it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed

from cases.models import Case, User
from cases.terms import RequestKind, RequestState, State
from workflows import permissions as may
from workflows.case_page import holder_of
from workflows.clocks import promised
from workflows.commands.handling import dispatch_case, reassign_case
from workflows.commands.orders import OPEN, issue_order
from workflows.commands.supervise import urge_case
from workflows.flows.approval import decide_request, may_decide
from workflows.limits import NoLimit
from workflows.models import DeskAct, DeskActKind, DeskActRow, Outcome, Request, SupervisionOrder

MOST = 200  # cases of one form: what one can still look through, and what ends before a browser gives up
ELSEWHERE = (RequestKind.EXCLUSION,)  # decided where the rating can be read
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """One case of a form that was sent, what came of it (None: its turn has not come), and where it stands now."""

    case: Case
    outcome: Outcome | None
    said: str
    acts: frozenset[str]  # what the viewer can do with it now
    now_at: str

    @property
    def next(self) -> list[str]:
        """The words of what can be done with it now."""
        return [str(kind.label) for kind in DeskActKind if kind in self.acts]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to try."""
        return self.outcome == Outcome.DONE


def acts_on(
    case: Case, viewer: User, asked: Iterable[Request], order: SupervisionOrder | None, *, is_promised: bool = False
) -> frozenset[str]:
    """What this person may do with a case now; asks the database nothing. `asked` and `order` are its open ones."""
    allowed = set()
    if may.may_order(case, viewer):
        if case.is_open or is_promised:
            allowed.add(DeskActKind.URGE)
        if case.is_open and order is None:
            allowed.add(DeskActKind.ORDER)
    if case.state == State.ACCEPTED and may.may_dispatch(case, viewer):
        allowed.add(DeskActKind.DISPATCH)
    if case.state == State.IN_PROGRESS and may.is_team_leader(case, viewer):
        allowed.add(DeskActKind.REASSIGN)
    if decidable(case, viewer, asked):
        allowed.add(DeskActKind.DECIDE)
    return frozenset(kind.value for kind in allowed)


def decidable(case: Case, viewer: User, asked: Iterable[Request]) -> list[Request]:
    """Those of the open requests on a case that this person decides on here."""
    found = []
    for request in asked:
        request.case = case
        if request.kind not in ELSEWHERE and may_decide(request, viewer):
            found.append(request)
    return found


def perform(act: DeskAct, inputs: Inputs, *, now: datetime, goes_on: Callable[[], bool] = lambda: True) -> None:
    """Do it to each case whose turn has not come yet, while `goes_on`; refusals are kept, nothing is raised."""
    done = set(act.rows.values_list("case_id", flat=True))
    for case_id in act.cases:
        if case_id in done:
            continue
        if not goes_on():
            return
        _perform_one(act, case_id, inputs, now)


def _perform_one(act: DeskAct, case_id: int, inputs: Inputs, now: datetime) -> None:
    try:
        with transaction.atomic():
            row = DeskActRow.objects.create(act=act, case_id=case_id, outcome=Outcome.DONE)
            row.said = COMMANDS[DeskActKind(act.kind)](case_id, act.actor, now, inputs)
            row.save(update_fields=["said"])
    except TransitionNotAllowed:
        _refused(act, case_id, Outcome.CONFLICT, _("现在的环节不能这样办。"))
    except PermissionDenied:
        _refused(act, case_id, Outcome.FORBIDDEN, _("您的角色或辖区不能对这一件这样办。"))
    except ValidationError as error:
        _refused(act, case_id, Outcome.INVALID, "".join(str(message) for message in error.messages))
    except NoLimit:
        _refused(act, case_id, Outcome.INVALID, _("这一时限还没有设定，请管理员补上。"))
    except IntegrityError:
        if not act.rows.filter(case_id=case_id).exists():  # else the same form was sent twice and is done with it
            raise


def _refused(act: DeskAct, case_id: int, outcome: Outcome, said: str) -> None:
    with transaction.atomic():
        DeskActRow.objects.get_or_create(act=act, case_id=case_id, defaults={"outcome": outcome, "said": said})


def results_of(act: DeskAct, viewer: User) -> list[Result]:
    """One for each case that was ticked and can still be seen, in their order; five queries."""
    rows = {row.case_id: row for row in act.rows.all()}
    related = ("area", "team", "council", "handler", "holder_user")
    cases = Case.objects.visible_to(viewer).select_related(*related).in_bulk(act.cases)
    asked, orders = open_errands(cases)
    promises = promised(cases)
    found = []
    for case in (cases[pk] for pk in act.cases if pk in cases):
        row = rows.get(case.pk)
        outcome = Outcome(row.outcome) if row else None
        open_ones, order = asked.get(case.pk, ()), orders.get(case.pk)
        acts = acts_on(case, viewer, open_ones, order, is_promised=case.pk in promises)
        found.append(Result(case, outcome, row.said if row else "", acts, holder_of(case)))
    return found


def open_errands(cases: Iterable[int]) -> tuple[dict[int, list[Request]], dict[int, SupervisionOrder]]:
    """Open requests and open orders, by the key of their case; two queries."""
    asked: dict[int, list[Request]] = {}
    keys = list(cases)
    for request in Request.objects.filter(case__in=keys, state=RequestState.ASKED).order_by("asked_at", "pk"):
        asked.setdefault(request.case_id, []).append(request)
    found = SupervisionOrder.objects.filter(case__in=keys, state__in=OPEN)
    return asked, {order.case_id: order for order in found}


def _urge(case_id: int, actor: User, now: datetime, inputs: Inputs) -> str:
    urge_case(case_id=case_id, actor=actor, now=now, words=inputs["words"])
    return _("已催办，责任单位会收到消息。")


def _order(case_id: int, actor: User, now: datetime, inputs: Inputs) -> str:
    """To the lead team, or to whoever holds it where no team has it yet."""
    team = Case.objects.select_related("team").get(pk=case_id).team
    given = {"demand": inputs["demand"], "due_at": inputs["due_at"], "team": team}
    order = issue_order(case_id=case_id, actor=actor, now=now, **given)
    return _("已签发督办单%(number)s，主送%(unit)s。") % {"number": order.number, "unit": order.unit}


def _dispatch(case_id: int, actor: User, now: datetime, inputs: Inputs) -> str:
    dispatch_case(case_id=case_id, actor=actor, now=now, team=inputs["team"], note=inputs.get("note", ""))
    return _("已派给%(team)s，等其签收。") % {"team": inputs["team"]}


def _reassign(case_id: int, actor: User, now: datetime, inputs: Inputs) -> str:
    reassign_case(case_id=case_id, actor=actor, now=now, handler=inputs["handler"], note=inputs.get("note", ""))
    return _("已转给%(who)s承办。") % {"who": inputs["handler"]}


def _decide(case_id: int, actor: User, now: datetime, inputs: Inputs) -> str:
    kind = RequestKind(inputs["kind"])
    request = Request.objects.filter(case=case_id, kind=kind, state=RequestState.ASKED).first()
    if request is None:
        raise ValidationError(_("该件没有待审定的%(kind)s申请：可能已有人办过，或已撤回。") % {"kind": kind.label})
    agree = inputs["agree"] == "yes"
    decide_request(request_id=request.pk, actor=actor, now=now, agree=agree, note=inputs.get("note", ""))
    words = _("已同意%(kind)s。") if agree else _("已答复不同意%(kind)s。")
    return words % {"kind": kind.label}


COMMANDS: dict[DeskActKind, Callable[[int, User, datetime, Inputs], str]] = {
    DeskActKind.URGE: _urge,
    DeskActKind.ORDER: _order,
    DeskActKind.DISPATCH: _dispatch,
    DeskActKind.REASSIGN: _reassign,
    DeskActKind.DECIDE: _decide,
}
