"""The history of cases and councils: append-only, chained by hash, and the outbox of messages."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.council import Council
from cases.models.place import Area
from cases.terms import Priority, State

if TYPE_CHECKING:
    from cases.models.case import Case


class CaseEvent(models.Model):
    """One thing that happened to a case or, with `council` and no case, in a council: one table is one outbox.

    Written by `cases.events` only; `relayed_at` is not part of the hash. The type of `case` is that of the many: who
    reads events of councils as well asks `council_id` first.
    """

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey(  # type: ignore[misc]  # see above
        "cases.Case", models.PROTECT, null=True, related_name="events"
    )
    council = models.ForeignKey(Council, models.PROTECT, null=True, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # Of the case after the event: replay is reading this column. Empty for a council.
    state = models.CharField(max_length=20, choices=State.choices, blank=True)
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    relayed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("事件")
        verbose_name_plural = _("事件")
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="event_seq_once"),
            models.UniqueConstraint(
                fields=["council", "seq"], condition=Q(case=None), name="event_of_council_seq_once"
            ),
            models.CheckConstraint(
                name="event_of_case_or_council",
                condition=Q(case__isnull=False, council=None) | Q(case=None, council__isnull=False),
            ),
        ]
        # notifications.relay: what has not been turned into messages yet
        indexes = [
            models.Index(fields=["id"], name="event_outbox", condition=Q(relayed_at=None)),
            # workflows.workload: what was sent out and came back in a period
            models.Index(
                fields=["type", "at"],
                name="event_flow",
                condition=Q(type__in=["case.dispatched", "case.returned_to_dispatch", "case.sent_back"]),
            ),
        ]

    @property
    def area(self) -> Area:
        """Where it happened."""
        return self.council.area if self.council else self.case.area

    @property
    def is_critical(self) -> bool:
        """Whether it is about a case that cannot wait for the morning."""
        return self.council_id is None and self.case.priority == Priority.CRITICAL

    def __str__(self) -> str:
        return f"{self.case_id or self.council_id}/{self.seq} {self.type}"
