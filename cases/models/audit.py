"""What keeps the history honest: looks at all of it, seals of where it stood, and who saw or changed personal data."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.audit_terms import AccessKind, CheckKind
from cases.models.council import Council
from cases.models.place import Area
from cases.scope import below
from cases.terms import Role

if TYPE_CHECKING:
    from cases.models.case import Case
    from cases.models.user import User

SEES_ALL = (Role.AUDITOR, Role.ADMINISTRATOR)


def heads_path(_instance: "Seal", filename: str) -> str:
    """Where the list behind a seal lies."""
    return f"seals/{filename}"


class Seal(models.Model):
    """One digest over the heads of every history at a moment; its paper proves what the database said then."""

    made_at = models.DateTimeField(_("封存时间"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    algorithm = models.CharField(_("算法"), max_length=40)
    digest = models.CharField(_("摘要"), max_length=64, db_index=True)
    cases = models.PositiveIntegerField(_("件"))
    councils = models.PositiveIntegerField(_("议事会"))
    events = models.PositiveBigIntegerField(_("流转记录"))
    heads = models.FileField(upload_to=heads_path, max_length=200)  # the sealed heads, from which the digest follows

    class Meta:
        verbose_name = _("封存")
        verbose_name_plural = _("封存")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"#{self.pk}"


class HistoryCheck(models.Model):
    """A look at every history, made slice by slice by the worker: who asked for it, how far it is, what it found."""

    kind = models.CharField(_("核对"), max_length=10, choices=CheckKind.choices, default=CheckKind.VERIFY)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("提出时间"))
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    seal = models.ForeignKey(Seal, models.PROTECT, null=True, related_name="checks")  # compared with, or made
    total = models.PositiveIntegerField(default=0)  # cases when it began
    after = models.PositiveBigIntegerField(default=0)  # the last case that was looked at
    cases = models.PositiveIntegerField(default=0)
    events = models.PositiveBigIntegerField(default=0)
    broken = models.JSONField(default=list)  # the first ones: number, seq, reason
    faults = models.PositiveIntegerField(default=0)  # all of them

    class Meta:
        verbose_name = _("历史核对")
        verbose_name_plural = _("历史核对")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["id"], name="history_check_running", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def percent(self) -> int:
        """How far it is."""
        if self.ended_at:
            return 100
        return min(99, 100 * self.cases // self.total) if self.total else 0


class AppendOnly(models.QuerySet["PersonAccess"]):
    """Rows that are written once."""

    def update(self, **_kwargs: Any) -> int:
        """Refused: what was seen was seen."""
        raise TypeError("Accesses are written once.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refused: what was seen was seen."""
        raise TypeError("Accesses are written once.")

    def visible_to(self, viewer: "User") -> Self:
        """Everything for auditors and administrators; for a supervisor what happened in their areas."""
        grants = viewer.grants()
        if grants.has(*SEES_ALL):
            return self
        return self.filter(below(grants.area_paths([Role.SUPERVISOR]), "area"))


class PersonAccess(models.Model):
    """Somebody saw, got out or changed what is known of residents: by which door, of what, and on what grounds."""

    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")  # NULL: command line
    kind = models.CharField(_("方式"), max_length=10, choices=AccessKind.choices)
    case: "models.ForeignKey[Case, Case]" = models.ForeignKey(  # type: ignore[misc]  # most have one
        "cases.Case", models.PROTECT, null=True, related_name="accesses"
    )
    council = models.ForeignKey(Council, models.PROTECT, null=True, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+")  # where it belongs; NULL: everywhere
    reason = models.TextField(_("理由"), blank=True)
    details = models.JSONField(default=dict)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = _("个人信息访问")
        verbose_name_plural = _("个人信息访问")
        indexes = [
            models.Index(fields=["-at", "-id"], name="access_newest"),
            models.Index(fields=["by", "-at"], name="access_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only once."""
        if not self._state.adding:
            raise TypeError("Accesses are written once.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refused."""
        raise TypeError("Accesses are written once.")
