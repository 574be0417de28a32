"""Working calendars: periods of a day, and the days that differ from Monday to Friday."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def default_periods() -> list[list[str]]:
    return [["08:30", "12:00"], ["14:00", "17:30"]]


def check_periods(value: Any) -> None:
    """Periods are pairs of HH:MM, in order, without overlap."""
    try:
        flat = [moment for begin, end in value for moment in (begin, end)]
        good = bool(flat) and all(len(m) == 5 and m[2] == ":" and m < "24:01" for m in flat)  # noqa: PLR2004
    except (TypeError, ValueError):
        good = False
    if not good or flat != sorted(set(flat)):
        raise ValidationError(_('作息时段须为按先后排列的成对时刻，如 [["08:30", "12:00"], ["14:00", "17:30"]]。'))


class Calendar(models.Model):
    """One working calendar; `revision` grows with every change, so that built calendars are not read again."""

    code = models.CharField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    zone = models.CharField(_("时区"), max_length=40, default="Asia/Shanghai")
    periods = models.JSONField(_("作息时段"), default=default_periods, validators=[check_periods])
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("工作日历")
        verbose_name_plural = _("工作日历")

    def __str__(self) -> str:
        return self.name


class CalendarYear(models.Model):
    """A year of a calendar: provisional until the State Council's notice of that year is in."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="years")
    year = models.PositiveSmallIntegerField(_("年份"))
    provisional = models.BooleanField(_("暂定（通知未发布）"), default=True)

    class Meta:
        verbose_name = _("年度")
        verbose_name_plural = _("年度")
        constraints = [models.UniqueConstraint(fields=["calendar", "year"], name="calendar_year_once")]

    def __str__(self) -> str:
        return str(self.year)


class CalendarDay(models.Model):
    """A day that differs from Monday to Friday: a holiday, or make-up work (调休补班)."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="days")
    date = models.DateField(_("日期"))
    is_working = models.BooleanField(_("上班"))
    name = models.CharField(_("说明"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("特别日")
        verbose_name_plural = _("特别日")
        constraints = [models.UniqueConstraint(fields=["calendar", "date"], name="calendar_day_once")]
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
