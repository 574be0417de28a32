"""搜索: the box in the head of every page."""

from datetime import datetime
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.lib.masking import mask_phone
from cases.models import User
from cases.search import HITS, Found, is_phone, search
from cases.views import sheets

LONGEST = 100


@login_required
@never_cache
@require_safe
def results(request: HttpRequest) -> HttpResponseBase:
    """What was found, the surest first. That somebody looked for a phone is written down, the number masked."""
    viewer, words, now = cast(User, request.user), request.GET.get("q", "").strip(), timezone.now()
    is_long = len(words) > LONGEST
    found = Found([], [], is_phone=False, is_all=True) if is_long else search(viewer, words)
    if not is_long:
        note_search(viewer, words, len(found.hits), now=now)
    if kind := sheets.wanted(request):
        return sheets.download(request, HITS, found.hits, kind, now=now)
    shown = {"words": words, "found": found, "is_long": is_long, "longest": LONGEST}
    return render(request, "cases/search.html", shown, status=422 if is_long else 200)


def note_search(viewer: User, words: str, hits: int, *, now: datetime) -> None:
    """Write down that somebody looked for a phone, the number masked; other words are nobody's."""
    if is_phone(words):
        details = {"phone": mask_phone(words), "hits": hits}
        record_access(AccessKind.SEARCHED, by=viewer, at=now, details=details)
