"""Councils with their parties, seats and rules."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import SeatRole
from cases.models.place import Area
from cases.terms import CouncilKind, MatterType


class Council(models.Model):
    """A body that deliberates on the hard ones. Its history is chained like that of a case."""

    code = models.CharField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    kind = models.CharField(_("类型"), max_length=20, choices=CouncilKind.choices, default=CouncilKind.FOUR_PARTY)
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("区域"))
    active = models.BooleanField(_("启用"), default=True)
    version = models.PositiveIntegerField(default=0, editable=False)  # number of events
    last_hash = models.CharField(max_length=64, blank=True, editable=False)  # of the newest event: finds a cut tail

    class Meta:
        verbose_name = _("议事会")
        verbose_name_plural = _("议事会")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class CouncilParty(models.Model):
    """One of the parties of a council: community, owners' committee, property company, residents."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="parties", verbose_name=_("议事会"))
    code = models.CharField(_("代码"), max_length=30)  # as rule packs name it: party:property_company
    name = models.CharField(_("名称"), max_length=60)
    seats = models.PositiveSmallIntegerField(_("席位数"))
    position = models.PositiveSmallIntegerField(_("次序"), default=1)

    class Meta:
        verbose_name = _("议事方")
        verbose_name_plural = _("议事方")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["council", "code"], name="party_code_once")]

    def __str__(self) -> str:
        return self.name


class SeatQuerySet(models.QuerySet["Seat"]):
    def on(self, day: Any) -> "SeatQuerySet":
        """Those held on that day; the last day is excluded."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


class Seat(models.Model):
    """A person in a council from a day to a day (end excluded); with a login where they have one."""

    party = models.ForeignKey(CouncilParty, models.PROTECT, related_name="members", verbose_name=_("议事方"))
    name = models.CharField(_("姓名"), max_length=50)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="seats", verbose_name=_("登录名")
    )
    role = models.CharField(_("职责"), max_length=20, choices=SeatRole.choices, default=SeatRole.MEMBER)
    has_vote = models.BooleanField(_("有表决权"), default=True)
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至（不含）"), null=True, blank=True)

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("席位")
        verbose_name_plural = _("席位")
        ordering = ["party__position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="seat_ends_after_start",
                condition=Q(valid_to=None) | Q(valid_to__gt=models.F("valid_from")),
                violation_error_message=_("结束日期须晚于开始日期。"),
            ),
            models.CheckConstraint(
                name="observer_has_no_vote",
                condition=~Q(role=SeatRole.OBSERVER, has_vote=True),
                violation_error_message=_("列席人员没有表决权。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RulePack(models.Model):
    """One version of the rules that a body decides by; never changed: another version stands beside it."""

    code = models.CharField(_("代码"), max_length=40)
    version = models.PositiveIntegerField(_("版本"))
    name = models.CharField(_("名称"), max_length=80)
    rules = models.JSONField(_("规则"))
    source = models.CharField(_("依据"), max_length=300)
    note = models.CharField(_("提示"), max_length=200)
    effective_from = models.DateField(_("施行日期"))
    effective_to = models.DateField(_("废止日期（不含）"), null=True, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("议事规则")
        verbose_name_plural = _("议事规则")
        ordering = ["code", "-version"]
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="rule_pack_version_once")]

    def __str__(self) -> str:
        return f"{self.name}（{self.version}）"


class MatterRule(models.Model):
    """Which body is competent in a matter, and by which rules it decides."""

    matter = models.CharField(_("事项类型"), max_length=20, choices=MatterType.choices, unique=True)
    competent = models.CharField(_("有权决定者"), max_length=20, choices=CouncilKind.choices)
    pack_code = models.CharField(_("规则代码"), max_length=40)

    class Meta:
        verbose_name = _("事项权限")
        verbose_name_plural = _("事项权限")
        ordering = ["matter"]

    def __str__(self) -> str:
        return self.get_matter_display()
