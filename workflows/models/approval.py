"""Requests that need a second person, and the errand that carries each."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from cases.models import Case
from cases.terms import RequestKind, RequestState, Role


class Request(models.Model):
    """退回, 延期, 挂账, 作废, 并案: asked by one person, agreed to by another."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="requests")
    kind = models.CharField(_("事项"), max_length=20, choices=RequestKind.choices)
    state = models.CharField(_("状态"), max_length=20, choices=RequestState.choices, default=RequestState.ASKED)
    reason_code = models.CharField(_("理由类别"), max_length=20, blank=True)
    reason = models.TextField(_("理由"))
    details = models.JSONField(default=dict, blank=True)  # review date, new moment, main case: what the move needs
    decider_role = models.CharField(_("由谁审定"), max_length=20, choices=Role.choices)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申请人"))
    asked_at = models.DateTimeField(_("申请时间"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("审定时间"), null=True)
    note = models.TextField(_("审定意见"), blank=True)

    class Meta:
        verbose_name = _("申请")
        verbose_name_plural = _("申请")
        constraints = [
            models.UniqueConstraint(fields=["case", "kind"], condition=Q(state="asked"), name="request_open_once"),
            models.CheckConstraint(
                name="asker_never_agrees",
                condition=~Q(state__in=[RequestState.AGREED, RequestState.DECLINED]) | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="request_decided_by_somebody",
                condition=Q(state=RequestState.ASKED, decided_by=None, decided_at=None)
                | (~Q(state=RequestState.ASKED) & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"


class ApprovalProcess(Process):  # type: ignore[misc]  # viewflow has no types
    """The errand of one request: a pointer to it, never a copy of its state."""

    request = models.OneToOneField(Request, models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("审批流程")
        verbose_name_plural = _("审批流程")
