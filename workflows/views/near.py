"""这件可能已有人报过: said while a report is typed and after it was sent; it hinders nobody and merges nothing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cases import commands as facts
from cases.models import Area, Case, User
from cases.terms import EventType
from workflows.forms.report import reporting_areas
from workflows.near import Told, near_cases
from workflows.permissions import may_report
from workflows.views.access import seen_case, viewer_of

LEAST = 6  # characters: of fewer, everything is like everything


@login_required
@require_POST
def while_typing(request: HttpRequest) -> HttpResponse:
    """The likeliest open cases for what stands in the form so far; nothing for too few words."""
    viewer = viewer_of(request)
    if not viewer.grants().has(*may_report):
        raise PermissionDenied("near")
    words = f"{request.POST.get('title', '')} {request.POST.get('description', '')}".strip()
    area = Area.objects.filter(pk=_whole(request.POST.get("area", ""))).first() or _only_area(viewer)
    found = []
    if area is not None and len(words) >= LEAST:
        told = Told(
            words,
            area,
            timezone.now(),
            request.POST.get("place", ""),
            _whole(request.POST.get("category", "")) or None,
            _number(request.POST.get("latitude", "")),
            _number(request.POST.get("longitude", "")),
        )
        found = near_cases(told, Case.objects.visible_to(viewer))
    return render(request, "workflows/_near.html", {"near": found})


@login_required
@require_POST
def same_matter(request: HttpRequest, number: str) -> HttpResponse:
    """Who reported it says that it is the matter of another case: a remark for the desk, which may merge them."""
    case, viewer = seen_case(request, number), viewer_of(request)
    if case.reported_by_id != viewer.pk:
        raise PermissionDenied("same_matter")
    other = seen_case(request, request.POST.get("other", ""))
    if other.pk == case.pk:
        raise Http404
    words = _("上报人说：与 %(number)s 是同一件事。") % {"number": other.number}
    if not case.events.filter(type=EventType.NOTE_ADDED, data__words=words).exists():
        facts.add_note(case_id=case.pk, actor=viewer, now=timezone.now(), words=words)
    said = _("已告诉受理员与 %(number)s 是同一件事，由受理员决定是否并案；并案后同样会答复。")
    messages.success(request, said % {"number": other.number})
    return redirect("workflows:case", number=case.number)


def _only_area(viewer: User) -> Area | None:
    """Who reports from one place only is not asked for it."""
    areas = list(reporting_areas(viewer)[:2])
    return areas[0] if len(areas) == 1 else None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0  # noqa: PLR2004  # a column's


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
