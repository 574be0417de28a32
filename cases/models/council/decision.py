"""Decisions, and what follows from them."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import AppealState, DecisionKind, DecisionState, FollowUpKind, FollowUpState
from cases.lib.states import StateField
from cases.models.council.body import Council
from cases.models.council.meeting import AgendaItem
from cases.models.council.poll import Certification, Poll
from cases.models.team import Team
from cases.terms import CouncilKind, DecisionOutcome

if TYPE_CHECKING:
    from cases.models.case import Case


class Decision(models.Model):
    """What a council decided; its text never changes, a later one stands beside it.

    One that was taken here names its item and, where it was voted on, the poll and its certification. One that was
    taken on paper names neither.
    """

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="decisions")
    council = models.ForeignKey(Council, models.PROTECT, related_name="decisions")
    item = models.ForeignKey(AgendaItem, models.PROTECT, null=True, related_name="decisions")
    poll = models.ForeignKey(Poll, models.PROTECT, null=True, related_name="decisions")
    certification = models.ForeignKey(Certification, models.PROTECT, null=True, related_name="decisions")
    number = models.CharField(_("决议编号"), max_length=40)
    kind = models.CharField(_("类型"), max_length=20, choices=DecisionKind.choices, default=DecisionKind.DECISION)
    competent = models.CharField(_("有权决定者"), max_length=20, choices=CouncilKind.choices, blank=True)
    state = StateField(_("状态"), choices=DecisionState.choices, default=DecisionState.IMPLEMENTING, protected=True)
    outcome = models.CharField(_("结果"), max_length=20, choices=DecisionOutcome.choices)
    text = models.TextField(_("决议内容"))
    decided_on = models.DateField(_("议定日期"))
    objection_until = models.DateTimeField(_("异议截止"), null=True)
    effective_from = models.DateTimeField(_("生效时间"), null=True)
    nothing_to_do = models.CharField(_("无须落实的理由"), max_length=200, blank=True)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, related_name="superseded_by")
    ended_reason = models.CharField(max_length=300, blank=True)  # suspended, annulled or superseded: why, on whose word
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("决议")
        verbose_name_plural = _("决议")
        ordering = ["-decided_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["council", "number"], name="decision_number_once"),
            models.UniqueConstraint(
                fields=["item"],
                condition=~Q(state__in=[DecisionState.SUPERSEDED, DecisionState.ANNULLED]),
                name="decision_of_item_once",
            ),
            models.CheckConstraint(name="decision_state_is_known", condition=Q(state__in=DecisionState.values)),
        ]

    def __str__(self) -> str:
        return self.number


class FollowUp(models.Model):
    """One thing that follows from a decision, with its owner, its day and, where it is followed here, its clock."""

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="follow_ups")
    kind = models.CharField(_("类型"), max_length=20, choices=FollowUpKind.choices, default=FollowUpKind.TASK)
    what = models.CharField(_("落实事项"), max_length=200)
    owner = models.ForeignKey(Team, models.PROTECT, related_name="follow_ups", verbose_name=_("责任单位"))
    due_date = models.DateField(_("完成日期"))
    state = StateField(_("状态"), choices=FollowUpState.choices, default=FollowUpState.OPEN, protected=True)
    progress = models.PositiveSmallIntegerField(_("进度"), default=0)  # per cent
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)  # verified or cancelled
    poll = models.ForeignKey(Poll, models.PROTECT, null=True, related_name="asked_by")  # the owners' ballot it led to

    class Meta:
        verbose_name = _("落实事项")
        verbose_name_plural = _("落实事项")
        ordering = ["due_date", "pk"]
        constraints = [
            models.CheckConstraint(name="follow_up_state_is_known", condition=Q(state__in=FollowUpState.values)),
            models.CheckConstraint(name="follow_up_progress_is_share", condition=Q(progress__lte=100)),
        ]

    def __str__(self) -> str:
        return self.what


class ProgressEntry(models.Model):
    """What was reported on a follow-up; never changed."""

    follow_up = models.ForeignKey(FollowUp, models.PROTECT, related_name="entries")
    percent = models.PositiveSmallIntegerField(_("进度"))
    text = models.TextField(_("进展"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("进展")
        verbose_name_plural = _("进展")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.follow_up_id} {self.percent}%"


class Appeal(models.Model):
    """Somebody asked a higher body to look at a decision."""

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="appeals")
    appellant = models.CharField(_("申请人"), max_length=60)
    authority = models.CharField(_("受理机关"), max_length=80)
    text = models.TextField(_("理由"))
    state = models.CharField(_("状态"), max_length=20, choices=AppealState.choices, default=AppealState.OPEN)
    outcome = models.TextField(_("处理意见"), blank=True)
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("复议申请")
        verbose_name_plural = _("复议申请")
        constraints = [
            models.UniqueConstraint(fields=["decision"], condition=Q(state="open"), name="appeal_open_once"),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.state}"
