"""Minutes: versions that never change, corrections, and signatures over a hash."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import CorrectionState, MinutesState, SignatureMethod
from cases.lib.states import StateField
from cases.models.council.body import Seat
from cases.models.council.meeting import Meeting


class Minutes(models.Model):
    """The minutes of one meeting."""

    meeting = models.OneToOneField(Meeting, models.PROTECT, related_name="minutes")
    state = StateField(_("状态"), choices=MinutesState.choices, default=MinutesState.DRAFT, protected=True)

    class Meta:
        verbose_name = _("会议纪要")
        verbose_name_plural = _("会议纪要")
        constraints = [
            models.CheckConstraint(name="minutes_state_is_known", condition=Q(state__in=MinutesState.values))
        ]

    def __str__(self) -> str:
        return str(self.meeting)


class MinutesVersion(models.Model):
    """One wording of the minutes, or an addendum to signed ones; never changed."""

    minutes = models.ForeignKey(Minutes, models.PROTECT, related_name="versions")
    n = models.PositiveSmallIntegerField()
    is_addendum = models.BooleanField(default=False)
    body = models.TextField(_("正文"))
    sha256 = models.CharField(max_length=64)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = _("纪要版本")
        verbose_name_plural = _("纪要版本")
        ordering = ["n"]
        constraints = [models.UniqueConstraint(fields=["minutes", "n"], name="minutes_version_once")]

    def __str__(self) -> str:
        return f"{self.minutes_id}/{self.n}"


class Signature(models.Model):
    """A seat signed a version: it signed the hash that is kept here."""

    version = models.ForeignKey(MinutesVersion, models.PROTECT, related_name="signatures")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    method = models.CharField(max_length=10, choices=SignatureMethod.choices)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("签署")
        verbose_name_plural = _("签署")
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["version", "seat"], name="signature_once")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.seat_id}"


class Correction(models.Model):
    """What a seat asks to have changed in the minutes."""

    minutes = models.ForeignKey(Minutes, models.PROTECT, related_name="corrections")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+")
    text = models.TextField(_("修改意见"))
    state = models.CharField(_("状态"), max_length=10, choices=CorrectionState.choices, default=CorrectionState.OPEN)
    reply = models.CharField(_("处理说明"), max_length=300, blank=True)
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("修改意见")
        verbose_name_plural = _("修改意见")
        ordering = ["asked_at", "pk"]

    def __str__(self) -> str:
        return f"{self.minutes_id} #{self.pk}"
