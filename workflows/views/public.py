"""Pages of residents: no login, the token in the path is the key; few words, large type, one tap for an answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_fsm import TransitionNotAllowed

from cases import commands as facts
from cases.models import Area, Case, ResidentLink, User
from cases.terms import PhotoKind
from workflows import permissions as may
from workflows.commands import surveys
from workflows.commands.intake import report_case
from workflows.forms.public import AskReopenForm
from workflows.forms.report import PublicReportForm
from workflows.near import is_known
from workflows.public_page import public_page
from workflows.views.report import link_url, qr_image

View = TypeVar("View", bound=Callable[..., HttpResponse])
UNKNOWN_TOKENS, UNKNOWN_SECONDS = 20, 600  # wrong links from one address before it has to wait
REPORTS, REPORT_SECONDS = 5, 3600


def private(view: View) -> View:
    """Keep the token out of caches, search engines and the address lines of other sites.

    Not `no-referrer`: with it browsers send `Origin: null` with a form, and the check against forged forms refuses it.
    """

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(*args, **kwargs)
        answer["Referrer-Policy"] = "same-origin"
        answer["Cache-Control"] = "no-store"
        answer["X-Robots-Tag"] = "noindex, nofollow"
        return answer

    return cast(View, wrapped)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from; behind our own proxy the last address that it added."""
    if settings.SECURE_PROXY_SSL_HEADER and (given := request.headers.get("X-Forwarded-For")):
        return given.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def counted(kind: str, request: HttpRequest, seconds: int) -> int:
    """How often something was asked for from one address within these seconds, this time included."""
    key = f"throttle:{kind}:{address_of(request)}"
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:  # it ran out between the two
        return 1


def waits(request: HttpRequest, minutes: int) -> HttpResponse:
    """The page that asks for patience."""
    return render(request, "workflows/public_waits.html", {"minutes": minutes}, status=429)


def link_of(request: HttpRequest, token: str) -> ResidentLink | HttpResponse:
    """The link, or the page that says it is not known (and, after many wrong ones, to wait)."""
    key = f"throttle:token:{address_of(request)}"
    if cache.get(key, 0) >= UNKNOWN_TOKENS:
        return waits(request, UNKNOWN_SECONDS // 60)
    link = facts.case_of_token(token, now=timezone.now())
    if link is None:
        counted("token", request, UNKNOWN_SECONDS)
        return render(request, "workflows/public_unknown.html", status=404)
    return link


@private
@require_safe
def show_case(request: HttpRequest, token: str) -> HttpResponse:
    """Where it stands, what was answered, and what the resident can say now."""
    link = link_of(request, token)
    if isinstance(link, HttpResponse):
        return link
    shown = shown_of(link, token, may_choose_messages=link.is_the_residents_own)
    return render(request, "workflows/public_case.html", shown)


def shown_of(link: ResidentLink, token: str, **more: Any) -> dict[str, Any]:
    """What every page of a link shows."""
    return {"page": public_page(link, now=timezone.now()), "token": token, **more}


def refuse(form: Any, error: ValidationError) -> None:
    """Show what a command refused, at its field."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, said in by_field.items():
        form.add_error(name if name in form.fields else None, said)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, token: str) -> HttpResponse:
    """Say what is still wrong; a supervisor decides."""
    link = link_of(request, token)
    if isinstance(link, HttpResponse):
        return link
    form = AskReopenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            surveys.request_reopen(
                case_id=link.case_id, actor=may.RESIDENT, now=timezone.now(), words=form.cleaned_data["words"]
            )
            return redirect("public:thanks", token=token)
        except TransitionNotAllowed:
            return render(request, "workflows/public_late.html", shown_of(link, token), status=409)
        except ValidationError as error:
            refuse(form, error)
    shown = shown_of(link, token, form=form)
    if request.method != "POST" and not shown["page"].may_reopen:
        return redirect("public:case", token=token)
    return render(request, "workflows/public_reopen.html", shown, status=422 if form.errors else 200)


@private
@require_safe
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    """The answer has arrived."""
    link = link_of(request, token)
    if isinstance(link, HttpResponse):
        return link
    return render(request, "workflows/public_thanks.html", shown_of(link, token))


@private
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, area_code: str) -> HttpResponse:
    """A resident reports what is wrong in the estate whose code was scanned."""
    area = Area.objects.filter(code=area_code).first()
    if area is None:
        return render(request, "workflows/public_unknown.html", status=404)
    if request.method != "POST":
        return render(request, "workflows/public_report.html", {"form": PublicReportForm(), "area": area})
    form = PublicReportForm(request.POST, request.FILES)
    if form.is_valid():
        key = form.cleaned_data["draft_id"]
        known = Case.objects.filter(client_key=key, reported_by=None, area=area).first()
        if known is None and counted("report", request, REPORT_SECONDS) > REPORTS:
            return waits(request, REPORT_SECONDS // 60)
        try:
            case = known or _open_case(form, area, key)
            staff = request.user if isinstance(request.user, User) else None  # who is logged in sees the token
            link = facts.resident_link(case, now=timezone.now(), handed_by=staff)
            return redirect("public:receipt", token=facts.link_token(link))
        except ValidationError as error:
            form.refuse(error)
    return render(request, "workflows/public_report.html", {"form": form, "area": area}, status=422)


def _open_case(form: PublicReportForm, area: Area, key: str) -> Case:
    now = timezone.now()
    try:
        with transaction.atomic():
            case = report_case(report=form.report(area), actor=may.RESIDENT, now=now)
            files = form.chosen_photos()
            facts.attach_photos(case_id=case.pk, actor=None, now=now, kind=PhotoKind.REPORT, files=files)
            return case
    except IntegrityError:  # two taps at once: the other one made the case
        known = Case.objects.filter(client_key=key, reported_by=None).first()
        if known is None:
            raise
        return known


@private
@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """The number, and the link to keep: as text, as a code, on paper."""
    link = link_of(request, token)
    if isinstance(link, HttpResponse):
        return link
    url = link_url(token)
    shown = shown_of(link, token, url=url, qr=qr_image(url), area_code=link.case.area.code)
    shown["is_known"] = is_known(link.case)
    return render(request, "workflows/public_receipt.html", shown)
