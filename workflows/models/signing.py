"""The errand of signing minutes: several people, over days."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from cases.models import MinutesVersion


class SigningProcess(Process):  # type: ignore[misc]  # viewflow has no types
    """The errand of one wording that waits for signatures: a pointer to it, never a copy of its state."""

    version = models.OneToOneField(MinutesVersion, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("签署流程")
        verbose_name_plural = _("签署流程")
