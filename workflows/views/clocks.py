"""The proof of one case's clocks, and whether each obligation of a district has its one live clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cases.models import Case, User
from cases.querysets import CaseQuerySet
from cases.terms import ClockKind, Role
from cases.views import sheets
from workflows.clock_audit import AUDITORS, Kind, audit
from workflows.clock_faults import FAULTS, Fault
from workflows.list_sheets import CLOCKS
from workflows.overdue import WATCHERS
from workflows.proofs import clock_proof
from workflows.sla import STAGE_CLOCK
from workflows.views.access import case_url, seen_case

MOST_LISTED = 100  # of one fault; the command lists them all
STATE_OF = {kind: state for state, kind in STAGE_CLOCK.items()}


@login_required
@never_cache
@require_safe
def case_clocks(request: HttpRequest, number: str) -> HttpResponse:
    """时限证明: every clock of a case step by step, for whoever sees the case."""
    case, now = seen_case(request, number), timezone.now()
    shown = {"case": case, "proof": clock_proof(case, now=now), "case_url": case_url(case)}
    return render(request, "workflows/case_clocks.html", shown)


@dataclass(frozen=True)
class KindRow:
    """A kind with the lists that its figures open, where there is such a list."""

    kind: Kind
    owed_url: str = ""
    running_url: str = ""
    overdue_url: str = ""


@dataclass(frozen=True)
class FaultGroup:
    """One thing that does not hold, and where."""

    words: str
    total: int
    faults: Sequence[Fault]


@login_required
@never_cache
@require_safe
def clocks(request: HttpRequest) -> HttpResponseBase:
    """时钟核对: one obligation, one live clock, in the viewer's scope."""
    viewer = cast(User, request.user)
    grants = viewer.grants()
    if not grants.has(*AUDITORS):
        raise PermissionDenied("clocks")
    found = audit(_scope(viewer), now=timezone.now(), quick=True)
    if kind := sheets.wanted(request):
        return sheets.download(request, CLOCKS, [row for row in found.kinds if row.is_there], kind, now=found.at)
    sees_cases = grants.has(*WATCHERS)
    shown = {
        "audit": found,
        "rows": [_row(kind, sees_cases=sees_cases) for kind in found.kinds if kind.is_there],
        "idle": _("、").join(kind.label for kind in found.kinds if not kind.is_there),
        "groups": list(_groups(found.faults)),
        "sees_cases": sees_cases,
    }
    return render(request, "workflows/clocks.html", shown)


def _scope(viewer: User) -> CaseQuerySet | None:
    """An auditor and an administrator answer for the clocks of all; what an administrator gets is figures only."""
    whole = viewer.grants().has(Role.AUDITOR, Role.ADMINISTRATOR)
    return None if whole else Case.objects.visible_to(viewer)


def _row(kind: Kind, *, sees_cases: bool) -> KindRow:
    if not sees_cases:
        return KindRow(kind)
    state = STATE_OF.get(ClockKind(kind.kind))
    if state is not None:
        here = {"state": state.value}
        return KindRow(kind, running_url=_ledger(**here), overdue_url=_ledger(**here, limit="overdue"))
    late = f"{reverse('overdue')}?{urlencode({'limit': 'overdue'})}"
    return KindRow(kind, owed_url=_ledger(state="open") if kind.kind == ClockKind.OVERALL else "", overdue_url=late)


def _ledger(**query: str) -> str:
    return f"{reverse('cases:ledger')}?{urlencode(query)}"


def _groups(faults: Sequence[Fault]) -> Iterator[FaultGroup]:
    order = list(FAULTS)
    for __, group in groupby(sorted(faults, key=lambda one: (order.index(one.code), one.clock)), key=lambda f: f.words):
        rows = list(group)
        yield FaultGroup(rows[0].words, len(rows), rows[:MOST_LISTED])
