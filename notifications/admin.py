"""Deliveries in the admin: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cases.admin import AdministratorOnly
from notifications.models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(AdministratorOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "event", "channel", "state", "attempts", "created_at", "sent_at")
    list_filter = ("state", "channel")
    list_select_related = ("event",)
    ordering = ("-id",)
    show_full_result_count = False
    fields = (
        "event", "recipient_user", "recipient_reporter", "channel", "state", "attempts", "next_try_at", "sent_at",
        "read_at", "last_error", "created_at",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False
