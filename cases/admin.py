"""Configuration in the admin: areas, teams, categories, councils, people and their roles."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.models import (
    AnswerTemplate,
    Area,
    Campaign,
    Category,
    Council,
    CouncilParty,
    Posting,
    RoleAssignment,
    Seat,
    Team,
    User,
)
from cases.terms import Role
from cases.views.changelists import ExportsList


class AdministratorOnly:
    """Configuration belongs to the role administrator; nothing that the history names is ever deleted.

    Who was made by `createsuperuser` may configure too, or nobody could give the first role; they see no cases by it.
    """

    def _is_administrator(self, request: HttpRequest) -> bool:
        user = request.user
        return isinstance(user, User) and (user.is_superuser or user.grants().has(Role.ADMINISTRATOR))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self._is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self._is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self._is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class KeepsRegister(AdministratorOnly, ExportsList):
    """What administrators keep: a list that leaves as a file, and rows; who changes what names people is kept.

    Django writes each of its own lines in the transaction of the change, and ours stand beside them.
    """

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._note(request, [obj])
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._note(request, [obj])
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        self._note(request, queryset)
        return super().log_deletions(request, queryset)

    def _note(self, request: HttpRequest, rows: Iterable[Any]) -> None:
        if self.impersonal or not isinstance(request.user, User):
            return
        name, now = self.opts.model_name, timezone.now()
        with translation.override(settings.LANGUAGE_CODE):
            title = str(self.opts.verbose_name)
        for row in rows:
            area = getattr(row, "area", None)
            details = {"list": name, "title": title, "key": row.pk}
            record_access(AccessKind.CHANGED, by=request.user, at=now, area=area, details=details)


class RegisterAdmin(KeepsRegister, admin.ModelAdmin):  # type: ignore[type-arg]
    """A register with the pages that Django gives it."""


class AreaForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new area names its parent; an area that exists stays where it is, since cases are scoped by its path."""

    parent = forms.ModelChoiceField(Area.objects.all(), label=_("上级区域"), required=False)

    class Meta:
        model = Area
        fields = ("code", "name", "level")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["parent"]


@admin.register(Area)
class AreaAdmin(RegisterAdmin):
    impersonal = True
    form = AreaForm
    list_display = ("full_name", "level", "code")
    list_filter = ("level",)
    search_fields = ("full_name", "code")
    ordering = ("path",)

    def get_fields(self, request: HttpRequest, obj: Area | None = None) -> tuple[str, ...]:
        """The parent is asked for once, when the area is made."""
        return ("code", "name", "level") if obj else ("parent", "code", "name", "level")

    def save_model(self, request: HttpRequest, obj: Area, form: AreaForm, change: bool) -> None:
        """Place a new area under its parent, and write the full names of the subtree anew."""
        parent = form.cleaned_data.get("parent") if not change else None
        if not change:
            if parent:
                Area.objects.add_child(parent, instance=obj)
            else:
                Area.objects.add_root(instance=obj)
        else:
            obj.save()
        write_full_names(obj)


def write_full_names(area: Area) -> None:
    """Full names of an area and everything under it."""
    above = [a.name for a in Area.objects.get_ancestors(area)]
    names = {area.path[: len(area.path)]: " · ".join([*above, area.name])}
    Area.objects.filter(pk=area.pk).update(full_name=names[area.path])
    for child in Area.objects.get_descendants(area).order_by("path"):
        names[child.path] = f"{names[child.path[: -Area.steplen]]} · {child.name}"
        Area.objects.filter(pk=child.pk).update(full_name=names[child.path])


class PostingInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Posting
    extra = 0
    autocomplete_fields = ("area",)


@admin.register(Team)
class TeamAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("name", "code", "area", "active")
    list_filter = ("active",)
    search_fields = ("name", "code")
    autocomplete_fields = ("area",)
    inlines = (PostingInline,)


@admin.register(Category)
class CategoryAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("name", "group", "code", "needs_photo", "check_needs_photo", "recheck_percent", "active")
    list_filter = ("group", "active")
    search_fields = ("name", "code")


@admin.register(AnswerTemplate)
class AnswerTemplateAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("__str__", "text", "active")
    list_filter = ("active", "result_code")
    autocomplete_fields = ("category",)


@admin.register(Campaign)
class CampaignAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("name", "code", "starts_on", "ends_on", "active")
    list_filter = ("active",)
    search_fields = ("name", "code")
    autocomplete_fields = ("areas", "lead_team", "teams")


class PartyInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = CouncilParty
    extra = 0


@admin.register(Council)
class CouncilAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("name", "kind", "area", "active")
    search_fields = ("name", "code")
    autocomplete_fields = ("area",)
    inlines = (PartyInline,)


@admin.register(Seat)
class SeatAdmin(RegisterAdmin):
    list_display = ("name", "party", "role", "has_vote", "valid_from", "valid_to")
    list_filter = ("party__council",)
    search_fields = ("name",)
    autocomplete_fields = ("user",)


class RoleInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = RoleAssignment
    extra = 0
    autocomplete_fields = ("area", "team", "council")


@admin.register(User)
class PersonAdmin(KeepsRegister, UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "name", "is_active")
    list_filter = ("is_active",)
    search_fields = ("username", "name")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("人员"), {"fields": ("name", "email", "is_active", "is_staff")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "name", "email", "usable_password", "password1", "password2")}),)
    filter_horizontal = ()
    inlines = (RoleInline,)
