"""The errand of declaring a poll void: one person asks, another agrees."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from cases.models import Poll


class VoidingProcess(Process):  # type: ignore[misc]  # viewflow has no types
    """The errand about one poll, asked for again when it was declined: a pointer to it, never a copy of its state."""

    poll = models.ForeignKey(Poll, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("作废流程")
        verbose_name_plural = _("作废流程")
