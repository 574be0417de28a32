"""Between the web and the pages: what no page has to do by itself."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django_fsm import TransitionNotAllowed

from config.views import conflict
from notifications.relay import nudge


class ConflictMiddleware:
    """A move that the state forbids is answered 409, wherever it was tried."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Only conflicts; every other exception goes on."""
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
