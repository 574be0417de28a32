"""Calendars and limits in the admin."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.admin import AdministratorOnly
from cases.models import Case
from workflows.models import Calendar, CalendarDay, CalendarYear, PolicyVersion, SlaPolicy


class YearInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = CalendarYear
    extra = 0


class DayInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = CalendarDay
    extra = 1

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self._is_administrator(request)


@admin.register(Calendar)
class CalendarAdmin(AdministratorOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "code", "zone")
    inlines = (YearInline, DayInline)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A changed calendar gets a new revision, or workers would go on counting by the old one."""
        super().save_related(request, form, formsets, change)
        Calendar.objects.filter(pk=form.instance.pk).update(revision=F("revision") + 1)


class PolicyInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = SlaPolicy
    extra = 1

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return self._is_administrator(request) and not is_in_use(obj)

    def has_add_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return self.has_change_permission(request, obj)


def is_in_use(version: PolicyVersion | None) -> bool:
    """Whether cases were accepted under this version, or clocks run by it: then it stays as it is."""
    if version is None:
        return False
    return (
        Case.objects.filter(policy_version=version.number).exists()
        or SlaPolicy.objects.filter(version=version, clocks__isnull=False).exists()
    )


@admin.register(PolicyVersion)
class PolicyVersionAdmin(AdministratorOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "live_from", "note")
    inlines = (PolicyInline,)
    actions = ("copy_as_new_version",)

    def get_readonly_fields(self, request: HttpRequest, obj: PolicyVersion | None = None) -> tuple[str, ...]:
        return ("number", "live_from") if is_in_use(obj) else ()

    @admin.action(description=_("复制为新版本"))
    def copy_as_new_version(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        """A version in use cannot be changed: copy it, change the copy, give it a day to go live."""
        if queryset.count() != 1:
            self.message_user(request, _("请只选择一个版本。"), messages.ERROR)
            return
        copied = copy_version(queryset.get())
        self.message_user(request, _("已复制为 %(version)s，请修改时限和生效时间。") % {"version": copied})


@transaction.atomic
def copy_version(version: PolicyVersion) -> PolicyVersion:
    """A copy with the next number; it goes live in a week unless another moment is given."""
    last = PolicyVersion.objects.order_by("-number")[0].number
    live_from = timezone.now() + timedelta(days=7)
    copied = PolicyVersion.objects.create(number=last + 1, live_from=live_from, note=version.note)
    rows = list(version.policies.all())
    for row in rows:
        row.pk, row.version = None, copied
    SlaPolicy.objects.bulk_create(rows)
    return copied
