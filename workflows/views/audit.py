"""审计: have the history looked at and sealed, compare it with a seal on paper, read who saw personal data."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cases.audit_terms import CheckKind
from cases.keyset import take
from cases.lib import pdf
from cases.lib.sheets import Listing
from cases.models import HistoryCheck, Seal, User
from cases.seals import find_seal
from cases.verifying import ask_for_check
from cases.views import sheets
from workflows import audit_pages as pages
from workflows.forms.audit import AccessForm, DayForm, PaperForm
from workflows.views.access import viewer_of
from workflows.views.printing import pdf_answer
from workflows.views.report import qr_image


def _reader(request: HttpRequest) -> User:
    viewer = viewer_of(request)
    if not pages.may_read_audit(viewer):
        raise PermissionDenied("audit")
    return viewer


def _verifier(request: HttpRequest) -> User:
    viewer = viewer_of(request)
    if not pages.may_verify(viewer):
        raise PermissionDenied("verify")
    return viewer


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def audit(request: HttpRequest) -> HttpResponseBase:
    """What can be audited; a POST has all histories looked at, and sealed if it says so."""
    viewer = _reader(request)
    lists: dict[str, Listing[Any]] = {
        "checks": Listing(pages.CHECK_SHEET, lambda: pages.recent_checks(most=None)),
        "seals": Listing(pages.SEAL_SHEET, lambda: pages.recent_seals(most=None)),
    }
    if file := sheets.answered(request, lists if pages.may_verify(viewer) else {}, now=timezone.now()):
        return file
    if request.method == "POST":
        _verifier(request)
        kind = CheckKind.SEAL if request.POST.get("kind") == CheckKind.SEAL else CheckKind.VERIFY
        check = ask_for_check(kind=kind, actor=viewer, now=timezone.now())
        return redirect("workflows:history_check", pk=check.pk)
    return _audit_page(request, viewer, PaperForm(), _day_form(request))


def _day_form(request: HttpRequest) -> DayForm | HttpResponse:
    if "day" not in request.GET:
        return DayForm(now=timezone.now())
    form = DayForm(request.GET, now=timezone.now())
    moment = form.moment()
    if moment is None:
        return form
    query = urlencode({"as_of": timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")})
    return redirect(f"{reverse('workflows:figures')}?{query}")


def _audit_page(request: HttpRequest, viewer: User, paper: PaperForm, day: DayForm | HttpResponse) -> HttpResponse:
    if isinstance(day, HttpResponse):
        return day
    shown: dict[str, Any] = {"paper": paper, "day": day, "may_verify": pages.may_verify(viewer)}
    if shown["may_verify"]:
        shown |= {"checks": pages.recent_checks(), "seals": pages.recent_seals()}
    return render(request, "workflows/audit.html", shown, status=422 if paper.errors or day.errors else 200)


@login_required
@never_cache
@require_safe
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a look is, then what it found; asked again while it runs, only its middle."""
    _verifier(request)
    row = get_object_or_404(HistoryCheck.objects.select_related("asked_by", "seal"), pk=pk)
    is_part = request.headers.get("HX-Request") == "true"
    template = "workflows/_history_check.html" if is_part else "workflows/history_check.html"
    return render(request, template, {"view": pages.check_view(row)})


@login_required
@never_cache
@require_safe
def accesses(request: HttpRequest) -> HttpResponseBase:
    """Who saw, got out or changed personal data; as a file, too, and that is one more row."""
    viewer, now = _reader(request), timezone.now()
    form = AccessForm(request.GET)
    found = pages.access_rows(viewer).filter(form.wanted())
    if kind := sheets.wanted(request):
        return sheets.download(request, pages.ACCESS_SHEET, found.order_by(*pages.NEWEST.columns), kind, now=now)
    page = take(found, pages.NEWEST, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    rows = [(row, pages.who(row), pages.about(row)) for row in page.rows]
    shown = {"form": form, "page": page, "rows": rows}
    return render(request, "workflows/accesses.html", shown, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """From the digest on a paper to its seal. One that is not kept here says that the seal itself was changed."""
    viewer = _verifier(request)
    if request.method != "POST":  # the language was changed, or one of the lists is wanted as a file
        return redirect(f"{reverse('workflows:audit')}?{request.GET.urlencode()}")
    form = PaperForm(request.POST)
    if form.is_valid():
        found = find_seal(form.cleaned_data["digest"])
        if found is not None:
            return redirect("workflows:seal", digest=found.digest)
        form.add_error("digest", _("这里没有这个封存。如果没有抄错，说明保存的封存已被改动或删除。"))
    return _audit_page(request, viewer, form, DayForm(now=timezone.now()))


def _seal(request: HttpRequest, digest: str) -> Seal:
    _verifier(request)
    found = Seal.objects.select_related("made_by").filter(digest=digest).first()
    if found is None:
        raise Http404
    return found


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def seal(request: HttpRequest, digest: str) -> HttpResponse:
    """One seal; a POST has today's histories compared with it."""
    found = _seal(request, digest)
    if request.method == "POST":
        row = ask_for_check(kind=CheckKind.AGAINST, actor=viewer_of(request), now=timezone.now(), seal=found)
        return redirect("workflows:history_check", pk=row.pk)
    checks = found.checks.filter(kind=CheckKind.AGAINST).select_related("asked_by", "seal").order_by("-pk")[:5]
    shown = {"seal": found, "groups": pages.in_groups(found.digest), "checks": [pages.check_view(c) for c in checks]}
    return render(request, "workflows/seal.html", shown)


def _sheet(request: HttpRequest, digest: str) -> dict[str, Any]:
    found = _seal(request, digest)
    url = f"{settings.BASE_URL}{reverse('workflows:seal', kwargs={'digest': found.digest})}"
    return {
        "seal": found,
        "groups": pages.in_groups(found.digest),
        "url": url,
        "qr": qr_image(url),
        "makes_pdf": not pdf.missing(),
    }


@login_required
@never_cache
@require_safe
def seal_sheet(request: HttpRequest, digest: str) -> HttpResponse:
    """The seal on a sheet of A4, to be signed and put away."""
    return render(request, "workflows/seal_sheet.html", _sheet(request, digest))


@login_required
@never_cache
@require_safe
def seal_pdf(request: HttpRequest, digest: str) -> HttpResponse:
    """The same sheet as a PDF; where none can be made, the page says so."""
    shown = _sheet(request, digest)
    return pdf_answer(
        request,
        render_to_string("workflows/seal_sheet.html", shown),
        filename=_("封存证明第%(n)s号.pdf") % {"n": shown["seal"].pk},
        otherwise=redirect("workflows:seal", digest=digest),
    )


@login_required
@never_cache
@require_safe
def seal_list(request: HttpRequest, digest: str) -> HttpResponseBase:
    """The list behind a seal, to be kept elsewhere: numbers of cases and hashes, nothing of anybody."""
    found = _seal(request, digest)
    try:
        content = found.heads.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(
        content,
        as_attachment=True,
        filename=f"seal-{found.pk}.tsv.gz",
        content_type="application/gzip",
        headers=headers,
    )
