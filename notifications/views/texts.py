"""消息文本: the list, the page on which a text is written with its preview, and its versions."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.models import User
from cases.views import sheets
from notifications import text_pages as pages
from notifications.channels.base import Message
from notifications.forms import TextForm
from notifications.list_sheets import texts_sheet
from notifications.models import TextVersion
from notifications.safe_text import Text
from notifications.text_commands import Place, check_text, may_edit_texts, publish_text, use_builtin, write_text
from notifications.texts import current_texts, preview
from notifications.wordings import label_of, variables_of

View = Callable[..., HttpResponseBase]


def for_administrators(view: View) -> View:
    """Who may write what the program says to people."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_edit_texts(cast(User, request.user)):
            raise PermissionDenied("edit_texts")
        return view(request, *args, **kwargs)

    return login_required(wrapped)


def _place(event_type: str, kind: str, language: str) -> Place:
    place = pages.place_of(event_type, kind, language)
    if place is None:
        raise Http404
    return place


def _address(place: Place) -> tuple[str, str, str]:
    return place.event_type, "resident" if place.resident else "staff", place.language


@for_administrators
@require_safe
def texts(request: HttpRequest) -> HttpResponseBase:
    """Every message that somebody gets, and which version of its words is in use."""
    tab, now = request.GET.get("to", ""), timezone.now()
    tab = tab if tab in pages.TABS else pages.STAFF
    rows = pages.rows(tab)
    if kind := sheets.wanted(request):
        return sheets.download(request, texts_sheet(), rows, kind, now=now)
    return render(request, "notifications/texts.html", {"rows": rows, "tab": tab})


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, event_type: str, kind: str, language: str) -> HttpResponse:
    """Write another version; it is used when it is published."""
    place = _place(event_type, kind, language)
    typed = request.POST if request.method == "POST" else None
    form = TextForm(typed, text=pages.text_in_use(place), has=place.has, has_foot=place.has_foot)
    if form.is_valid() and "preview" not in request.POST:
        try:
            given: dict[str, Any] = {"place": place, "text": form.text(), "note": form.cleaned_data["note"]}
            version = write_text(**given, actor=cast(User, request.user), now=timezone.now())
        except ValidationError as error:
            form.refuse(error)
        else:
            return _kept(request, place, version, publish="publish" in request.POST)
    elif form.is_valid():
        _check(form, place)
    status = 422 if form.errors else 200
    return render(request, "notifications/text_edit.html", _shown(place, form), status=status)


def _kept(request: HttpRequest, place: Place, version: TextVersion, *, publish: bool) -> HttpResponse:
    if publish:
        publish_text(version_id=version.pk, actor=cast(User, request.user), now=timezone.now())
        messages.success(request, _("第 %(n)s 版已启用，从下一条消息起照它发。") % {"n": version.number})
    else:
        messages.success(request, _("已存为第 %(n)s 版，还没有启用。") % {"n": version.number})
    return redirect("notifications:text", *_address(place))


def _check(form: TextForm, place: Place) -> None:
    try:
        check_text(place, form.text())
    except ValidationError as error:
        form.refuse(error)


def _shown(place: Place, form: TextForm) -> dict[str, Any]:
    is_sound = not form.is_bound or form.is_valid()
    text = form.text() if form.is_bound and is_sound else pages.text_in_use(place)
    event_type, kind, language = _address(place)
    return {
        "place": place,
        "kind": kind,
        "label": label_of(event_type),
        "language_name": dict(settings.LANGUAGES)[language],
        "form": form,
        "is_sound": is_sound,
        "message": _preview(place, text) if is_sound else None,
        "variables": variables_of(event_type, resident=place.resident),
        "versions": place.versions.select_related("written_by", "published_by"),
        "in_use": place.versions.filter(is_current=True).first(),
    }


def _preview(place: Place, text: Text) -> Message:
    """What it would say, with what is in use around it."""
    resident, language = place.resident, place.language
    return preview(place.event_type, resident=resident, language=language, text=text, texts=current_texts())


@for_administrators
@require_POST
def live_preview(request: HttpRequest, event_type: str, kind: str, language: str) -> HttpResponse:
    """The preview alone, while somebody types; what is wrong stands in its place."""
    place = _place(event_type, kind, language)
    form = TextForm(request.POST, text=Text("", ""), has=place.has)
    if form.is_valid():
        _check(form, place)
    shown = {"form": form, "is_sound": not form.errors}
    if not form.errors:
        shown["message"] = _preview(place, form.text())
    return render(request, "notifications/_text_preview.html", shown)


@for_administrators
@require_safe
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: its words, its preview, what differs from what is in use."""
    row = get_object_or_404(TextVersion.objects.select_related("written_by", "published_by"), pk=pk)
    place = Place(row.event_type, row.resident, row.language)
    text = Text(row.subject, row.body)
    shown = {
        "row": row,
        "address": _address(place),
        "label": label_of(row.event_type),
        "language_name": dict(settings.LANGUAGES).get(row.language, row.language),
        "changes": None if row.is_current else pages.changes(pages.text_in_use(place), text),
        "message": _preview(place, text),
        "is_sound": True,
    }
    return render(request, "notifications/text_version.html", shown)


@for_administrators
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Use this version: a new one, or back to an old one."""
    row = get_object_or_404(TextVersion, pk=pk)
    try:
        publish_text(version_id=pk, actor=cast(User, request.user), now=timezone.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("第 %(n)s 版已启用，从下一条消息起照它发。") % {"n": row.number})
    return redirect("notifications:text", *_address(Place(row.event_type, row.resident, row.language)))


@for_administrators
@require_POST
def builtin(request: HttpRequest, event_type: str, kind: str, language: str) -> HttpResponse:
    """Back to the words of the program."""
    place = _place(event_type, kind, language)
    use_builtin(place=place, actor=cast(User, request.user))
    messages.success(request, _("已改回内置文本，写过的版本都还在。"))
    return redirect("notifications:text", *_address(place))
