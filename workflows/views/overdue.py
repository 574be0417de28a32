"""The supervisor's page: what is late, why, whose it is, and what can be done about one or many."""

from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.keyset import take
from cases.models import Area, Category, Team, User
from cases.terms import ClockKind, RequestKind, State
from cases.views import sheets
from workflows import limits
from workflows import overdue as lists
from workflows.bands import Band, bands
from workflows.clock_audit import AUDITORS
from workflows.desk_acts import MOST
from workflows.forms.desk import AT_ONCE, TickedForm, UrgeForm
from workflows.models import Clock, DeskActKind
from workflows.overdue_counts import Counts, counts
from workflows.overdue_sheet import OVERDUE, sheet_rows
from workflows.views.desk_acts import acts_of, ask, may_act, send

PASSED_ON = ("limit", "band")  # chosen by links; the form of the other choices keeps them


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def overdue(request: HttpRequest) -> HttpResponseBase:
    """超期与临期: the limits of the viewer's scope that are past or near."""
    viewer, now = cast(User, request.user), timezone.now()
    if not viewer.grants().has(*lists.WATCHERS):
        raise PermissionDenied("overdue")
    if request.method == "POST":
        return _act(request, viewer, now)
    if kind := sheets.wanted(request):
        found = listed(viewer, narrowing(request.GET, now), now)
        return sheets.download(request, OVERDUE, sheet_rows(found, viewer, now=now), kind, now=now)
    form = UrgeForm(viewer=viewer, now=now, initial={"once": uuid4()})
    return _page(request, viewer, now, form)


def narrowing(query: QueryDict, now: datetime) -> lists.Narrowing:
    """What the address asks for; what is not understood narrows nothing."""

    def one_of(name: str, known: Any) -> str:
        given = query.get(name, "")
        return given if given in known else ""

    cut = {band.key: band for band in bands(limits.default_calendar(), now)}
    return lists.Narrowing(
        limit=one_of("limit", ("overdue", "soon")),
        band=cut.get(query.get("band", "")),
        unit=query.get("unit", ""),
        team=_by_code(Team, query.get("team", "")),
        stage=one_of("stage", State.values),
        area=_by_code(Area, query.get("area", "")),
        category=_by_code(Category, query.get("category", "")),
        kind=one_of("kind", ClockKind.values),
        request=one_of("request", (lists.ANY_REQUEST, *RequestKind.values)),
        order=one_of("order", dict(lists.ORDERS)),
    )


def _by_code(model: Any, code: str) -> Any:
    return model.objects.filter(code=code).first() if code else None


def listed(viewer: User, wanted: lists.Narrowing, now: datetime) -> QuerySet[Clock]:
    """Everything that was asked for, in its order."""
    found = lists.narrowed(lists.pressing_clocks(viewer, now=now), wanted, now=now)
    return found.order_by(*wanted.sorting.columns)


def _act(request: HttpRequest, viewer: User, now: datetime) -> HttpResponse:
    """To urge a few is done at once; for anything else, and for many, the next page asks."""
    kind = request.POST.get("act", DeskActKind.URGE)
    if not may_act(viewer, kind):
        raise PermissionDenied(kind)
    form = UrgeForm(request.POST, viewer=viewer, now=now)
    ticked = TickedForm(request.POST, viewer=viewer)
    back = request.GET.urlencode()
    if request.POST.get("all"):
        wanted = narrowing(request.GET, now)
        keys = list(listed(viewer, wanted, now).values_list("case", flat=True)[: MOST + 1])
        if keys:
            return ask(request, DeskActKind(kind), keys, back=back)
    if not ticked.is_valid():
        return _page(request, viewer, now, form, ticked)
    keys = ticked.cleaned_data["case"]
    if kind == DeskActKind.URGE and len(keys) <= AT_ONCE:
        if not form.is_valid():
            return _page(request, viewer, now, form, ticked)
        return send(request, DeskActKind.URGE, keys, form, back=back)
    return ask(request, DeskActKind(kind), keys, back=back)


def _page(
    request: HttpRequest, viewer: User, now: datetime, form: UrgeForm, ticked: TickedForm | None = None
) -> HttpResponse:
    cut = bands(limits.default_calendar(), now)
    wanted = narrowing(request.GET, now)
    found = lists.pressing_clocks(viewer, now=now)
    known = counts(viewer, found, wanted, cut, now=now)
    page = take(
        lists.with_cases(lists.narrowed(found, wanted, now=now)),
        wanted.sorting,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    rows = lists.overdue_rows(page.rows, viewer, now=now)
    form.fields["words"].widget.attrs |= {"placeholder": form.fields["words"].label, "rows": 1}
    offered = {act for row in rows for act in row.acts}
    wrong = [*(ticked.errors.get("case", ()) if ticked else ()), *form.errors.get("words", ())]
    shown = {
        "form": form,
        "wrong": wrong,
        "page": page,
        "rows": rows,
        "counts": known,
        "late_bands": _of_bands(known, cut, late=True),
        "soon_bands": _of_bands(known, cut, late=False),
        "fields": _fields(known),
        "wanted": wanted,
        "unit": next((one for one in known.units if one.chosen), None),
        "orders": lists.ORDERS,
        "passed_on": [(name, request.GET[name]) for name in PASSED_ON if request.GET.get(name)],
        "acts": [act for act in acts_of(viewer) if act.kind in offered],
        "may_urge": DeskActKind.URGE in offered,
        "may_order": DeskActKind.ORDER in offered or any(row.why.order for row in rows),
        "may_audit": viewer.grants().has(*AUDITORS),
        "most": MOST,
        "chosen": {int(pk) for pk in request.POST.getlist("case") if pk.isdecimal()},
    }
    return render(request, "workflows/overdue.html", shown, status=422 if wrong else 200)


def _of_bands(known: Counts, cut: list[Band], *, late: bool) -> list[Any]:
    keys = {band.key for band in cut if band.is_late == late}
    return [choice for choice in known.bands if choice.key in keys]


def _fields(known: Counts) -> list[tuple[str, Any, list[Any], bool]]:
    """The lists to choose from: name of the query, label, choices, and whether it stands in the open."""
    return [
        ("unit", _("责任单位"), known.units, True),
        ("stage", _("环节"), known.stages, True),
        ("team", _("主办"), known.teams, False),
        ("category", _("类别"), known.categories, False),
        ("kind", _("时限种类"), known.kinds, False),
        ("request", _("有申请待审定"), known.requests, False),
    ]
