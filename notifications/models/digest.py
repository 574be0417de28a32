"""The digest of a working morning: one row a person and day, whoever else makes it at the same moment."""

from django.conf import settings
from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _


class DigestState(TextChoices):
    PENDING = "pending", _("待发送")
    SENT = "sent", _("已发送")
    NOTHING = "nothing", _("没有要说的")
    FAILED = "failed", _("未送达")


class Digest(models.Model):
    """Whether a person had theirs. No words are kept: they are made of what is so when it leaves."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="digests")
    day = models.DateField(_("日期"))
    state = models.CharField(_("状态"), max_length=10, choices=DigestState.choices, default=DigestState.PENDING)
    channel = models.CharField(_("渠道"), max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(_("已尝试次数"), default=1)
    next_try_at = models.DateTimeField(_("下次尝试"), null=True)  # only while pending
    sent_at = models.DateTimeField(_("发送时间"), null=True)

    class Meta:
        verbose_name = _("每日汇总")
        verbose_name_plural = _("每日汇总")
        constraints = [
            models.UniqueConstraint(name="digest_once_a_day", fields=["user", "day"]),
            models.CheckConstraint(
                name="digest_tries_while_pending",
                condition=Q(state=DigestState.PENDING, next_try_at__isnull=False)
                | (~Q(state=DigestState.PENDING) & Q(next_try_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day}"
