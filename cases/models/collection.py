"""What a campaign asks besides: forms in versions, and the answers kept with each case."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.campaign_terms import QuestionKind, YesNo
from cases.lib.masking import mask_text
from cases.models.campaign import Campaign

if TYPE_CHECKING:
    from cases.models.case import Case


class CollectionForm(models.Model):
    """One version of the questions of a campaign. It never changes, so an old answer keeps its question."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="forms")
    n = models.PositiveSmallIntegerField(_("版本"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("收集表")
        verbose_name_plural = _("收集表")
        ordering = ["-n"]
        constraints = [models.UniqueConstraint(fields=["campaign", "n"], name="collection_form_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.n}"


class FormQuestion(models.Model):
    """One question; the same `key` in the next version is the same question, perhaps in better words."""

    form = models.ForeignKey(CollectionForm, models.PROTECT, related_name="questions")
    key = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField(_("次序"))
    text = models.CharField(_("问题"), max_length=120)
    kind = models.CharField(_("类型"), max_length=10, choices=QuestionKind.choices)
    choices = models.JSONField(_("选项"), default=list, blank=True)
    required = models.BooleanField(_("必填"), default=False)

    class Meta:
        verbose_name = _("问题")
        verbose_name_plural = _("问题")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["form", "key"], name="question_key_once"),
            models.CheckConstraint(
                name="question_choices_of_choice_only", condition=Q(kind=QuestionKind.CHOICE) | Q(choices=[])
            ),
        ]

    def __str__(self) -> str:
        return self.text


class CollectedAnswer(models.Model):
    """What was answered to one question when a case was reported: a number in digits, yes or no as its code."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey(
        "cases.Case", models.PROTECT, related_name="collected_answers"
    )
    question = models.ForeignKey(FormQuestion, models.PROTECT, related_name="answers")
    value = models.TextField(_("回答"))

    class Meta:
        verbose_name = _("收集表回答")
        verbose_name_plural = _("收集表回答")
        ordering = ["question__position", "pk"]
        constraints = [models.UniqueConstraint(fields=["case", "question"], name="collected_answer_once")]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.question_id}"

    @property
    def shown(self) -> str:
        """As people read it, without the numbers that identify a person."""
        words = dict(YesNo.choices)
        is_code = self.question.kind == QuestionKind.YES_NO and self.value in words
        return str(words[self.value]) if is_code else mask_text(self.value)
