"""The private address of a person's calendar: only the hash of its token is kept."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CalendarFeed(models.Model):
    """One subscription of one person. Another token makes the old one worthless."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True)
    salt = models.CharField(max_length=32)  # the token is derived from it and the secret key, so the page can show it
    created_at = models.DateTimeField(_("生成时间"))
    digest = models.CharField(max_length=64, blank=True)  # of what was fetched last, and since when it is so
    changed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("日历订阅")
        verbose_name_plural = _("日历订阅")

    def __str__(self) -> str:
        return f"#{self.pk}"
