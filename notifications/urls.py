"""Addresses of messages; included below messages/."""

from django.urls import path

from notifications.views import channels as channel_views
from notifications.views import feeds
from notifications.views import messages as views
from notifications.views import texts as text_views

app_name = "notifications"
urlpatterns = [
    path("", views.messages_page, name="messages"),
    path("unread/", views.unread, name="unread"),
    path("read/", views.read, name="read"),
    path("settings/", views.message_settings, name="settings"),
    path("calendar/", feeds.calendar, name="calendar"),
    path("calendar/renew/", feeds.renew, name="renew_calendar"),
    path("calendar/revoke/", feeds.revoke, name="revoke_calendar"),
    path("calendar/<slug:token>.ics", feeds.feed, name="feed"),
    path("texts/", text_views.texts, name="texts"),
    path("texts/<int:pk>/", text_views.version, name="text_version"),
    path("texts/<int:pk>/publish/", text_views.publish, name="publish_text"),
    path("texts/<str:event_type>/<slug:kind>/<slug:language>/", text_views.edit, name="text"),
    path("texts/<str:event_type>/<slug:kind>/<slug:language>/preview/", text_views.live_preview, name="text_preview"),
    path("texts/<str:event_type>/<slug:kind>/<slug:language>/builtin/", text_views.builtin, name="text_builtin"),
    path("dead/", views.dead_letters, name="dead_letters"),
    path("dead/resend/", views.resend_letters, name="resend_all"),
    path("dead/<int:pk>/resend/", views.resend_letter, name="resend"),
    path("channels/", channel_views.channels, name="channels"),
    path("channels/add/<slug:channel>/", channel_views.add, name="add_subscriber"),
    path("channels/<int:pk>/", channel_views.change, name="change_subscriber"),
    path("channels/<int:pk>/secret/", channel_views.secret, name="change_secret"),
    path("channels/<int:pk>/test/", channel_views.trial, name="try_subscriber"),
]
