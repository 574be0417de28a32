"""Leave (休假代理): from which day to which somebody is away, and who hears in their place."""

from datetime import date, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from cases.models import User


class LeaveNews(TextChoices):
    """What the person has still to be told, because somebody else did it."""

    REGISTERED = "registered", _("他人代为登记")
    ENDED = "ended", _("他人代为结束")


class LeaveQuerySet(models.QuerySet["Leave"]):
    def on(self, day: date) -> Self:
        """Those that hold on that day; the last day is excluded."""
        return self.filter(valid_from__lte=day, valid_to__gt=day, ended_at=None)

    def meeting(self, first: date, end: date) -> Self:
        """Those that hold on some day of [first, end)."""
        return self.filter(valid_from__lt=end, valid_to__gt=first, ended_at=None)


class Leave(models.Model):
    """One absence. Kept when it is over or was ended early: it says why somebody else was told."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="leaves", verbose_name=_("休假人"))
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="stands_in", verbose_name=_("代理人")
    )
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至（不含）"))
    created_at = models.DateTimeField(_("登记时间"))
    ended_at = models.DateTimeField(_("提前结束时间"), null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # Empty for what was registered before others could do it: then it was the person.
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("登记人")
    )
    news = models.CharField(max_length=10, choices=LeaveNews.choices, blank=True)  # cleared by who tells it

    objects = LeaveQuerySet.as_manager()

    class Meta:
        verbose_name = _("休假代理")
        verbose_name_plural = _("休假代理")
        constraints = [
            models.CheckConstraint(name="leave_ends_after_start", condition=Q(valid_to__gt=F("valid_from"))),
            models.CheckConstraint(name="leave_has_another_substitute", condition=~Q(user=F("substitute"))),
            models.CheckConstraint(
                name="leave_ended_by_somebody",
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]
        # asked for with every batch of messages: who is away today
        indexes = [
            models.Index(fields=["valid_to"], name="leave_current", condition=Q(ended_at=None)),
            # notifications.relay: what nobody was told of yet
            models.Index(fields=["id"], name="leave_news", condition=~Q(news="")),
        ]

    @property
    def by_another(self) -> User | None:
        """Who registered it, when it was not the person."""
        return self.registered_by if self.registered_by_id != self.user_id else None

    @property
    def last_day(self) -> date:
        """The last day away: people say it so, the record keeps the day after."""
        return self.valid_to - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.user_id} → {self.substitute_id}"
