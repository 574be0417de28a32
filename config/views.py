"""Pages that say what went wrong and the way out, and what browsers ask for by themselves."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django_fsm import TransitionNotAllowed

from cases.models import Case
from config.context import LARGE, TYPE_COOKIE
from workflows.limits import NoLimit

logger = logging.getLogger(__name__)


def favicon(_request: HttpRequest) -> HttpResponse:
    """The icon, for pages that do not name one."""
    return redirect(static("favicon.svg"), permanent=True)


@require_POST
def set_type(request: HttpRequest) -> HttpResponse:
    """Large type or not, kept in the browser, and back to the page; a foreign address leads home."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    answer = redirect(target)
    if request.POST.get("type") == LARGE:
        answer.set_cookie(TYPE_COOKIE, LARGE, max_age=365 * 86400, secure=request.is_secure(), samesite="Lax")
    else:
        answer.delete_cookie(TYPE_COOKIE, samesite="Lax")
    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # as Django calls it
    """400: the browser sent something broken."""
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # as Django calls it
    """403: not for this person's roles."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # as Django calls it
    """404: there is no such page, or it is not for this person to know."""
    return render(request, "404.html", status=404)


def conflict(request: HttpRequest, exception: TransitionNotAllowed) -> HttpResponse:
    """409: somebody was quicker."""
    case = getattr(exception, "object", None)
    url = reverse("workflows:case", args=[case.number]) if isinstance(case, Case) else ""
    return render(request, "409.html", {"url": url}, status=409)


def no_limit(request: HttpRequest, exception: NoLimit) -> HttpResponse:
    """503: an administrator has to set a limit first; nothing was written."""
    logger.error("%s", exception)
    return render(request, "503.html", {"kind": exception.kind.label}, status=503)
