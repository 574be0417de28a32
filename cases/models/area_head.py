"""Who answers for a place: 片长, 组长, 邻长, from a day to a day."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.place import Area
from cases.terms import AreaLevel

# What the person is called who answers for a place, by its level.
HEAD_TITLES = {
    AreaLevel.COMMUNITY: _("社区负责人"),
    AreaLevel.SECTOR: _("片长"),
    AreaLevel.GROUP: _("组长"),
    AreaLevel.NEIGHBOURHOOD: _("邻长"),
    AreaLevel.ESTATE: _("小区负责人"),
    AreaLevel.GRID: _("网格长"),
    AreaLevel.BUILDING: _("楼栋长"),
}


class AreaHeadQuerySet(models.QuerySet["AreaHead"]):
    def on(self, day: date) -> Self:
        """Those in office on a day (the last is excluded); who left the service is in none."""
        held = self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)
        return held.filter(Q(user=None) | Q(user__is_active=True))

    def over(self, area: Area) -> Self:
        """Those of an area and of the areas above it, the nearest first."""
        paths = [area.path[:end] for end in range(Area.steplen, len(area.path) + 1, Area.steplen)]
        return self.filter(area__path__in=paths).order_by("-area__depth", "-valid_from", "pk")


class AreaHead(models.Model):
    """One person for one place. What they may do here comes from their roles, not from this."""

    area = models.ForeignKey(Area, models.PROTECT, related_name="heads", verbose_name=_("区域"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="headships",
        verbose_name=_("工作人员"),
    )  # fmt: skip
    name = models.CharField(_("姓名"), max_length=50, blank=True)  # of somebody without a login
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至（不含）"), null=True, blank=True)

    objects = AreaHeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("片组邻负责人")
        verbose_name_plural = _("片组邻负责人")
        ordering = ["area__path", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                name="head_is_one_person",
                condition=Q(user=None) & ~Q(name="") | Q(user__isnull=False, name=""),
                violation_error_message=_("请选一位工作人员，或填写姓名，两者填一项。"),
            ),
            models.CheckConstraint(
                name="head_ends_after_start",
                condition=Q(valid_to=None) | Q(valid_to__gt=models.F("valid_from")),
                violation_error_message=_("结束日期须晚于开始日期。"),
            ),
            models.UniqueConstraint(fields=["area"], condition=Q(valid_to=None), name="head_in_office_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.person}"

    @property
    def person(self) -> str:
        """The name."""
        return str(self.user) if self.user else self.name

    @property
    def title(self) -> str:
        """片长, 组长, 邻长, by the level of the place."""
        return str(HEAD_TITLES.get(AreaLevel(self.area.level), _("负责人")))
