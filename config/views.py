"""Pages that say what went wrong and the way out, and what browsers ask for by themselves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django_fsm import TransitionNotAllowed

from cases.models import Case


def favicon(_request: HttpRequest) -> HttpResponse:
    """The icon, for pages that do not name one."""
    return redirect(static("favicon.svg"), permanent=True)


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
