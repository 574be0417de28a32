"""Minutes: the page, every act on them, and the sheet to print or to keep as a PDF."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_fsm import TransitionNotAllowed

from cases.council_terms import CorrectionState
from cases.lib import pdf
from workflows.council import minutes as commands
from workflows.council_pages import minutes as pages
from workflows.flows import signing as errand
from workflows.forms import minutes as forms
from workflows.forms.decisions import ActForm
from workflows.views.access import viewer_of
from workflows.views.printing import pdf_answer


@dataclass(frozen=True)
class Act:
    """One act: its form, its command, the key that the command takes, its button, and what is said after."""

    form: type[ActForm]
    command: Callable[..., Any]
    key: str
    button: Promise | str
    said: Promise | str
    more: Promise | str = ""
    look: str = ""
    is_folded: bool = False


@dataclass(frozen=True)
class Deed:
    """An act that the viewer may do to one row, with its form."""

    act: Act
    name: str
    url: str
    form: ActForm

    @property
    def is_open(self) -> bool:
        """Whether the form is shown at once: the likely one, and one that was refused."""
        return not self.act.is_folded or bool(self.form.errors)


MEETING, VERSION = "meeting_id", "version_id"
ACTS: dict[str, Act] = {
    "draft": Act(
        forms.PlainActForm, commands.draft_minutes, MEETING, gettext_lazy("按记录生成纪要"),
        gettext_lazy("纪要已按会议记录生成，请核对。"),
        gettext_lazy("到会、发言、表决、决议和落实都取自记录，不用再录。再次生成会另存一稿。"),
    ),
    "circulate": Act(
        forms.PlainActForm, commands.circulate_minutes, MEETING, gettext_lazy("发出征求意见"),
        gettext_lazy("已发给参会人员征求意见。"), gettext_lazy("受邀成员收到消息，可以在本页提修改意见。"),
        look="btn--primary",
    ),
    "approve": Act(
        forms.PlainActForm, errand.approve_minutes, MEETING, gettext_lazy("定稿"),
        gettext_lazy("已定稿，请成员签署。"), gettext_lazy("定稿后正文不再改动，等成员签署。"), look="btn--primary",
    ),
    "correct": Act(
        forms.PlainActForm, commands.correct_minutes, MEETING, gettext_lazy("转入修改"), gettext_lazy("可以修改了。")
    ),
    "edit": Act(
        forms.EditForm, commands.edit_minutes, MEETING, gettext_lazy("修改正文"), gettext_lazy("已存为新的一稿。"),
        is_folded=True,
    ),
    "publish": Act(
        forms.PlainActForm, commands.publish_minutes, MEETING, gettext_lazy("公布"), gettext_lazy("纪要已公布。"),
        look="btn--primary",
    ),
    "addendum": Act(
        forms.AddendumForm, errand.add_addendum, MEETING, gettext_lazy("补充说明"),
        gettext_lazy("补充说明已记下，请成员签署。"), is_folded=True,
    ),
    "ask": Act(
        forms.AskForm, commands.ask_correction, MEETING, gettext_lazy("提出修改意见"),
        gettext_lazy("修改意见已交给秘书。"),
    ),
    "settle": Act(
        forms.SettleForm, commands.settle_correction, "correction_id", gettext_lazy("处理"),
        gettext_lazy("修改意见已处理。"),
    ),
    "sign": Act(
        forms.SignForm, errand.sign_minutes, VERSION, gettext_lazy("我签署"), gettext_lazy("已签署，谢谢您。"),
        look="btn--primary",
    ),
    "paper": Act(
        forms.PaperForm, errand.record_signature, VERSION, gettext_lazy("登记纸质签名"),
        gettext_lazy("纸质签名已登记。"), is_folded=True,
    ),
    "archive": Act(
        forms.PlainActForm, commands.archive_meeting, MEETING, gettext_lazy("会议归档"), gettext_lazy("会议已归档。")
    ),
}  # fmt: skip
Bound = dict[tuple[str, int], ActForm]


@login_required
@require_safe
def show_minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """The text with corrections, signatures and what the viewer may do."""
    return _page(request, _seen(request, pk))


def _seen(request: HttpRequest, pk: int) -> pages.MinutesPage:
    page = pages.minutes_page(viewer_of(request), pk, timezone.now())
    if page is None:
        raise Http404
    return page


def _own(page: pages.MinutesPage) -> Iterator[tuple[str, int]]:
    yield from ((act, page.meeting.pk) for act in page.acts)


def _of_version(page: pages.MinutesPage, view: pages.VersionView) -> Iterator[tuple[str, int]]:
    if view.may_sign:
        yield "sign", view.version.pk
    if page.is_secretary and view.unsigned:
        yield "paper", view.version.pk


def _of_corrections(page: pages.MinutesPage) -> Iterator[tuple[str, int]]:
    if page.keeps:
        yield from (("settle", row.pk) for row in page.corrections if row.state == CorrectionState.OPEN)


def _views(page: pages.MinutesPage) -> list[pages.VersionView]:
    return [*([page.text] if page.text else []), *page.addenda]


def _rows(page: pages.MinutesPage) -> set[tuple[str, int]]:
    """Every act that the viewer may do, with the key of its row."""
    signing_rows = (row for view in _views(page) for row in _of_version(page, view))
    return {*_own(page), *_of_corrections(page), *signing_rows}


def _form(act: str, row: int, page: pages.MinutesPage, request: HttpRequest, *, bound: bool = False) -> ActForm:
    view = next((view for view in _views(page) if view.version.pk == row), None)
    more: dict[str, Any] = {}
    if act == "paper" and view:
        more["unsigned"] = view.unsigned
    if act == "sign" and view:
        more["initial"] = {"sha256": view.version.sha256}
    if act == "edit" and page.text:
        more["initial"] = {"body": page.text.version.body}
    return ACTS[act].form(request.POST if bound else None, auto_id=f"id_{act}_{row}_%s", **more)


def _page(request: HttpRequest, page: pages.MinutesPage, bound: Bound | None = None, status: int = 200) -> HttpResponse:
    """The page, with a form for everything that may be done."""

    def deeds(rows: Iterable[tuple[str, int]]) -> list[Deed]:
        made = []
        for name, row in rows:
            url = reverse("council:act_on_minutes", args=[page.meeting.pk, name, row])
            form = (bound or {}).get((name, row)) or _form(name, row, page, request)
            made.append(Deed(ACTS[name], name, url, form))
        return made

    settled = {row: deeds([(act, row)]) for act, row in _of_corrections(page)}
    shown = {
        "page": page,
        "deeds": deeds(_own(page)),
        "texts": [(view, deeds(_of_version(page, view))) for view in _views(page)],
        "corrections": [(row, settled.get(row.pk, [])) for row in page.corrections],
        "makes_pdf": not pdf.missing(),
    }
    return render(request, "council/minutes.html", shown, status=status)


@login_required
@require_POST
def act_on_minutes(request: HttpRequest, pk: int, act: str, row: int) -> HttpResponse:
    """Do one act; `row` is the meeting, the version that is signed, or the correction."""
    page = _seen(request, pk)
    if act not in ACTS:
        raise Http404
    if row not in _keys(page)[ACTS[act].key]:
        raise Http404
    if page.minutes is None and act != "draft":
        return _conflict(request, page)
    form = _form(act, row, page, request, bound=True)
    if form.is_valid():
        done = ACTS[act]
        try:
            done.command(**{done.key: row}, actor=viewer_of(request), now=timezone.now(), **form.inputs())
        except TransitionNotAllowed:
            return _conflict(request, page)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, str(done.said))
            return redirect("council:minutes", pk)
    if (act, row) not in _rows(page):  # nothing that was typed: it is not the time for it, or not for them
        return _conflict(request, page)
    return _page(request, page, {(act, row): form}, status=422)


def _keys(page: pages.MinutesPage) -> dict[str, set[int]]:
    """The rows around the minutes, by the key that commands take."""
    return {
        MEETING: {page.meeting.pk},
        VERSION: {view.version.pk for view in _views(page)},
        "correction_id": {row.pk for row in page.corrections},
    }


def _conflict(request: HttpRequest, page: pages.MinutesPage) -> HttpResponse:
    message = _("这一步已经办过，或现在不能办，请先看看纪要的最新情况。")
    url = reverse("council:minutes", args=[page.meeting.pk])
    return render(request, "409.html", {"message": message, "url": url}, status=409)


def _sheet(request: HttpRequest, pk: int) -> dict[str, Any]:
    page = _seen(request, pk)
    if page.text is None:
        raise Http404
    return {"page": page, "texts": _views(page), "makes_pdf": not pdf.missing()}


@login_required
@never_cache
@require_safe
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The minutes on A4, to print from the browser and sign on paper."""
    return render(request, "council/minutes_sheet.html", _sheet(request, pk))


@login_required
@never_cache
@require_safe
def sheet_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The same sheet as a PDF; where none can be made, the page says so."""
    shown = _sheet(request, pk)
    name = _("%(meeting)s会议纪要.pdf") % {"meeting": shown["page"].meeting}
    return pdf_answer(
        request,
        render_to_string("council/minutes_sheet.html", shown),
        filename=name,
        otherwise=redirect("council:minutes", pk),
    )
