"""Logging in, with a brake on guessing; see docs/adr/0008-login.md."""

import hashlib
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.auth.views import LoginView
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

FAILURES, MINUTES = 5, 15


class LoginForm(AuthenticationForm):
    """One message for a wrong name, a wrong password and an account out of use: which it was is not said."""

    error_messages = {
        "invalid_login": _("账号或密码不对，请重新输入。"),
        "inactive": _("账号或密码不对，请重新输入。"),
    }
    username = UsernameField(label=_("账号"), widget=forms.TextInput(attrs={"autofocus": True}))


class WaitingForm(LoginForm):
    """The answer to one guess too many: keeps the name, looks at no password."""

    def clean(self) -> dict[str, Any]:
        """Refuse without asking who it is."""
        waiting = _("连续 %(n)s 次不对，请 %(minutes)s 分钟后再试。") % {"n": FAILURES, "minutes": MINUTES}
        raise forms.ValidationError(waiting)


class Login(LoginView):
    """Five wrong passwords for a name from one address within a quarter of an hour, and that pair has to wait."""

    authentication_form = LoginForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever has to wait is told so before the password is looked at."""
        if failures(request) >= FAILURES:
            return self._wait()
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """A right password ends the count."""
        cache.delete(_key(self.request))
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Count what was wrong, whether or not there is such an account."""
        if form.non_field_errors() and count_failure(self.request) >= FAILURES:
            return self._wait()
        return super().form_invalid(form)

    def _wait(self) -> HttpResponse:
        form = WaitingForm(self.request, data=self.request.POST)
        headers = {"Retry-After": str(MINUTES * 60)}
        return self.render_to_response(self.get_context_data(form=form), status=429, headers=headers)


def failures(request: HttpRequest) -> int:
    """How often this name was tried wrongly from this address."""
    return int(cache.get(_key(request), 0))


def count_failure(request: HttpRequest) -> int:
    """One more; the quarter of an hour begins with the first."""
    key = _key(request)
    if cache.add(key, 1, MINUTES * 60):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        cache.set(key, 1, MINUTES * 60)
        return 1


def _key(request: HttpRequest) -> str:
    name = request.POST.get("username", "").strip().casefold()
    return "login:" + hashlib.sha256(f"{name}\n{address_of(request)}".encode()).hexdigest()


def address_of(request: HttpRequest) -> str:
    """Where a request comes from. Only the entry that our own proxy added counts: those before it anybody can write."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))
