"""What the resident said: solved and satisfied are two questions."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.terms import Satisfaction, SurveyChannel

if TYPE_CHECKING:
    from cases.models.case import Case


class Survey(models.Model):
    """One for each round of a case; "no answer" is counted as such, never as satisfied."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="surveys")
    round = models.PositiveSmallIntegerField()
    channel = models.CharField(_("渠道"), max_length=10, choices=SurveyChannel.choices)
    solved = models.BooleanField(_("是否解决"), null=True)
    satisfaction = models.CharField(_("满意度"), max_length=20, choices=Satisfaction.choices, blank=True)
    words = models.TextField(_("意见"), blank=True)
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
