"""Joint handling (主办/协办): the parts that co-handlers owe before the lead may submit."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from cases.models import Case, Team


class JointHandling(models.Model):
    """One joint handling for each dispatch that names co-handlers."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="joint_handlings")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # every part answered, or the dispatch was taken back

    class Meta:
        verbose_name = _("联合处置")
        verbose_name_plural = _("联合处置")
        constraints = [models.UniqueConstraint(fields=["case"], condition=Q(closed_at=None), name="joint_open_once")]

    def __str__(self) -> str:
        return f"{self.case_id}"


class Part(models.Model):
    """What one co-handling team owes, until its clock runs out."""

    joint = models.ForeignKey(JointHandling, models.PROTECT, related_name="parts")
    team = models.ForeignKey(Team, models.PROTECT, related_name="parts", verbose_name=_("协办"))
    task = models.CharField(_("协办事项"), max_length=200)
    answer = models.TextField(_("协办意见"), blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("协办")
        verbose_name_plural = _("协办")
        constraints = [models.UniqueConstraint(fields=["joint", "team"], name="part_once_a_team")]

    def __str__(self) -> str:
        return f"{self.joint_id} {self.team_id}"


class JointProcess(Process):  # type: ignore[misc]  # viewflow has no types
    """The errand of one joint handling: a pointer to it, never a copy of its state."""

    joint = models.OneToOneField(JointHandling, models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("协办流程")
        verbose_name_plural = _("协办流程")
