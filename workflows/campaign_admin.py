"""Campaigns, households, area heads and the training in the admin: corrections; the daily work has pages."""

from django.contrib import admin

from cases.admin import AdministratorOnly, RegisterAdmin
from cases.models import AreaHead, Course, Enrolment, HouseholdContact, Lecturer, SharingSession, TeachingSite


@admin.register(AreaHead)
class AreaHeadAdmin(RegisterAdmin):
    list_display = ("area", "user", "name", "valid_from", "valid_to")
    search_fields = ("area__full_name", "name", "user__name")
    autocomplete_fields = ("area", "user")


@admin.register(HouseholdContact)
class HouseholdContactAdmin(RegisterAdmin):
    list_display = ("household", "user", "valid_from", "valid_to")
    list_select_related = ("household__area", "user")
    search_fields = ("household__unit", "household__area__full_name", "user__name")
    fields = ("user", "valid_from", "valid_to")

    def has_add_permission(self, *_args: object, **_kwargs: object) -> bool:
        """Given on the page of households."""
        return False


@admin.register(Lecturer)
class LecturerAdmin(RegisterAdmin):
    list_display = ("name", "organisation", "field", "active")
    search_fields = ("name", "organisation")


@admin.register(TeachingSite)
class TeachingSiteAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("name", "kind", "area", "active")
    list_filter = ("kind", "active")
    search_fields = ("name",)
    autocomplete_fields = ("area",)


class EnrolmentInline(AdministratorOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Enrolment
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Course)
class CourseAdmin(RegisterAdmin):
    list_display = ("name", "code", "starts_on", "ends_on", "campaign")
    search_fields = ("name", "code")
    autocomplete_fields = ("campaign", "lecturers", "sites")
    inlines = (EnrolmentInline,)


@admin.register(SharingSession)
class SharingSessionAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("name", "held_on", "place", "attendance")
    search_fields = ("name",)
