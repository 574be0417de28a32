"""Whether it was solved: by the resident, who is asked once, and by a supervisor who looks at a sample."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.person import Reporter
from cases.terms import InvitationWay, Satisfaction, SpotCheckState, SurveyChannel, SurveyReason

if TYPE_CHECKING:
    from cases.models.case import Case


class Survey(models.Model):
    """One for each round of a case; "no answer" is counted as such, never as satisfied."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="surveys")
    round = models.PositiveSmallIntegerField()
    channel = models.CharField(_("渠道"), max_length=10, choices=SurveyChannel.choices)
    solved = models.BooleanField(_("是否解决"), null=True)
    satisfaction = models.CharField(_("满意度"), max_length=20, choices=Satisfaction.choices, blank=True)
    reasons = models.JSONField(_("原因"), default=list, blank=True)  # codes of SurveyReason
    words = models.TextField(_("意见"), blank=True)
    language = models.CharField(max_length=10, blank=True)  # of the page that was answered
    excluded_at = models.DateTimeField(_("剔除时间"), null=True)  # two people agreed; see the request
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("回访")
        verbose_name_plural = _("回访")
        constraints = [
            models.UniqueConstraint(fields=["case", "round"], name="survey_once_a_round"),
            models.CheckConstraint(
                name="survey_unanswered_says_nothing",
                condition=~Q(channel="none") | Q(solved=None, satisfaction=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} · {self.round}"

    @property
    def reason_words(self) -> list[str]:
        """The reasons that were ticked, as people read them."""
        words = dict(SurveyReason.choices)
        return [str(words.get(code, code)) for code in self.reasons]


class SurveyInvitation(models.Model):
    """The link by which one resident rates one round of a case, once and for a while; only its hash is kept."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="invitations")
    reporter = models.ForeignKey(Reporter, models.PROTECT, null=True, related_name="invitations")
    round = models.PositiveSmallIntegerField()
    way = models.CharField(_("方式"), max_length=10, choices=InvitationWay.choices)
    salt = models.CharField(max_length=32)
    token_hash = models.CharField(max_length=64, unique=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("回访邀请")
        verbose_name_plural = _("回访邀请")

    def __str__(self) -> str:
        return f"{self.case_id} · {self.round}"


class SpotCheck(models.Model):
    """A verified round that was drawn by lot for a supervisor to look at again."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="spot_checks")
    round = models.PositiveSmallIntegerField()
    state = models.CharField(_("状态"), max_length=10, choices=SpotCheckState.choices, default=SpotCheckState.DRAWN)
    percent = models.PositiveSmallIntegerField(_("抽查比例（%）"))  # of the category when the lot was drawn
    drawn_at = models.DateTimeField()
    finding = models.TextField(_("抽查情况"), blank=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("抽查")
        verbose_name_plural = _("抽查")
        constraints = [models.UniqueConstraint(fields=["case", "round"], name="spot_check_once_a_round")]

    def __str__(self) -> str:
        return f"{self.case_id} · {self.round}"
