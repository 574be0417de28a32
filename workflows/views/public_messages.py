"""Whether a resident wants messages, and in which language: on their own page, or by one click in a mail (RFC 8058).

Only by a link that nobody of the staff has seen: who could silence a resident could silence the survey, too.
"""

from http import HTTPStatus

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cases.commands import choose_messages
from cases.models import ResidentLink
from workflows.views.public import link_of, private, shown_of

ONE_CLICK = "One-Click"  # what a mail program sends in the name of the reader


class MessagesForm(forms.Form):
    """Yes or no, and in which language."""

    on = forms.ChoiceField(
        label=_("办理情况要不要发消息给您"), choices=[("yes", _("要")), ("no", _("不要"))], widget=forms.RadioSelect
    )
    language = forms.ChoiceField(label=_("消息语言"))

    def __init__(self, typed: object = None, *, link: ResidentLink) -> None:
        reporter = link.reporter
        off = reporter is not None and reporter.opted_out
        chosen = (reporter.language if reporter else "") or get_language() or settings.LANGUAGE_CODE
        super().__init__(typed, initial={"on": "no" if off else "yes", "language": chosen})  # type: ignore[arg-type]
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]  # read when used


def _own_link(request: HttpRequest, token: str) -> ResidentLink | HttpResponse:
    link = link_of(request, token)
    if not isinstance(link, HttpResponse) and not link.is_the_residents_own:
        raise Http404
    return link


@private
@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: HttpRequest, token: str) -> HttpResponse:
    """The page on which a resident says it."""
    link = _own_link(request, token)
    if isinstance(link, HttpResponse):
        return link
    form = MessagesForm(request.POST if request.method == "POST" else None, link=link)
    if form.is_valid() and link.reporter:
        choose_messages(
            reporter=link.reporter, on=form.cleaned_data["on"] == "yes", language=form.cleaned_data["language"]
        )
        return redirect(f"{request.path}?kept=1")
    shown = shown_of(link, token, form=form, kept="kept" in request.GET)
    return render(request, "workflows/public_messages.html", shown, status=422 if form.errors else 200)


@private
@csrf_exempt  # a mail program has no page of ours to take the token from; all it can do is stop the messages
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Stop at once when a mail program asks; whoever opens the address in a browser is asked first."""
    link = _own_link(request, token)
    if isinstance(link, HttpResponse):
        return link
    if request.method != "POST":
        return redirect("public:messages", token=token)
    if request.POST.get("List-Unsubscribe") != ONE_CLICK or link.reporter is None:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    choose_messages(reporter=link.reporter, on=False)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)
