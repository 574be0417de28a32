"""Photographs of a case, re-encoded and without EXIF."""

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.terms import PhotoKind

if TYPE_CHECKING:
    from cases.models.case import Case


def photo_path(instance: "Attachment", _filename: str) -> str:
    """A name that cannot be guessed and says nothing; the given file name is dropped."""
    return f"photos/{instance.added_at:%Y/%m}/{secrets.token_hex(16)}.jpg"


class Attachment(models.Model):
    """One photograph; place and time come from its EXIF before that was dropped."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="attachments")
    kind = models.CharField(_("类型"), max_length=10, choices=PhotoKind.choices)
    file = models.FileField(_("照片"), upload_to=photo_path, max_length=200)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    taken_at = models.DateTimeField(null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = _("照片")
        verbose_name_plural = _("照片")

    def __str__(self) -> str:
        return f"{self.case_id} · {self.get_kind_display()}"
