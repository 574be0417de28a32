"""Working calendars: periods of a day, days that differ from the week, and every revision clocks were set by."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def default_periods() -> list[list[str]]:
    return [["08:30", "12:00"], ["14:00", "17:30"]]


def default_weekdays() -> list[int]:
    return [1, 2, 3, 4, 5]


def check_periods(value: Any) -> None:
    """Periods are pairs of HH:MM, in order, without overlap; a night is written up to 24:00 and from 00:00."""
    try:
        flat = [moment for begin, end in value for moment in (begin, end)]
        good = bool(flat) and all(len(m) == 5 and m[2] == ":" and "00:00" <= m < "24:01" for m in flat)  # noqa: PLR2004
        good = good and all(m[:2].isdecimal() and m[3:].isdecimal() and m[3] < "6" for m in flat)
    except (TypeError, ValueError):
        good = False
    if not good or flat != sorted(set(flat)):
        raise ValidationError(_('作息时段须为按先后排列的成对时刻，如 [["08:30", "12:00"], ["14:00", "17:30"]]。'))


def check_weekdays(value: Any) -> None:
    """Days of the week that are worked, 1 is Monday."""
    if not isinstance(value, list) or not value or value != sorted(set(value) & set(range(1, 8))):
        raise ValidationError(_("上班的星期须为 1（周一）至 7（周日）按先后排列的列表，如 [1, 2, 3, 4, 5]。"))


class Calendar(models.Model):
    """One working calendar as it is edited; clocks count by a published revision of it."""

    code = models.CharField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    zone = models.CharField(_("时区"), max_length=40, default="Asia/Shanghai")
    periods = models.JSONField(_("作息时段"), default=default_periods, validators=[check_periods])
    weekdays = models.JSONField(_("上班的星期"), default=default_weekdays, validators=[check_weekdays])
    revision = models.PositiveIntegerField(default=0, editable=False)  # the last one published
    settled = models.PositiveIntegerField(default=0, editable=False)  # the one that all running limits were set by

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
    """A day that differs from the week: a holiday, or make-up work (调休补班)."""

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


class CalendarRevision(models.Model):
    """A calendar as it was published: never changed, so that a limit can be proved by it for ever."""

    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField(_("版次"))
    published_at = models.DateTimeField(_("发布时间"))
    source = models.CharField(_("依据"), max_length=200)  # the notice, the seed or who changed it
    zone = models.CharField(_("时区"), max_length=40)
    periods = models.JSONField(_("作息时段"))
    weekdays = models.JSONField(_("上班的星期"))
    days = models.JSONField(_("特别日"))  # {"2026-10-01": [false, "国庆节"]}
    final_years = models.JSONField(_("已确认的年度"))  # [2010, …]; every other year is provisional

    class Meta:
        verbose_name = _("日历版次")
        verbose_name_plural = _("日历版次")
        constraints = [models.UniqueConstraint(fields=["calendar", "number"], name="calendar_revision_once")]
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.calendar_id} r{self.number}"
