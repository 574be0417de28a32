"""工作量与流转: what lies where for how long, what goes back and forth; each number opens its cases."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cases.forms import areas_to_choose
from cases.keyset import take
from cases.models import Area
from cases.querysets import CaseQuerySet
from cases.selectors import NEWEST, listed
from cases.views import sheets
from workflows.ledger_sheet import LEDGER, ledger_rows
from workflows.overdue import WATCHERS
from workflows.views.access import viewer_of
from workflows.workload import flow, stock
from workflows.workload.scope import WEEKS, Scope
from workflows.workload.sheets import lists_of

BEHIND: dict[str, tuple[Promise | str, Callable[[Scope, dict[str, str]], CaseQuerySet]]] = {
    "waits": (_("等着办的件"), lambda s, q: stock.waiting(s, q.get("stage", ""), q.get("unit", ""))),
    "holds": (_("挂账的件"), lambda s, q: stock.held(s, q.get("team", ""), q.get("limit", ""))),
    "requests": (
        _("有申请待审定的件"),
        lambda s, q: stock.asked(s, q.get("role", ""), q.get("kind", ""), q.get("limit", "")),
    ),
    "returned": (_("退回过的件"), lambda s, q: flow.returned(s, q.get("of", ""), q.get("team", ""), q.get("part", ""))),
    "sent-back": (_("返工过的件"), lambda s, q: flow.sent_back(s, q.get("team", ""), q.get("part", ""))),
    "balance": (_("收到和办结的件"), lambda s, q: flow.balance(s, q.get("team", ""), q.get("part", ""))),
}


def _scope(request: HttpRequest) -> Scope:
    viewer = viewer_of(request)
    if not viewer.grants().has(*WATCHERS):
        raise PermissionDenied("workload")
    weeks = next((n for n in WEEKS if str(n) == request.GET.get("weeks")), WEEKS[0])
    code = request.GET.get("area", "")
    area = Area.objects.filter(code=code).first() if code else None
    return Scope(viewer, timezone.now(), area, weeks)


@login_required
@require_safe
def workload(request: HttpRequest) -> HttpResponseBase:
    """Everything on one page, each figure with a sentence that says what it is."""
    scope = _scope(request)
    if file := sheets.answered(request, lists_of(scope), now=scope.now):
        return file
    stages = stock.ages(scope)
    shown = {
        "scope": scope,
        "weeks": WEEKS,
        "areas": areas_to_choose(scope.viewer, ""),
        "stages": stages,
        "age_labels": [label for _begin, _end, label in stock.AGES],
        "most": max((age.n for stage in stages for age in stage.ages), default=0),
        "open": sum(stage.n for stage in stages),
        "waits": stock.waits(scope),
        "holds": stock.holds(scope),
        "requests": stock.requests(scope),
        "pairs": flow.pairs(scope),
        "loops": flow.loops(scope),
        "balances": flow.balances(scope),
    }
    return render(request, "workflows/workload.html", shown)


@login_required
@require_safe
def behind(request: HttpRequest, what: str) -> HttpResponseBase:
    """The cases behind one number."""
    if what not in BEHIND:
        raise Http404
    scope = _scope(request)
    label, cases_of = BEHIND[what]
    found = cases_of(scope, request.GET.dict())
    if kind := sheets.wanted(request):
        return sheets.download(
            request, LEDGER, ledger_rows(found.order_by(*NEWEST.columns), now=scope.now), kind, now=scope.now
        )
    page = take(listed(found), NEWEST, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    shown: dict[str, Any] = {"label": label, "page": page, "now": scope.now, "total": found.count(), "what": what}
    return render(request, "workflows/workload_cases.html", shown)
