"""Acts on many cases: what will be done to which, and afterwards what came of each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, cast
from uuid import uuid4, uuid5

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from cases.models import Case, User
from cases.terms import RequestKind, Role
from cases.views import sheets
from workflows import desk_acts as acts
from workflows.case_page import holder_of
from workflows.clocks import promised
from workflows.forms.desk import FORMS, ActForm, DecideForm, TickedForm
from workflows.list_sheets import RESULTS
from workflows.models import DeskAct, DeskActKind, Outcome, Request
from workflows.timeline import Names, told

SECONDS = 20  # of one answer; what is left then says so and stays ticked


@dataclass(frozen=True)
class Act:
    """A button of the desk: who has it, what it says it will do."""

    kind: DeskActKind
    roles: tuple[Role, ...]
    sentence: Promise | str
    danger: bool = False

    @property
    def label(self) -> Promise | str:
        """The word on the button."""
        return self.kind.label


ACTS = (
    Act(
        DeskActKind.URGE,
        (Role.SUPERVISOR, Role.LEADER),
        _("提醒现在承办的单位或个人，并记入流转记录；件本身不动。"),
    ),
    Act(
        DeskActKind.ORDER,
        (Role.SUPERVISOR, Role.LEADER),
        _("每件签发一张有编号、有期限的督办单，责任单位须书面回复。"),
    ),
    Act(
        DeskActKind.DISPATCH,
        (Role.DISPATCHER, Role.SUPERVISOR),
        _("把等着派遣的件派给一个主办；三次退回的件由督办员派定，不能再退回。"),
    ),
    Act(DeskActKind.REASSIGN, (Role.TEAM_LEADER,), _("把处置中的件转给本队另一名队员承办，时限不变。")),
    Act(
        DeskActKind.DECIDE,
        (Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER),
        _("同意的马上照办（退回重派、挂账、延期、作废、并案）；不同意的写明理由，件照旧办。"),
        danger=True,
    ),
)
BY_KIND = {act.kind: act for act in ACTS}


@dataclass(frozen=True)
class Asked:
    """A case that an act is about: where it stands, and what waits for a decision on it."""

    case: Case
    holder: str
    may: bool
    lines: list[tuple[str, str]]


def acts_of(viewer: User) -> list[Act]:
    """What the roles of this person allow, on whatever case."""
    return [act for act in ACTS if viewer.grants().has(*act.roles)]


def may_act(viewer: User, kind: str) -> bool:
    """Whether one of the person's roles has this act at all."""
    return kind in DeskActKind.values and viewer.grants().has(*BY_KIND[DeskActKind(kind)].roles)


def ask(
    request: HttpRequest,
    kind: DeskActKind,
    keys: Sequence[int],
    *,
    back: str,
    form: ActForm | None = None,
    wrong: Sequence[Any] = (),
) -> HttpResponse:
    """The page before: how many cases, which of them cannot take it, and what the act needs."""
    viewer, now = cast(User, request.user), timezone.now()
    cut, keys = len(keys) > acts.MOST, keys[: acts.MOST]
    if form is None:
        typed = {name: request.POST[name] for name in FORMS[kind].base_fields if request.POST.get(name)}
        form = FORMS[kind](viewer=viewer, now=now, initial=typed | {"once": uuid4()})
    rows = _asked(viewer, kind, keys)
    able = [row for row in rows if row.may]
    if isinstance(form, DecideForm):
        form.offer([k for k in RequestKind if any(k in _kinds(row) for row in able)])
    shown = {
        "act": BY_KIND[kind],
        "form": form,
        "able": able,
        "unable": [row for row in rows if not row.may],
        "cut": cut,
        "most": acts.MOST,
        "wrong": wrong,
        "back": back,
        "back_url": _list_url(back),
    }
    return render(request, "workflows/desk_ask.html", shown, status=422 if wrong or form.errors else 200)


def _kinds(row: Asked) -> set[str]:
    return {request.kind for request in getattr(row.case, "decidable", ())}


