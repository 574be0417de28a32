"""Limits: for each category, priority and clock an amount of time, in versions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models import Category
from cases.terms import ClockKind, Priority, Unit
from workflows.models.calendar import Calendar


class PolicyVersion(models.Model):
    """A set of limits. A case keeps the version that was live when it was accepted."""

    number = models.PositiveIntegerField(_("版本"), unique=True)
    live_from = models.DateTimeField(_("生效时间"))
    note = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("时限版本")
        verbose_name_plural = _("时限版本")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"v{self.number}"


class SlaPolicy(models.Model):
    """One limit; the most specific line wins: category before any category, priority before any priority."""

    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="policies", verbose_name=_("版本"))
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("类别"))
    priority = models.CharField(_("紧急程度"), max_length=10, choices=Priority.choices, blank=True)
    clock = models.CharField(_("时限种类"), max_length=20, choices=ClockKind.choices)
    amount = models.PositiveIntegerField(_("数量"))
    unit = models.CharField(_("单位"), max_length=20, choices=Unit.choices)
    warn_percent = models.PositiveSmallIntegerField(_("用时达到百分之几时预警"), default=75)
    calendar = models.ForeignKey(Calendar, models.PROTECT, verbose_name=_("日历"))

    class Meta:
        verbose_name = _("时限")
        verbose_name_plural = _("时限")
        constraints = [
            models.UniqueConstraint(fields=["version", "category", "priority", "clock"], name="limit_once"),
            models.UniqueConstraint(  # SQLite knows no "nulls not distinct"
                fields=["version", "priority", "clock"], condition=models.Q(category=None), name="limit_once_for_any"
            ),
            models.CheckConstraint(
                name="limit_is_sane", condition=models.Q(amount__gt=0, warn_percent__gt=0, warn_percent__lt=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_clock_display()} {self.amount} {self.get_unit_display()}"
