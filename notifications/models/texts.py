"""Texts of messages that an administrator wrote: every version kept, one of them in use."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class TextVersion(models.Model):
    """One version of what a message says: of one event or one of `standing_words`, to whom, in one language.

    Never changed: another is written. Without a version in use the words are those that come with the program.
    """

    event_type = models.CharField(_("消息"), max_length=40)  # or the name of what is about no single event
    resident = models.BooleanField(_("发给居民"), default=False)
    language = models.CharField(_("语言"), max_length=10)
    number = models.PositiveIntegerField(_("版本"))
    subject = models.CharField(_("主题"), max_length=300, blank=True)
    body = models.TextField(_("正文"), max_length=2000, blank=True)
    note = models.CharField(_("修改说明"), max_length=200, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("修改人"))
    written_at = models.DateTimeField(_("修改时间"))
    is_current = models.BooleanField(_("在用"), default=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("启用人")
    )
    published_at = models.DateTimeField(_("启用时间"), null=True)  # the last time, when it came back

    class Meta:
        verbose_name = _("消息文本")
        verbose_name_plural = _("消息文本")
        constraints = [
            models.UniqueConstraint(name="text_number_once", fields=["event_type", "resident", "language", "number"]),
            models.UniqueConstraint(
                name="text_one_current", fields=["event_type", "resident", "language"], condition=Q(is_current=True)
            ),
            models.CheckConstraint(
                name="text_published_by_somebody",
                condition=Q(published_at=None, published_by=None, is_current=False)
                | Q(published_at__isnull=False, published_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.language} {self.number}"
