"""The page of messages, their settings, and the list of what was not delivered."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from cases.models import User
from cases.views import sheets
from notifications import selectors
from notifications.commands import choose_settings, mark_all_read, mark_read
from notifications.delivery import resend, resend_all
from notifications.forms import SettingsForm
from notifications.list_sheets import MESSAGES, told_to
from notifications.text_commands import may_edit_texts


def _viewer(request: HttpRequest) -> User:
    return cast(User, request.user)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004  # a bigint


@login_required
@require_GET
def messages_page(request: HttpRequest) -> HttpResponseBase:
    """What I was told, newest first."""
    viewer, now = _viewer(request), timezone.now()
    if kind := sheets.wanted(request):
        return sheets.download(request, MESSAGES, told_to(viewer, now=now), kind, now=now)
    before = _number(request.GET.get("before", ""))
    context = {
        "page": selectors.messages_for(viewer, now=now, before=before),
        "before": before,
        "unread": selectors.unread_count(viewer),
        "may_see_dead": selectors.may_see_dead_letters(viewer),
        "may_edit_texts": may_edit_texts(viewer),
    }
    return render(request, "notifications/messages.html", context)


@require_safe
def unread(request: HttpRequest) -> HttpResponse:
    """The number beside 消息 for a page that stays open; 304 when it is what the browser has. No cache in between.

    Two queries and nothing written: the session, and the person together with the numbers.
    """
    found = selectors.bell_of(request.session.get(SESSION_KEY))
    kept = request.session.get(HASH_SESSION_KEY, "")
    if found is None or not constant_time_compare(kept, found[0].get_session_auth_hash()):
        return JsonResponse({}, status=401)
    _user, count, newest = found
    answer = JsonResponse({"unread": count}, headers={"Cache-Control": "private, no-cache"})
    answer.headers["ETag"] = f'"{count}-{newest}"'
    return get_conditional_response(request, answer.headers["ETag"], response=answer) or answer


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """One message (`id`) or all that were on the page (`newest`) were read."""
    one, newest = (_number(request.POST.get(name, "")) for name in ("id", "newest"))
    if one is not None:
        mark_read(delivery_id=one, actor=_viewer(request), now=timezone.now())
    elif newest is not None:
        mark_all_read(newest_id=newest, actor=_viewer(request), now=timezone.now())
    return redirect("notifications:messages")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def message_settings(request: HttpRequest) -> HttpResponse:
    """消息设置: what of each channel goes at once, the digest, quiet hours, language."""
    viewer = _viewer(request)
    typed = request.POST if request.method == "POST" else None
    form = SettingsForm(typed, rhythm=selectors.rhythm_of(viewer), channels=selectors.channels_of(viewer))
    if form.is_valid():
        choose_settings(actor=viewer, rhythm=form.rhythm(), channels=form.chosen())
        messages.success(request, _("已保存。"))
        return redirect("notifications:settings")
    shown = {"form": form, "hours": settings.QUIET_HOURS}
    return render(request, "notifications/settings.html", shown, status=422 if form.errors else 200)


@login_required
@require_GET
def dead_letters(request: HttpRequest) -> HttpResponseBase:
    """What was given up, for those who answer for it."""
    viewer = _viewer(request)
    if not selectors.may_see_dead_letters(viewer):
        raise PermissionDenied("dead_letters")
    channel = request.GET.get("channel", "")
    if kind := sheets.wanted(request):
        letters = selectors.dead_letters(viewer, channel=channel, most=None)
        return sheets.download(request, selectors.DEAD, letters, kind, now=timezone.now())
    context = {
        "letters": selectors.dead_letters(viewer, channel=channel),
        "channels": selectors.dead_by_channel(viewer),
        "channel": channel,
    }
    return render(request, "notifications/dead_letters.html", context)


@login_required
@require_POST
def resend_letters(request: HttpRequest) -> HttpResponse:
    """Try everything again that was given up, of one channel or of all."""
    viewer = _viewer(request)
    if not selectors.may_see_dead_letters(viewer):
        raise PermissionDenied("resend_all")
    count = resend_all(channel=request.POST.get("channel", ""), actor=viewer, now=timezone.now())
    words = ngettext("%(count)s 条已重新发送，稍后请看是否送达。", "%(count)s 条已重新发送，稍后请看是否送达。", count)
    messages.success(request, words % {"count": count})
    return redirect("notifications:dead_letters")


@login_required
@require_POST
def resend_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a message again that was given up."""
    try:
        resend(delivery_id=pk, actor=_viewer(request), now=timezone.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("已重新发送，稍后请看是否送达。"))
    return redirect("notifications:dead_letters")
