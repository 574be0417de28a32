"""Texts to begin an answer with."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.category import Category
from cases.terms import ResultCode


class AnswerTemplate(models.Model):
    """What an answer to a resident usually says, by category and result; a person edits it before it goes out.

    `{title}`, `{place}`, `{team}`, `{result}` and `{promised_date}` are filled in.
    """

    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("类别"))
    result_code = models.CharField(_("结果"), max_length=1, choices=ResultCode.choices)
    text = models.TextField(_("答复内容"))
    active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("答复模板")
        verbose_name_plural = _("答复模板")
        ordering = ["category__code", "result_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "result_code"], condition=Q(active=True), name="answer_template_once"
            ),
            models.UniqueConstraint(
                fields=["result_code"], condition=Q(active=True, category=None), name="answer_template_general_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category or _('通用')} {self.result_code}"
