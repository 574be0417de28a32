"""Photographs, handed out to those who may see the case only: the media folder itself is served to nobody."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from cases.models import Attachment, Case, User


@login_required
@require_safe
def photo(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """One photograph, inline; what one may not see does not exist."""
    visible = Case.objects.visible_to(cast(User, request.user)).filter(number=number)
    row = get_object_or_404(Attachment, pk=pk, case__in=visible)
    try:
        content = row.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    headers = {"Cache-Control": "private, max-age=600", "X-Content-Type-Options": "nosniff"}
    return FileResponse(content, filename=f"{number}-{pk}.jpg", content_type="image/jpeg", headers=headers)
