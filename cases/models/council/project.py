"""Micro-projects (微项目): a small funded project that follows from a decision."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import FundSource, ProjectPhotoKind, ProjectState
from cases.lib.crypto import EncryptedTextField
from cases.lib.states import StateField
from cases.models.council.decision import Decision, FollowUp


def project_photo_path(_instance: "ProjectPhoto", _filename: str) -> str:
    """A name that cannot be guessed and says nothing; the given file name is dropped."""
    return f"projects/{secrets.token_hex(16)}.jpg"


class MicroProject(models.Model):
    """One project from proposal to settlement; money in whole 分."""

    follow_up = models.OneToOneField(FollowUp, models.PROTECT, related_name="project")
    year = models.PositiveSmallIntegerField(_("年份"))
    serial = models.PositiveIntegerField(_("流水号"))
    title = models.CharField(_("项目名称"), max_length=120)
    scope = models.TextField(_("建设内容"))
    state = StateField(_("状态"), choices=ProjectState.choices, default=ProjectState.PROPOSED, protected=True)
    budget_fen = models.PositiveBigIntegerField(_("预算（分）"))
    fund_source = models.CharField(_("资金来源"), max_length=20, choices=FundSource.choices)
    approved_fen = models.PositiveBigIntegerField(_("批准金额（分）"), null=True)
    contractor = models.CharField(_("施工单位"), max_length=80, blank=True)
    contract = models.CharField(_("合同编号"), max_length=80, blank=True)
    contract_fen = models.PositiveBigIntegerField(_("合同金额（分）"), null=True)
    settled_fen = models.PositiveBigIntegerField(_("结算金额（分）"), null=True)
    overspending_decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="+")
    survey_satisfied = models.PositiveIntegerField(_("满意户数"), null=True)
    survey_asked = models.PositiveIntegerField(_("回访户数"), null=True)
    reason = models.CharField(_("终止理由"), max_length=300, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("微项目")
        verbose_name_plural = _("微项目")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="project_number_once"),
            models.CheckConstraint(name="project_state_is_known", condition=Q(state__in=ProjectState.values)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def number(self) -> str:
        """〔2026〕微项目7号."""
        return f"〔{self.year}〕微项目{self.serial}号"


class Quote(models.Model):
    """What a bidder would ask."""

    project = models.ForeignKey(MicroProject, models.PROTECT, related_name="quotes")
    bidder = models.CharField(_("报价单位"), max_length=80)
    amount_fen = models.PositiveBigIntegerField(_("报价（分）"))
    is_chosen = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("报价")
        verbose_name_plural = _("报价")
        ordering = ["amount_fen", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=Q(is_chosen=True), name="quote_chosen_once")
        ]

    def __str__(self) -> str:
        return self.bidder


class Milestone(models.Model):
    """A step of the work with its day."""

    project = models.ForeignKey(MicroProject, models.PROTECT, related_name="milestones")
    title = models.CharField(_("节点"), max_length=80)
    due_date = models.DateField(_("计划日期"))
    done_at = models.DateTimeField(_("完成时间"), null=True)

    class Meta:
        verbose_name = _("节点")
        verbose_name_plural = _("节点")
        ordering = ["due_date", "pk"]

    def __str__(self) -> str:
        return self.title


class ProjectPhoto(models.Model):
    """A photograph before, during or after the work; re-encoded and without EXIF."""

    project = models.ForeignKey(MicroProject, models.PROTECT, related_name="photos")
    kind = models.CharField(_("类型"), max_length=10, choices=ProjectPhotoKind.choices)
    file = models.FileField(upload_to=project_photo_path, max_length=200)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = _("项目照片")
        verbose_name_plural = _("项目照片")
        ordering = ["kind", "pk"]

    def __str__(self) -> str:
        return f"{self.project_id} {self.kind}"


class Acceptance(models.Model):
    """What a resident said when the work was shown to them."""

    project = models.ForeignKey(MicroProject, models.PROTECT, related_name="acceptances")
    resident = EncryptedTextField(_("居民姓名"))
    household = models.CharField(_("住户"), max_length=40)
    accepted = models.BooleanField(_("同意验收"))
    words = models.CharField(_("意见"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("居民验收")
        verbose_name_plural = _("居民验收")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["project", "household"], name="acceptance_once")]

    def __str__(self) -> str:
        return f"{self.project_id} #{self.pk}"
