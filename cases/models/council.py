"""Councils, what they decided on a case, and what follows from it."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models.place import Area
from cases.models.team import Team
from cases.terms import CouncilKind, DecisionOutcome

if TYPE_CHECKING:
    from cases.models.case import Case


class Council(models.Model):
    """A body that deliberates on the hard ones."""

    code = models.CharField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    kind = models.CharField(_("类型"), max_length=20, choices=CouncilKind.choices, default=CouncilKind.FOUR_PARTY)
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("区域"))
    active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("议事会")
        verbose_name_plural = _("议事会")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Decision(models.Model):
    """What a council decided on a case; never changed, a later one stands beside it."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="decisions")
    council = models.ForeignKey(Council, models.PROTECT, related_name="decisions")
    number = models.CharField(_("决议编号"), max_length=40)
    outcome = models.CharField(_("结果"), max_length=20, choices=DecisionOutcome.choices)
    text = models.TextField(_("决议内容"))
    decided_on = models.DateField(_("议定日期"))
    nothing_to_do = models.CharField(_("无须落实的理由"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("决议")
        verbose_name_plural = _("决议")
        constraints = [models.UniqueConstraint(fields=["council", "number"], name="decision_number_once")]

    def __str__(self) -> str:
        return self.number


class FollowUp(models.Model):
    """One thing that follows from a decision, with its owner and its day."""

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="follow_ups")
    what = models.CharField(_("落实事项"), max_length=200)
    owner = models.ForeignKey(Team, models.PROTECT, related_name="follow_ups", verbose_name=_("责任单位"))
    due_date = models.DateField(_("完成日期"))

    class Meta:
        verbose_name = _("落实事项")
        verbose_name_plural = _("落实事项")

    def __str__(self) -> str:
        return self.what
