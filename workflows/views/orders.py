"""Supervision orders (督办): issue, reply, accept, ask again, withdraw; the list, the page and the printed sheet."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.keyset import take
from cases.lib import pdf
from cases.lib.masking import mask_text
from cases.models import User
from cases.terms import EventType, OrderState
from cases.views import sheets
from workflows import order_pages as pages
from workflows.commands import orders
from workflows.forms.moves import MoveForm
from workflows.forms.orders import AcceptReplyForm, IssueOrderForm, ReplyForm, ReturnReplyForm, WithdrawOrderForm
from workflows.lifecycle import CaseLifecycle
from workflows.list_sheets import ORDERS
from workflows.models import SupervisionOrder
from workflows.permissions import may_order
from workflows.views.access import SENT_DRAFT, case_url, conflict, seen_case, viewer_of
from workflows.views.printing import pdf_answer
from workflows.views.report import qr_image

S = OrderState
FILTERS = ("open", S.ISSUED, S.REPLIED, S.ACCEPTED, S.WITHDRAWN, "all")
ISSUE = {
    "label": gettext_lazy("签发督办单"),
    "sentence": gettext_lazy("有编号、有期限：责任单位须在期限内书面回复，由督办员销号。"),
}
FORMS: dict[str, type[MoveForm]] = {
    "reply": ReplyForm, "accept": AcceptReplyForm, "return": ReturnReplyForm, "withdraw": WithdrawOrderForm,
}  # fmt: skip
COMMANDS: dict[str, Callable[..., SupervisionOrder]] = {
    "reply": orders.reply_to_order, "accept": orders.accept_reply, "return": orders.return_reply,
    "withdraw": orders.withdraw_order,
}  # fmt: skip
SAID = {
    "reply": gettext_lazy("已回复督办单%(number)s，等督办员销号。"),
    "accept": gettext_lazy("督办单%(number)s已销号。"),
    "return": gettext_lazy("督办单%(number)s已退回，责任单位须在新的期限内重报。"),
    "withdraw": gettext_lazy("督办单%(number)s已撤销，编号不再使用。"),
}
FROM = {"reply": (S.ISSUED,), "accept": (S.REPLIED,), "return": (S.REPLIED,), "withdraw": orders.OPEN}
EVENTS = {
    "reply": EventType.ORDER_REPLIED, "accept": EventType.ORDER_ACCEPTED, "return": EventType.ORDER_RETURNED,
    "withdraw": EventType.ORDER_WITHDRAWN,
}  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def issue_order(request: HttpRequest, number: str) -> HttpResponse:
    """Show the form of an order, or issue one."""
    case, viewer, now = seen_case(request, number), viewer_of(request), timezone.now()
    if not may_order(case, viewer):
        raise PermissionDenied("issue_order")
    if not case.is_open:
        return conflict(request, case)
    if open_order := case.orders.filter(state__in=orders.OPEN).first():
        messages.info(request, _("该件已有督办单%(number)s，没有重复签发。") % {"number": open_order.number})
        return redirect("workflows:order", pk=open_order.pk)
    form = IssueOrderForm(request.POST if request.method == "POST" else None, case=case, viewer=viewer, now=now)
    if form.is_bound and form.is_valid():
        try:
            order = orders.issue_order(case_id=case.pk, actor=viewer, now=now, **form.inputs())
        except ValidationError as error:
            form.refuse(error)
        else:
            request.session[SENT_DRAFT] = f"{case.number}-ask-order"
            messages.success(request, _("已签发督办单%(number)s，可以打印。") % {"number": order.number})
            return redirect("workflows:order", pk=order.pk)
    shown = {
        "case": case, "title": mask_text(case.title), "description": mask_text(case.description), "kind": "order",
        "label": ISSUE["label"], "move": ISSUE, "form": form,
    }  # fmt: skip
    return render(request, "workflows/ask.html", shown, status=422 if form.errors else 200)


@login_required
@require_safe
def order_list(request: HttpRequest) -> HttpResponseBase:
    """督办单: those about cases in scope and those to the viewer's teams, the newest first."""
    viewer, now = viewer_of(request), timezone.now()
    state = request.GET.get("state", "open")
    state = state if state in FILTERS else "open"
    found = pages.visible_orders(viewer)
    if kind := sheets.wanted(request):
        rows = pages.with_clocks(pages.narrowed(found, state)).order_by(*pages.NEWEST.columns)
        return sheets.download(request, ORDERS, pages.all_views(rows, viewer, now=now), kind, now=now)
    page = take(
        pages.with_clocks(pages.narrowed(found, state)),
        pages.NEWEST,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = pages.counts(found)
    words = {"open": _("未销号"), "all": _("全部"), **dict(S.choices)}
    shown = {
        "page": page,
        "views": pages.order_views(page.rows, viewer, now=now),
        "state": state,
        "chips": [(one, words[one], counts.get(one, 0) if one != "all" else None) for one in FILTERS],
    }
    return render(request, "workflows/orders.html", shown)


def _seen_order(request: HttpRequest, pk: int) -> pages.OrderView:
    viewer = viewer_of(request)
    found = pages.with_clocks(pages.visible_orders(viewer).filter(pk=pk)).select_related(
        "case__team", "case__handler", "case__council", "case__reporter", "case__category"
    )
    views = pages.order_views(list(found), viewer, now=timezone.now())
    if not views:
        raise Http404
    return views[0]


@login_required
@require_safe
def show_order(request: HttpRequest, pk: int) -> HttpResponse:
    """One order with what happened to it and what the viewer may do."""
    return _order_page(request, _seen_order(request, pk))


def _order_page(
    request: HttpRequest, view: pages.OrderView, *, bound: dict[str, MoveForm] | None = None, status: int = 200
) -> HttpResponse:
    shown = {
        "view": view,
        "forms": forms_of(view, viewer_of(request), bound=bound),
        "entries": pages.history(view.order),
        "makes_pdf": not pdf.missing(),
        "sent_draft": request.session.pop(SENT_DRAFT, ""),
    }
    return render(request, "workflows/order.html", shown, status=status)


def forms_of(view: pages.OrderView, viewer: User, *, bound: dict[str, MoveForm] | None = None) -> dict[str, MoveForm]:
    """The forms of what the viewer may do; `bound` holds one that was refused."""
    now = timezone.now()
    return {name: (bound or {}).get(name) or _form(name, view, viewer, now) for name in view.acts}


def _form(act: str, view: pages.OrderView, viewer: User, now: datetime, typed: QueryDict | None = None) -> MoveForm:
    case = cast(CaseLifecycle, view.order.case)
    return FORMS[act](typed, case=case, viewer=viewer, now=now, auto_id=f"id_{act}_%s")


@login_required
@require_POST
def act_on_order(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Reply, accept, ask again or withdraw."""
    view, viewer, now = _seen_order(request, pk), viewer_of(request), timezone.now()
    if act not in FORMS:
        raise Http404
    if view.order.state not in FROM[act]:
        return _too_late(request, view, act)
    if act not in view.acts:
        raise PermissionDenied(act)
    form = _form(act, view, viewer, now, request.POST)
    if form.is_valid():
        try:
            order = COMMANDS[act](order_id=pk, actor=viewer, now=now, **form.inputs())
        except ValidationError as error:
            if not hasattr(error, "error_dict"):  # nothing that was typed: somebody was quicker
                return _too_late(request, _seen_order(request, pk), act)
            form.refuse(error)
        else:
            messages.success(request, SAID[act] % {"number": order.number})
            return redirect(_back(request, view))
    return _order_page(request, view, bound={act: form}, status=422)


def _too_late(request: HttpRequest, view: pages.OrderView, act: str) -> HttpResponse:
    """The same person tapped twice: say so. Somebody else was quicker: 409."""
    order = view.order
    said = order.case.events.filter(data__order=order.pk, type__startswith="order.").order_by("-seq").first()
    if said and said.type == EVENTS[act] and said.actor_id == viewer_of(request).pk:
        messages.info(request, _("这张督办单您刚才已经办过，没有重复办理。"))
        return redirect(_back(request, view))
    message = _("督办单%(number)s现在是「%(state)s」，请先看看最新情况。") % {
        "number": order.number, "state": order.get_state_display(),
    }  # fmt: skip
    return render(request, "409.html", {"message": message, "url": _order_url(order)}, status=409)


def _order_url(order: SupervisionOrder) -> str:
    return reverse("workflows:order", kwargs={"pk": order.pk})


def _back(request: HttpRequest, view: pages.OrderView) -> str:
    """The page of the case or of the order, whichever the person came from."""
    if request.POST.get("back") == "case" and view.sees_case:
        return case_url(view.order.case)  # type: ignore[arg-type]
    return _order_url(view.order)


def _sheet(request: HttpRequest, pk: int) -> tuple[SupervisionOrder, dict[str, Any]]:
    view = _seen_order(request, pk)
    url = f"{settings.BASE_URL}{reverse('workflows:case', kwargs={'number': view.order.case.number})}"
    shown = {
        "sheet": pages.sheet_of(view), "view": view, "order": view.order, "case": view.order.case, "url": url,
        "qr": qr_image(url), "now": timezone.now(), "makes_pdf": not pdf.missing(),
    }  # fmt: skip
    return view.order, shown


@login_required
@never_cache
@require_safe
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The order on a sheet of A4, to print from the browser."""
    return render(request, "workflows/order_sheet.html", _sheet(request, pk)[1])


@login_required
@never_cache
@require_safe
def sheet_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The same sheet as a PDF; where none can be made, the page says so."""
    order, shown = _sheet(request, pk)
    return pdf_answer(
        request,
        render_to_string("workflows/order_sheet.html", shown),
        filename=_("督办单%(number)s.pdf") % {"number": order.number},
        otherwise=redirect(_order_url(order)),
    )


def case_orders(case: CaseLifecycle, viewer: User) -> dict[str, Any]:
    """Of a case its page shows: the open order with its forms, the ended ones, and whether one may be issued."""
    views = pages.views_of_case(case, viewer, now=timezone.now())
    open_ones = [view for view in views if view.order.state in orders.OPEN]
    return {
        "order_view": open_ones[0] if open_ones else None,
        "order_forms": forms_of(open_ones[0], viewer) if open_ones else {},
        "ended_orders": [view for view in views if view.order.state not in orders.OPEN],
        "order_ask": ISSUE if pages.may_issue(case, viewer, views) else None,
    }
