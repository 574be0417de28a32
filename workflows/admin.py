"""Calendars and limits in the admin."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.admin import AdministratorOnly, RegisterAdmin
from workflows import campaign_admin, council_admin
from workflows.commands.calendar import publish_calendar
from workflows.commands.limits import copy_version, is_in_use
from workflows.models import (
    Calendar,
    CalendarDay,
    CalendarRevision,
    CalendarYear,
    PolicyVersion,
    SlaPolicy,
    Standard,
    TeamCalendar,
)

__all__ = ["campaign_admin", "council_admin"]  # registers what is its own

PUBLISHING = "calendar_to_publish"


class YearInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = CalendarYear
    extra = 0


class DayInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = CalendarDay
    extra = 1

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self._is_administrator(request)


class CalendarForm(forms.ModelForm):  # type: ignore[type-arg]
    """A calendar, and on what grounds it is changed: its next revision names them."""

    source = forms.CharField(
        label=_("依据"), max_length=120, required=False, help_text=_("通知文号或修改的原因，会写在版次上。")
    )

    class Meta:
        model = Calendar
        fields = ("code", "name", "zone", "periods", "weekdays")

    def clean_zone(self) -> str:
        """A zone that is known: by one that is not, nothing could be computed."""
        zone = str(self.cleaned_data["zone"])
        if zone not in available_timezones():
            raise ValidationError(_("没有这个时区，请写成 Asia/Shanghai 这样的名称。"))
        return zone


@admin.register(Calendar)
class CalendarAdmin(RegisterAdmin):
    impersonal = True
    form = CalendarForm
    list_display = ("name", "code", "zone")
    inlines = (YearInline, DayInline)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Days and years are saved with their calendar; what clocks count by is published after that."""
        super().save_related(request, form, formsets, change)
        said = form.cleaned_data.get("source") or _("后台修改（%(who)s）") % {"who": request.user}
        setattr(request, PUBLISHING, (form.instance, str(said)))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Publish when the change is committed: a limit may only be computed by a revision that others see too."""
        response = super().changeform_view(request, object_id, form_url, extra_context)
        calendar, source = getattr(request, PUBLISHING, (None, ""))
        if calendar is not None:
            self._publish(request, calendar, source)
        return response

    def _publish(self, request: HttpRequest, calendar: Calendar, source: str) -> None:
        before = calendar.revision
        done = publish_calendar(calendar, source=source, now=timezone.now())
        if done.revision != before:
            text = _("已发布日历第 %(n)s 版：改动 %(moved)s 个时限，因此超期 %(late)s 个，不再超期 %(relieved)s 个。")
            said = {"n": done.revision, "moved": done.moved, "late": done.late, "relieved": done.relieved}
            self.message_user(request, text % said)


@admin.register(CalendarRevision)
class CalendarRevisionAdmin(RegisterAdmin):
    """What was published, to be read: a limit is proved by it for ever."""

    impersonal = True
    list_display = ("calendar", "number", "published_at", "source")
    list_filter = ("calendar",)
    list_select_related = ("calendar",)
    ordering = ("calendar", "-number")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(TeamCalendar)
class TeamCalendarAdmin(RegisterAdmin):
    """Which teams work by a calendar of their own; what runs keeps the one that it began with."""

    impersonal = True
    list_display = ("team", "calendar")
    list_select_related = ("team", "calendar")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self._is_administrator(request)


class PolicyInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = SlaPolicy
    extra = 1

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return self._is_administrator(request) and not is_in_use(obj)

    def has_add_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return self.has_change_permission(request, obj)


class StandardInline(PolicyInline):
    model = Standard  # type: ignore[assignment]  # what the inline before it says of versions holds for it too
    extra = 0


@admin.register(PolicyVersion)
class PolicyVersionAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("__str__", "live_from", "note")
    inlines = (PolicyInline, StandardInline)
    actions = ("copy_as_new_version",)

    def get_readonly_fields(self, request: HttpRequest, obj: PolicyVersion | None = None) -> tuple[str, ...]:
        return ("number", "live_from") if is_in_use(obj) else ()

    @admin.action(description=_("复制为新版本"))
    def copy_as_new_version(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        """A version in use cannot be changed: copy it, change the copy, give it a day to go live."""
        if queryset.count() != 1:
            self.message_user(request, _("请只选择一个版本。"), messages.ERROR)
            return
        copied = copy_version(queryset.get(), now=timezone.now())
        self.message_user(request, _("已复制为 %(version)s，请修改时限和生效时间。") % {"version": copied})
