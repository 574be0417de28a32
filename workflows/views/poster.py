"""A sheet to put up in an estate: residents scan it and report without a login."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cases.models import Area
from workflows.permissions import may_report
from workflows.views.access import viewer_of
from workflows.views.report import qr_image


@login_required
@require_safe
def poster(request: HttpRequest, code: str) -> HttpResponse:
    """The QR code of the report page of one area, for those who report there themselves."""
    area = get_object_or_404(Area, code=code)
    if not viewer_of(request).grants().covers(area, *may_report):
        raise PermissionDenied("poster")
    url = f"{settings.BASE_URL}{reverse('public:report', kwargs={'area_code': area.code})}"
    return render(request, "workflows/poster.html", {"area": area, "url": url, "qr": qr_image(url)})
