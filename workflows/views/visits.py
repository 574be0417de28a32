"""走访: my households, recording a visit and raising a case from it; households and who keeps contact with them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.households import assign_contact, end_contact, record_visit, save_household
from cases.lib.masking import mask_name, mask_phone
from cases.lib.sheets import Listing
from cases.models import Household, HouseholdContact, Visit
from cases.permissions import may_visit
from cases.views import sheets
from workflows import visit_pages as pages
from workflows.forms.visits import ContactForm, HouseholdForm, PeriodForm, VisitForm
from workflows.permissions import may_report
from workflows.views.access import SENT_DRAFT, viewer_of


@login_required
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """My households, who was not visited for longest first; for supervisors how many are reached."""
    viewer, now = viewer_of(request), timezone.now()
    if not (viewer.is_superuser or viewer.grants().has(*pages.PLACE)):
        raise PermissionDenied("visits")
    day, paths = timezone.localdate(now), pages.overseen(viewer)
    lists: dict[str, Listing[Any]] = {
        "mine": Listing(pages.HOUSEHOLD_SHEET, lambda: pages.home_rows(pages.mine(viewer, day), day, most=None)),
        "reach": Listing(pages.REACH_SHEET, lambda: pages.reach_of(paths or (), day)),
    }
    if file := sheets.answered(request, lists, now=now):
        return file
    rows = pages.home_rows(pages.mine(viewer, day), day)
    shown = {
        "rows": rows,
        "is_cut": len(rows) == pages.SHOWN,
        "shown": pages.SHOWN,
        "reach": pages.reach_of(paths, day) if paths is not None else None,
        "coverage": pages.COVERAGE,
        "kept": pages.KEPT,
        "visits_mine": viewer.grants().has(*pages.VISITORS),
        "may_keep": viewer.is_superuser or viewer.grants().has(*pages.KEEPERS),
        "sent_draft": request.session.pop(SENT_DRAFT, ""),
    }
    return render(request, "workflows/visits.html", shown)


@login_required
@never_cache
@require_safe
def log(request: HttpRequest) -> HttpResponseBase:
    """The visits that I see, the newest first, and all of them as a file."""
    viewer, now = viewer_of(request), timezone.now()
    form = PeriodForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    found = pages.visits_of(viewer, timezone.localdate(now), given.get("since"), given.get("until"))
    if kind := sheets.wanted(request):
        return sheets.download(request, pages.VISIT_SHEET, found, kind, now=now)
    page = Paginator(found, pages.PAGE).get_page(request.GET.get("page"))
    if lines := pages.lines_of(page, viewer):
        record_access(AccessKind.HOUSEHOLD, by=viewer, at=now, details={"list": "visits", "shown": len(lines)})
    shown = {"lines": lines, "form": form, "page_obj": page}
    return render(request, "workflows/visit_log.html", shown)


def _seen(request: HttpRequest, pk: int) -> Household:
    rows = Household.objects.visible_to(viewer_of(request), timezone.localdate()).select_related("area")
    household = rows.filter(pk=pk).first()
    if household is None:
        raise Http404
    return household


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def household(request: HttpRequest, pk: int) -> HttpResponse:
    """One household: record a visit, raise a case from it, what was said before."""
    home, viewer, now = _seen(request, pk), viewer_of(request), timezone.now()
    today = timezone.localdate(now)
    visits = may_visit(viewer, home, today)
    form = VisitForm(request.POST if request.method == "POST" else None, today=today)
    if form.is_bound:
        if not visits:
            raise PermissionDenied("record_visit")
        if form.is_valid():
            try:
                visit = record_visit(household=home, actor=viewer, now=now, **form.inputs())
            except ValidationError as error:
                form.refuse(error)
            except IntegrityError:  # the same phone sent twice at once
                visit = Visit.objects.get(client_key=form.cleaned_data["draft_id"])
                return _recorded(request, visit)
            else:
                return _recorded(request, visit)
    record_access(AccessKind.HOUSEHOLD, by=viewer, at=now, area=home.area, details={"household": home.pk})
    shown = _household_page(request, home, form, visits=visits)
    return render(request, "workflows/household.html", shown, status=422 if form.errors else 200)


def _recorded(request: HttpRequest, visit: Visit) -> HttpResponse:
    request.session[SENT_DRAFT] = f"visit-{visit.household_id}"
    if "raise" in request.POST:
        return redirect(f"{reverse('workflows:report')}?visit={visit.pk}")
    messages.success(request, _("已记下对%(home)s的走访。") % {"home": visit.household})
    return redirect("campaigns:visits")


def _household_page(request: HttpRequest, home: Household, form: VisitForm, *, visits: bool) -> dict[str, Any]:
    viewer = viewer_of(request)
    return {
        "home": home,
        "name": mask_name(home.head_name),
        "phone": mask_phone(home.phone),
        "form": form if visits else None,
        "may_raise": visits and viewer.grants().has(*may_report),
        "lines": pages.lines_of(pages.visits_to(home), viewer),
        "contacts": home.contacts.select_related("user").order_by("-valid_from", "-pk"),
        "may_keep": pages.may_keep(viewer, home),
        "today": timezone.localdate(),
        "sent_draft": request.session.pop(SENT_DRAFT, ""),
    }


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def households(request: HttpRequest) -> HttpResponseBase:
    """The households of my areas, by door; tick some and say who keeps contact with them."""
    viewer, now = viewer_of(request), timezone.now()
    day = timezone.localdate(now)
    areas = pages.kept_areas(viewer)
    if not areas.exists():
        raise PermissionDenied("households")
    wanted = request.GET.get("area", "")
    place = areas.filter(pk=int(wanted[:18])).first() if wanted.isdecimal() else None
    found = Household.objects.filter(area__in=areas.filter(path__startswith=place.path) if place else areas)
    if kind := sheets.wanted(request):
        rows = pages.home_rows(found, day, never_first=False, most=None)
        return sheets.download(request, pages.HOUSEHOLD_SHEET, rows, kind, now=now, area=place)
    people = pages.possible_contacts(areas, day)
    typed = request.POST if request.method == "POST" else None
    form = ContactForm(typed, people=people, households=found.select_related("area"), today=day)
    if typed is not None and form.is_valid():
        given = form.cleaned_data
        n = assign_contact(
            households=list(given["households"]), user=given["user"], actor=viewer, valid_from=given["valid_from"]
        )
        said = ngettext("%(who)s 新联系 %(n)s 户。", "%(who)s 新联系 %(n)s 户。", n) % {"who": given["user"], "n": n}
        messages.success(request, said)
        return redirect(request.get_full_path())
    ticked = set(request.POST.getlist("households"))
    page = Paginator(pages.homes(found, day), pages.PAGE).get_page(request.GET.get("page"))
    shown = {
        "rows": [pages.row_of(home, day) for home in page],
        "page_obj": page,
        "form": form,
        "ticked": ticked,
        "areas": [area for area in areas if area.level in pages.CHOSEN_LEVELS],
        "place": place,
    }
    return render(request, "workflows/households.html", shown, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit_household(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Enter a household, or change one; what is private is never shown back."""
    viewer = viewer_of(request)
    home = _seen(request, pk) if pk else None
    areas = pages.kept_areas(viewer)
    if not areas.exists() or (home and not pages.may_keep(viewer, home)):
        raise PermissionDenied("save_household")
    form = HouseholdForm(request.POST if request.method == "POST" else None, areas=areas, household=home)
    if form.is_bound and form.is_valid():
        try:
            saved = save_household(
                area=form.cleaned_data["area"], door=form.door(), actor=viewer, household=home,
                active=form.cleaned_data["active"], now=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("已保存。"))
            return redirect("campaigns:household", saved.pk)
    shown = {"form": form, "home": home}
    return render(request, "workflows/household_edit.html", shown, status=422 if form.errors else 200)


@login_required
@require_POST
def stop_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """End keeping contact today."""
    row = get_object_or_404(HouseholdContact, pk=pk)
    _seen(request, row.household_id)
    try:
        end_contact(contact_id=pk, actor=viewer_of(request), valid_to=timezone.localdate())
    except ValidationError as error:
        messages.info(request, " ".join(error.messages))
    return redirect("campaigns:household", row.household_id)
