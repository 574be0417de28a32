"""Deliveries in the admin, to look at; the addresses of colleagues, to be changed and tried, never to be read."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.admin import RegisterAdmin
from cases.lib.crypto import is_mobile
from cases.models import User
from notifications.models import Address, ChannelName, Delivery
from notifications.subscribing import may_manage, try_out


@admin.register(Delivery)
class DeliveryAdmin(RegisterAdmin):
    list_display = ("id", "event", "channel", "state", "attempts", "created_at", "sent_at")
    list_filter = ("state", "channel")
    list_select_related = ("event",)
    ordering = ("-id",)
    show_full_result_count = False
    fields = (
        "event", "recipient_user", "recipient_reporter", "recipient_subscriber", "channel", "state", "attempts",
        "next_try_at", "sent_at", "read_at", "answer_status", "answer_code", "answer_id", "unknown_ends", "last_error",
        "created_at",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class AddressForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new value replaces the old one, which is never shown."""

    new_value = forms.CharField(
        label=_("号码或账号"), required=False, help_text=_("保存后不再完整显示；要换成新的才填写。")
    )

    class Meta:
        model = Address
        fields = ("user", "channel")

    def clean(self) -> dict[str, Any]:
        """A new address needs its value; a number must be one that takes short messages."""
        data: dict[str, Any] = super().clean() or {}
        value = data.get("new_value", "").strip()
        if not value and self.instance.pk is None:
            self.add_error("new_value", ValidationError(gettext("请填写号码或账号。")))
        if value and data.get("channel") == ChannelName.SMS and not is_mobile(value):
            self.add_error("new_value", ValidationError(gettext("请填写 11 位手机号。")))
        return data

    def save(self, commit: bool = True) -> Any:  # as Django calls it
        """Keep what was typed, if anything was."""
        if value := self.cleaned_data.get("new_value", "").strip():
            self.instance.value = value
        return super().save(commit)


@admin.register(Address)
class AddressAdmin(RegisterAdmin):
    form = AddressForm
    fields = ("user", "channel", "new_value")
    list_display = ("user", "channel", "ending")
    list_filter = ("channel",)
    list_select_related = ("user",)
    search_fields = ("user__name", "user__username")
    autocomplete_fields = ("user",)
    actions = ("send_trial",)

    @admin.display(description=_("尾号"))
    def ending(self, row: Address) -> str:
        """Enough to tell one from another."""
        return f"…{row.value[-2:]}"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """A number that is wrong must not stay: no history names it."""
        return self._is_administrator(request)

    @admin.action(description=_("发送测试消息"))
    def send_trial(self, request: HttpRequest, rows: QuerySet[Address]) -> None:
        """To each that is chosen; what came of it in words."""
        if not isinstance(request.user, User) or not may_manage(request.user):
            self.message_user(request, gettext("只有管理员角色可以发送测试消息。"), messages.WARNING)
            return
        for row in rows.select_related("user")[:20]:
            outcome = try_out(channel=row.channel, recipient=row.user, actor=request.user, now=timezone.now())
            level = messages.SUCCESS if outcome.arrived else messages.WARNING
            self.message_user(request, f"{row.user}（{row.get_channel_display()}）：{outcome.words}", level)
