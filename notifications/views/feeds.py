"""日历订阅: the page on which a person makes, renews and revokes the address, and what calendars fetch from it."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.models import User
from notifications.feeds import calendar_file, feed_of_token, feed_token, renew_feed, revoke_feed
from notifications.models import CalendarFeed
from workflows.views.public import UNKNOWN_SECONDS, UNKNOWN_TOKENS, address_of, counted

FETCHES_AN_HOUR, HOUR = 60, 3600


@login_required
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """The address, and how to subscribe to it."""
    feed = CalendarFeed.objects.filter(user=cast(User, request.user)).first()
    address = settings.BASE_URL + reverse("notifications:feed", args=[feed_token(feed)]) if feed else ""
    return render(request, "notifications/calendar.html", {"feed": feed, "address": address})


@login_required
@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    """A new address instead of the one before."""
    renew_feed(actor=cast(User, request.user), now=timezone.now())
    messages.success(request, _("订阅地址已生成；原来的地址不再有效。"))
    return redirect("notifications:calendar")


@login_required
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """No address any more."""
    revoke_feed(actor=cast(User, request.user))
    messages.success(request, _("订阅已停止，地址不再有效。"))
    return redirect("notifications:calendar")


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """What a calendar fetches: only to read, 304 while nothing changed, and not too often."""
    if cache.get(f"throttle:token:{address_of(request)}", 0) >= UNKNOWN_TOKENS:
        return _wait(UNKNOWN_SECONDS)
    found = feed_of_token(token)
    if found is None:
        counted("token", request, UNKNOWN_SECONDS)
        return HttpResponse(status=404)
    if _fetches(found) > FETCHES_AN_HOUR:
        return _wait(HOUR)
    content, digest, changed_at = calendar_file(found, now=timezone.now())
    etag, modified = f'"{digest}"', int(changed_at.timestamp())
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer.headers["ETag"], answer.headers["Last-Modified"] = etag, http_date(modified)
    answer.headers["Cache-Control"] = "private, no-cache"  # a proxy keeps nothing of it, a calendar asks each time
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return cast(HttpResponse, get_conditional_response(request, etag, modified, answer))


def _fetches(found: CalendarFeed) -> int:
    key = f"throttle:feed:{found.pk}"
    cache.add(key, 0, HOUR)
    try:
        return cache.incr(key)
    except ValueError:  # it ran out between the two
        return 1


def _wait(seconds: int) -> HttpResponse:
    return HttpResponse(status=429, headers={"Retry-After": str(seconds)})