def _asked(viewer: User, kind: DeskActKind, keys: Sequence[int]) -> list[Asked]:
    related = ("area", "team", "council", "handler", "holder_user")
    cases = Case.objects.visible_to(viewer).select_related(*related).in_bulk(keys)
    requests, orders = acts.open_errands(cases)
    promises = promised(cases)
    rows = []
    for case in (cases[pk] for pk in keys if pk in cases):
        open_ones = requests.get(case.pk, [])
        may = kind in acts.acts_on(case, viewer, open_ones, orders.get(case.pk), is_promised=case.pk in promises)
        decidable = acts.decidable(case, viewer, open_ones) if kind == DeskActKind.DECIDE else []
        case.decidable = decidable  # type: ignore[attr-defined]
        rows.append(Asked(case, holder_of(case), may, [line for one in decidable for line in _lines(one)]))
    return rows


def _lines(request: Request) -> list[tuple[str, str]]:
    said = {"reason_code": request.reason_code, "reason": request.reason, "details": request.details}
    return [(str(RequestKind(request.kind).label), "；".join(value for _word, value in told(said, Names())))]


@login_required
@require_http_methods(["GET", "POST"])
def desk_act(request: HttpRequest, kind: str) -> HttpResponse:
    """Do it to each of the ticked cases, once; the next page says what came of each."""
    viewer, now = cast(User, request.user), timezone.now()
    if kind not in DeskActKind.values:
        raise Http404
    if request.method == "GET":  # a bookmark, or the language changed: the ticks are gone
        return redirect("overdue")
    if not may_act(viewer, kind):
        raise PermissionDenied(kind)
    known, back = DeskActKind(kind), request.POST.get("back", "")
    form, ticked = FORMS[known](request.POST, viewer=viewer, now=now), TickedForm(request.POST, viewer=viewer)
    if not (ticked.is_valid() and form.is_valid()):
        sent = [int(pk) for pk in request.POST.getlist("case") if pk.isdecimal() and len(pk) < 19]  # noqa: PLR2004
        return ask(request, known, sent, back=back, form=form, wrong=ticked.errors.get("case", ()))
    return send(request, known, ticked.cleaned_data["case"], form, back=back)


def send(request: HttpRequest, kind: DeskActKind, keys: list[int], form: ActForm, *, back: str) -> HttpResponse:
    """Act once for this form: a second sending goes on where the first was stopped, and repeats nothing.

    Who goes back and ticks others sends another form, although its page brought the same key.
    """
    viewer, now = cast(User, request.user), timezone.now()
    typed = form.typed()
    said = json.dumps([viewer.pk, kind, sorted(keys), typed], sort_keys=True)
    given = {"actor": viewer, "kind": kind, "cases": keys, "typed": typed, "back": back[:500], "at": now}
    act, _new = DeskAct.objects.get_or_create(key=uuid5(form.cleaned_data["once"], said), defaults=given)
    until = monotonic() + SECONDS
    acts.perform(act, form.inputs(), now=now, goes_on=lambda: monotonic() < until)
    return redirect("workflows:desk_done", key=act.key)


@login_required
@require_safe
def desk_done(request: HttpRequest, key: Any) -> HttpResponseBase:
    """One row for each case: done, or refused and why; what was refused can be tried again from here."""
    viewer, now = cast(User, request.user), timezone.now()
    act = DeskAct.objects.filter(key=key, actor=viewer).first()
    if act is None:
        raise Http404
    kind = DeskActKind(act.kind)
    results = acts.results_of(act, viewer)
    left, done = [row for row in results if not row.is_done], [row for row in results if row.is_done]
    if wanted := sheets.wanted(request):
        return sheets.download(request, RESULTS, [*left, *done], wanted, now=now)
    shown = {
        "act": BY_KIND[kind],
        "sent": act,
        "done": done,
        "left": left,
        "gone": len(act.cases) - len(results),
        "form": _again(act, viewer, now) if left else None,
        "outcomes": Outcome,
        "back_url": _list_url(act.back),
    }
    return render(request, "workflows/desk_done.html", shown)


def _again(act: DeskAct, viewer: User, now: datetime) -> ActForm:
    """The same words in a form of its own key."""
    return FORMS[DeskActKind(act.kind)](viewer=viewer, now=now, initial=act.typed | {"once": uuid4()})


def _list_url(back: str) -> str:
    return reverse("overdue") + (f"?{back}" if back else "")
