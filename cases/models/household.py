"""Households, who keeps contact with them, and the visits: 楼栋长包户、村（居）民代表联系."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.campaign_terms import VisitWay
from cases.lib.crypto import EncryptedTextField
from cases.models.place import Area
from cases.scope import below
from cases.terms import Role

if TYPE_CHECKING:
    from cases.models.case import Case
    from cases.models.user import User

# Who sees the households of an area; a contact sees those they keep contact with, in whatever area.
HOUSEHOLD_READERS = (Role.GRID_WORKER, Role.SUPERVISOR, Role.LEADER, Role.ADMINISTRATOR)


class HouseholdQuerySet(models.QuerySet["Household"]):
    def visible_to(self, viewer: "User", day: date) -> Self:
        """The one door to households: of the viewer's areas, and those the viewer keeps contact with on that day."""
        grants = viewer.grants()
        if grants.has(Role.AUDITOR):
            return self
        contacts = HouseholdContact.objects.on(day).filter(user=viewer)
        kept = Q(pk__in=contacts.values("household"))
        return self.filter(kept | below(set(grants.area_paths(HOUSEHOLD_READERS)), "area"))

    def kept_by(self, viewer: "User", day: date) -> Self:
        """Those that somebody keeps contact with on that day."""
        return self.filter(pk__in=HouseholdContact.objects.on(day).filter(user=viewer).values("household"))


class Household(models.Model):
    """One door. Name and phone are encrypted, and shown masked."""

    area = models.ForeignKey(Area, models.PROTECT, related_name="households", verbose_name=_("楼栋"))
    unit = models.CharField(_("门牌"), max_length=40)
    head_name = EncryptedTextField(_("户主姓名"), blank=True)
    phone = EncryptedTextField(_("电话"), blank=True)
    phone_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    active = models.BooleanField(_("在住"), default=True)

    objects = HouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("住户")
        verbose_name_plural = _("住户")
        ordering = ["area__path", "unit"]
        constraints = [models.UniqueConstraint(fields=["area", "unit"], name="household_unit_once")]

    def __str__(self) -> str:
        return f"{self.area.near_name} {self.unit}"  # never the name: this text reaches logs and the admin


class HouseholdContactQuerySet(models.QuerySet["HouseholdContact"]):
    def on(self, day: date) -> Self:
        """Those kept on that day; the last day is excluded, and who left the service keeps none."""
        held = self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)
        return held.filter(user__is_active=True)


class HouseholdContact(models.Model):
    """A building head or representative who keeps contact with a household, from a day to a day."""

    household = models.ForeignKey(Household, models.PROTECT, related_name="contacts", verbose_name=_("住户"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="household_contacts", verbose_name=_("包户联系人")
    )
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至（不含）"), null=True, blank=True)

    objects = HouseholdContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("包户联系")
        verbose_name_plural = _("包户联系")
        ordering = ["household", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["household", "user"], condition=Q(valid_to=None), name="contact_of_household_once"
            ),
            models.CheckConstraint(
                name="contact_ends_after_start",
                condition=Q(valid_to=None) | Q(valid_to__gt=models.F("valid_from")),
                violation_error_message=_("结束日期须晚于开始日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.household_id}"


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, viewer: "User", day: date) -> Self:
        """One's own visits, and those to the households that one sees."""
        if viewer.grants().has(Role.AUDITOR):
            return self
        seen = Household.objects.visible_to(viewer, day).values("pk")
        return self.filter(Q(visited_by=viewer) | Q(household__in=seen))


class Visit(models.Model):
    """One visit: when, how, what was said. Nobody has to prove it, by no photograph and no place."""

    household = models.ForeignKey(Household, models.PROTECT, related_name="visits", verbose_name=_("住户"))
    visited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="visits", verbose_name=_("走访人")
    )
    visited_on = models.DateField(_("走访日期"))
    way = models.CharField(_("方式"), max_length=10, choices=VisitWay.choices, default=VisitWay.HOME)
    words = EncryptedTextField(_("说了什么"), blank=True)  # what people say at home is theirs
    cases: "models.ManyToManyField[Case, Case]" = models.ManyToManyField("cases.Case", related_name="visits")
    client_key = models.CharField(max_length=64, blank=True)  # of the phone's draft: a resend makes no second visit
    recorded_at = models.DateTimeField()

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("走访")
        verbose_name_plural = _("走访")
        ordering = ["-visited_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["client_key"], condition=~Q(client_key=""), name="visit_client_key_once")
        ]
        indexes = [models.Index(fields=["household", "-visited_on"], name="visit_newest")]  # when last visited

    def __str__(self) -> str:
        return f"{self.household_id} {self.visited_on}"
