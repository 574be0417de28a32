"""Pages of calendars: which there are, a year day by day, and taking a notice of holidays over."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases.lib.sheets import Listing
from cases.models import User
from cases.views import sheets
from workflows import calendar_pages as pages
from workflows.calendar_sheets import DAYS, REVISIONS, YEARS, year_lines
from workflows.commands.notices import ChangedMeanwhile, Taken, foresee_notice, take_notice
from workflows.counting import DAY_NAMES
from workflows.day_words import day_name
from workflows.forms.notices import NoticeForm, TakeForm, confirmation
from workflows.models import Calendar
from workflows.notices import Notice
from workflows.permissions import may_read_limits, may_set_limits
from workflows.views.access import viewer_of

SHOWN_ERRORS = 200
SHOWN_REVISIONS = 20


def _reader(request: HttpRequest) -> User:
    viewer = viewer_of(request)
    if not may_read_limits(viewer):
        raise PermissionDenied("calendars")
    return viewer


def _calendar(code: str) -> Calendar:
    found = Calendar.objects.filter(code=code, revision__gt=0).first()
    if found is None:
        raise Http404
    return found


@login_required
@require_safe
def calendar_list(request: HttpRequest) -> HttpResponseBase:
    """工作日历: each with its years, confirmed or provisional."""
    viewer, now = _reader(request), timezone.now()
    if kind := sheets.wanted(request):
        return sheets.download(request, YEARS, year_lines(now=now), kind, now=now)
    shown = {"cards": pages.calendar_cards(now=now), "may_set": may_set_limits(viewer)}
    return render(request, "workflows/calendars.html", shown)


@login_required
@require_safe
def this_year(request: HttpRequest, code: str) -> HttpResponse:
    """The year that it is now."""
    _reader(request)
    return redirect("workflows:calendar_year", code=code, year=timezone.localdate().year)


@login_required
@require_safe
def year(request: HttpRequest, code: str, year: int) -> HttpResponseBase:
    """A year day by day, where it comes from, and the revisions."""
    viewer, calendar = _reader(request), _calendar(code)
    if not pages.has_year(year):
        raise Http404
    revisions = list(calendar.revisions.order_by("number"))
    page = pages.year_page(calendar, year, revisions)
    lists: dict[str, Listing[Any]] = {
        "days": Listing(DAYS, lambda: page.stretches),
        "revisions": Listing(REVISIONS, lambda: pages.revision_rows(revisions)),
    }
    if file := sheets.answered(request, lists, now=timezone.now()):
        return file
    shown = {
        "calendar": calendar,
        "page": page,
        "before": year - 1 if pages.has_year(year - 1) else None,
        "after": year + 1 if pages.has_year(year + 1) else None,
        "today": timezone.localdate(),
        "weekdays": [day_name(name) for name in DAY_NAMES],
        "legend": pages.marks(),
        "revisions": pages.revision_rows(revisions[-SHOWN_REVISIONS:]),
        "is_settling": calendar.settled < calendar.revision,
        "may_set": may_set_limits(viewer),
    }
    return render(request, "workflows/calendar_year.html", shown)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, code: str) -> HttpResponse:
    """Choose a notice, look at what it would change, confirm."""
    if not may_set_limits(viewer_of(request)):
        raise PermissionDenied("take_notice")
    calendar = _calendar(code)
    if request.method != "POST":
        return _upload_page(request, calendar, NoticeForm(calendar=calendar))
    if "notice" in request.POST:
        return _confirm(request, calendar)
    form = NoticeForm(request.POST, request.FILES, calendar=calendar)
    if not form.is_valid() or form.notice.errors:
        return _upload_page(request, calendar, form, status=422)
    return _plan_page(request, calendar, form.notice, form.cleaned_data["source"])


def _upload_page(request: HttpRequest, calendar: Calendar, form: NoticeForm, *, status: int = 200) -> HttpResponse:
    notice: Notice | None = getattr(form, "notice", None)
    errors = notice.errors if notice else ()
    shown = {
        "calendar": calendar, "form": form, "errors": errors[:SHOWN_ERRORS], "wrong": len(errors),
        "shown_errors": SHOWN_ERRORS,
    }  # fmt: skip
    return render(request, "workflows/notice_upload.html", shown, status=status)


def _plan_page(
    request: HttpRequest, calendar: Calendar, notice: Notice, source: str, *, status: int = 200
) -> HttpResponse:
    """What the notice would change: nothing is written yet."""
    taken = foresee_notice(notice, calendar=calendar, now=timezone.now())
    shown = {
        "calendar": calendar,
        "notice": notice,
        "source": source,
        "taken": taken,
        "legend": pages.marks(),
        "form": confirmation(notice, source=source, base=calendar.revision),
    }
    return render(request, "workflows/notice_plan.html", shown, status=status)


def _confirm(request: HttpRequest, calendar: Calendar) -> HttpResponse:
    form = TakeForm(request.POST)
    if not form.is_valid():
        upload = NoticeForm({"source": request.POST.get("source", "")}, calendar=calendar)
        upload.is_valid()
        upload.errors.pop("file", None)
        upload.add_error("file", _("上传已过期，请重新选择文件。"))
        return _upload_page(request, calendar, upload, status=422)
    notice, source = form.cleaned_data["notice"], form.cleaned_data["source"]
    try:
        done = take_notice(
            notice, calendar=calendar, source=source, now=timezone.now(), actor=viewer_of(request),
            expected=form.cleaned_data["base"],
        )  # fmt: skip
    except ChangedMeanwhile as error:
        messages.warning(request, "".join(error.messages))
        return _plan_page(request, calendar, notice, source, status=409)
    _tell(request, done)
    return redirect("workflows:calendar_year", code=calendar.code, year=notice.years[0])


def _tell(request: HttpRequest, done: Taken) -> None:
    if not done.is_new:
        messages.info(request, _("通知与现有日历相同，没有新的版次。"))
        return
    published = done.published
    said = {"n": published.revision, "moved": published.moved, "late": published.late, "relieved": published.relieved}
    text = _("已发布日历第 %(n)s 版：改动 %(moved)s 个时限，因此超期 %(late)s 个，不再超期 %(relieved)s 个。")
    messages.success(request, text % said)
