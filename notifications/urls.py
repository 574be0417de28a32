"""Addresses of messages; included below messages/."""

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.messages_page, name="messages"),
    path("read/", views.read, name="read"),
    path("settings/", views.message_settings, name="settings"),
    path("dead/", views.dead_letters, name="dead_letters"),
    path("dead/<int:pk>/resend/", views.resend_letter, name="resend"),
]
