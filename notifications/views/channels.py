"""Pages of the channels: how each stands, the robots and systems that hear of events, and a trial."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.lib.sheets import Listing
from cases.models import User
from cases.views import sheets
from notifications import journal, selectors
from notifications.list_sheets import CHANNELS, SUBSCRIBERS
from notifications.models import SUBSCRIBED, ChannelName, Subscriber
from notifications.subscriber_forms import SubscriberForm
from notifications.subscribing import change_secret, may_manage, save_subscriber, try_out


def _manager(request: HttpRequest) -> User:
    viewer = request.user
    if not isinstance(viewer, User) or not may_manage(viewer):
        raise PermissionDenied("channels")
    return viewer


@login_required
@require_GET
def channels(request: HttpRequest) -> HttpResponseBase:
    """How each channel stands, for those who answer for sending; administrators find the robots and systems here."""
    viewer = request.user
    if not isinstance(viewer, User) or not selectors.may_see_dead_letters(viewer):
        raise PermissionDenied("channels")
    is_manager, now = may_manage(viewer), timezone.now()
    lists: dict[str, Listing[Any]] = {"channels": Listing(CHANNELS, lambda: journal.channels(now=now))}
    if is_manager:
        lists["subscribers"] = Listing(SUBSCRIBERS, _subscribers)
    if file := sheets.answered(request, lists, now=now):
        return file
    context = {
        "channels": journal.channels(now=now),
        "may_manage": is_manager,
        "subscribers": _subscribers() if is_manager else (),
        "kinds": [(name.value, name.label) for name in SUBSCRIBED],
    }
    return render(request, "notifications/channels.html", context)


def _subscribers() -> QuerySet[Subscriber]:
    return Subscriber.objects.select_related("area", "team").prefetch_related("gates")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, channel: str) -> HttpResponse:
    """A new robot or system."""
    viewer = _manager(request)
    if channel not in SUBSCRIBED:
        raise Http404
    return _edited(request, viewer, Subscriber(channel=channel))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, unit, address or choice of events; on and off."""
    viewer = _manager(request)
    return _edited(request, viewer, get_object_or_404(Subscriber, pk=pk))


def _edited(request: HttpRequest, viewer: User, subscriber: Subscriber) -> HttpResponse:
    form = SubscriberForm(request.POST or None, subscriber=subscriber)
    if request.method == "POST" and form.is_valid():
        made = save_subscriber(subscriber=subscriber, given=form.given(), actor=viewer, now=timezone.now())
        if made:
            return _shown_once(request, subscriber, made)
        messages.success(request, _("已保存。可以发一条测试消息看看。"))
        return redirect("notifications:channels")
    context = {"form": form, "subscriber": subscriber, "label": ChannelName(subscriber.channel).label}
    return render(request, "notifications/subscriber.html", context, status=422 if form.errors else 200)


def _shown_once(request: HttpRequest, subscriber: Subscriber, secret: str) -> HttpResponse:
    answer = render(request, "notifications/secret.html", {"subscriber": subscriber, "secret": secret})
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def secret(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret of a system, shown this once."""
    viewer = _manager(request)
    subscriber = get_object_or_404(Subscriber, pk=pk, channel=ChannelName.WEBHOOK)
    made = change_secret(subscriber=subscriber, actor=viewer, now=timezone.now())
    return _shown_once(request, subscriber, made)


@login_required
@require_POST
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test message and say what came of it."""
    viewer = _manager(request)
    subscriber = get_object_or_404(Subscriber, pk=pk)
    outcome = try_out(channel=subscriber.channel, recipient=subscriber, actor=viewer, now=timezone.now())
    say = messages.success if outcome.arrived else messages.warning
    say(request, f"{subscriber.name}：{outcome.words}")
    return redirect("notifications:channels")
