"""The history of a case: append-only, chained by hash, and the outbox of messages."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.terms import State

if TYPE_CHECKING:
    from cases.models.case import Case


class CaseEvent(models.Model):
    """One thing that happened. Written by `cases.events.record` only; `relayed_at` is not part of the hash."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=20, choices=State.choices)  # after the event: replay is reading this column
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    relayed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("事件")
        verbose_name_plural = _("事件")
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="event_seq_once")]
        # notifications.relay: what has not been turned into messages yet
        indexes = [models.Index(fields=["id"], name="event_outbox", condition=Q(relayed_at=None))]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.seq} {self.type}"
