"""Every address; the applications say what lies below theirs."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.generic import RedirectView

from cases.views import searching
from config.accounts import Login
from config.source import source
from config.views import favicon, set_type
from workflows.views import inbox, overdue

urlpatterns = [
    path("", inbox.home, name="home"),
    path("overdue/", overdue.overdue, name="overdue"),
    path("me/", inbox.me, name="me"),
    path("", include("workflows.urls")),
    path("", include("workflows.urls_campaigns")),
    path("councils/", include("workflows.urls_council")),
    path("n/", include("workflows.urls_notices")),
    path("search/", searching.results, name="search"),
    path("cases/", include("cases.urls")),
    path("messages/", include("notifications.urls")),
    path("r/", include("workflows.urls_public")),
    path("accounts/login/", Login.as_view(), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("accounts/password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),  # one door, with its brake
    path("admin/", admin.site.urls),
    path("type/", set_type, name="set_type"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("health/", include("config.health")),
    path("source/", source, name="source"),
    path("favicon.ico", favicon),  # asked for by pages without our head, such as the admin's
]
handler400 = "config.views.bad_request"
handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
