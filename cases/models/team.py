"""Work teams and where they are stationed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.place import Area


class Team(models.Model):
    """A work team (干部进小区工作队) or a responsible unit; members are role assignments."""

    code = models.CharField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("所属区域"))
    active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("工作队")
        verbose_name_plural = _("工作队")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Posting(models.Model):
    """A team stationed in an estate or community from a day to a day (end excluded)."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="postings", verbose_name=_("工作队"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="postings", verbose_name=_("驻点"))
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至（不含）"), null=True, blank=True)

    class Meta:
        verbose_name = _("驻点")
        verbose_name_plural = _("驻点")
        constraints = [
            models.CheckConstraint(
                name="posting_ends_after_start",
                condition=Q(valid_to=None) | Q(valid_to__gt=models.F("valid_from")),
                violation_error_message=_("结束日期须晚于开始日期。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.team} → {self.area}"
