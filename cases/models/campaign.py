"""A drive in which suggestions are collected together: 走找想促, 下网格解难题办实事."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def running(self, day: date) -> Self:
        """Those in which cases may be reported on a day."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), active=True, starts_on__lte=day)


class Campaign(models.Model):
    """A named period whose cases are counted together."""

    code = models.SlugField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"), null=True, blank=True)
    active = models.BooleanField(_("启用"), default=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("专项行动")
        verbose_name_plural = _("专项行动")
        ordering = ["-starts_on", "code"]
        constraints = [
            models.CheckConstraint(
                name="campaign_ends_after_it_starts", condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on"))
            )
        ]

    def is_on(self, day: date) -> bool:
        """Whether cases may be reported in it on a day."""
        return self.active and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    def __str__(self) -> str:
        return self.name
