"""Topics: what a council is asked; many cases to one topic, one topic over several meetings."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import TopicState
from cases.lib.states import StateField
from cases.models.council.body import Council
from cases.terms import MatterType

if TYPE_CHECKING:
    from cases.models.case import Case


class Topic(models.Model):
    """One question; it rests on at least one case, so that it has clocks, an area and somebody to answer."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="topics", verbose_name=_("议事会"))
    year = models.PositiveSmallIntegerField(_("年份"))
    serial = models.PositiveIntegerField(_("流水号"))
    title = models.CharField(_("议题"), max_length=120)
    text = models.TextField(_("提请议定的内容"))
    matter = models.CharField(_("事项类型"), max_length=20, choices=MatterType.choices)
    cases: "models.ManyToManyField[Case, Case]" = models.ManyToManyField("cases.Case", related_name="topics")
    proposer = models.CharField(_("提议人"), max_length=60)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(_("提出时间"))
    state = StateField(_("状态"), choices=TopicState.choices, default=TopicState.PENDING, protected=True)
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")
    screened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    screened_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("议题")
        verbose_name_plural = _("议题")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["council", "year", "serial"], name="topic_number_once"),
            models.CheckConstraint(name="topic_state_is_known", condition=Q(state__in=TopicState.values)),
            models.CheckConstraint(
                name="topic_merged_has_other",
                condition=~Q(state=TopicState.MERGED) | (Q(merged_into__isnull=False) & ~Q(merged_into=models.F("id"))),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def number(self) -> str:
        """〔2026〕议题7号."""
        return f"〔{self.year}〕议题{self.serial}号"
