"""Limits: for each category, priority and clock an amount of time and a ladder of reminders, in versions."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models import Category
from cases.terms import ClockKind, Priority, Role, Unit
from workflows.models.calendar import Calendar

LADDER_ROLES = (Role.TEAM_LEADER, Role.SUPERVISOR, Role.LEADER)


def check_ladder(value: Any) -> None:
    """Steps past the limit, each [role, amount, unit], such as ["supervisor", 1, "working_days"]."""
    try:
        good = all(
            role in LADDER_ROLES and isinstance(amount, int) and amount > 0 and unit in Unit.values
            for role, amount, unit in value
        )
    except (TypeError, ValueError):
        good = False
    if not good:
        example = '[["team_leader", 4, "working_hours"], ["leader", 3, "working_days"]]'
        raise ValidationError(
            _("逐级提醒须为 [对象, 数量, 单位] 的列表，如 %(example)s。"), params={"example": example}
        )


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
    # After the limit, counted from it: [[role, amount, unit], …]. The holder hears at the limit itself.
    ladder = models.JSONField(_("逐级提醒"), default=list, blank=True, validators=[check_ladder])

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


class Standard(models.Model):
    """A row of the office's standard table: when a matter of a category is taken on and when it counts as done."""

    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="standards", verbose_name=_("版本"))
    category = models.ForeignKey(Category, models.PROTECT, verbose_name=_("小类"))
    filing = models.TextField(_("立案标准"), blank=True)
    closing = models.TextField(_("结案标准"), blank=True)
    unit = models.CharField(_("责任单位"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("立案结案标准")
        verbose_name_plural = _("立案结案标准")
        constraints = [models.UniqueConstraint(fields=["version", "category"], name="standard_once")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.category_id}"


class TeamCalendar(models.Model):
    """A team that works by a calendar of its own, such as a night shift: its working limits are counted by it."""

    team = models.OneToOneField("cases.Team", models.CASCADE, related_name="own_calendar", verbose_name=_("工作队"))
    calendar = models.ForeignKey(Calendar, models.PROTECT, verbose_name=_("日历"))

    class Meta:
        verbose_name = _("工作队日历")
        verbose_name_plural = _("工作队日历")

    def __str__(self) -> str:
        return f"{self.team_id} {self.calendar_id}"
