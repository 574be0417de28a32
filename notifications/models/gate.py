"""Whether anything may leave by a channel now: the breaker of a far end that is away, and the limit of its rate."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.delivery import ChannelName

if TYPE_CHECKING:
    from notifications.models.addresses import Subscriber


class GateQuerySet(models.QuerySet["Gate"]):
    def shut(self, now: datetime) -> Self:
        """Those that let nothing through at this moment."""
        return self.filter(Q(shut_until__gt=now) | Q(free_at__gt=now))


class Gate(models.Model):
    """One for a channel or, where each robot or system is a far end of its own, for that. Shared by all workers.

    The breaker: `failures` in a row; from the limit on `opened_at` is set and nothing leaves before `shut_until`. Then
    one message is the probe, and the gate is shut behind it until it is known what came of it.
    The rate: `reached` runs ahead of the clock by an interval for each message; when it is too far ahead, nothing
    leaves before `free_at`.
    """

    channel = models.CharField(_("渠道"), max_length=20, choices=ChannelName.choices)
    subscriber: "models.ForeignKey[Subscriber | None, Subscriber | None]" = models.ForeignKey(
        "notifications.Subscriber", models.CASCADE, null=True, related_name="gates"
    )
    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    openings = models.PositiveIntegerField(default=0)  # in a row: each keeps it shut for longer
    shut_until = models.DateTimeField(null=True)
    reached = models.DateTimeField(null=True)
    free_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)  # masked before it is written

    objects = GateQuerySet.as_manager()

    class Meta:
        verbose_name = _("渠道状态")
        verbose_name_plural = _("渠道状态")
        constraints = [
            models.UniqueConstraint(
                name="gate_once_a_subscriber", fields=["subscriber"], condition=Q(subscriber__isnull=False)
            ),
            models.UniqueConstraint(name="gate_once_a_channel", fields=["channel"], condition=Q(subscriber=None)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.subscriber_id or ''}".strip()
