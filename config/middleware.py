"""Between the web and the pages: what no page has to do by itself."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django_fsm import TransitionNotAllowed

from config.views import conflict, no_limit
from notifications.relay import nudge
from workflows.limits import NoLimit


class ConflictMiddleware:
    """A move that the state forbids is answered 409, one that has no limit 503, wherever it was tried."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Only these two; every other exception goes on."""
        if isinstance(exception, NoLimit):
            return no_limit(request, exception)
        return conflict(request, exception) if isinstance(exception, TransitionNotAllowed) else None


class NudgeMiddleware:
    """What a request changed is told at once instead of at the next tick; nothing is lost when this fails."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and response.status_code < HTTPStatus.BAD_REQUEST:
            nudge()
        return response
