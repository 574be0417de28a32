"""The register of owners of an estate: units, areas and who votes for them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import AreaSource
from cases.lib.crypto import EncryptedTextField
from cases.models.place import Area


class Owner(models.Model):
    """Who votes for one unit or several: one head, however many units; co-owners of a unit are one owner together."""

    area = models.ForeignKey(Area, models.PROTECT, related_name="owners", verbose_name=_("小区"))
    code = models.CharField(_("业主编号"), max_length=40)  # of the sheet, or the number of the first unit
    name = EncryptedTextField(_("业主姓名"), blank=True)
    phone = EncryptedTextField(_("电话"), blank=True)

    class Meta:
        verbose_name = _("业主")
        verbose_name_plural = _("业主")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["area", "code"], name="owner_code_once")]

    def __str__(self) -> str:
        return self.code  # never the name: this text reaches logs and the admin


class OwnedUnit(models.Model):
    """A unit with its own floor area, in whole square centimetres."""

    area = models.ForeignKey(Area, models.PROTECT, related_name="owned_units", verbose_name=_("小区"))
    number = models.CharField(_("房号"), max_length=40)
    owner = models.ForeignKey(Owner, models.PROTECT, related_name="units", verbose_name=_("业主"))
    area_cm2 = models.PositiveBigIntegerField(_("专有部分面积（平方厘米）"))
    area_source = models.CharField(_("面积来源"), max_length=20, choices=AreaSource.choices)

    class Meta:
        verbose_name = _("专有部分")
        verbose_name_plural = _("专有部分")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["area", "number"], name="unit_number_once"),
            models.CheckConstraint(name="unit_has_area", condition=Q(area_cm2__gt=0)),
        ]

    def __str__(self) -> str:
        return self.number
