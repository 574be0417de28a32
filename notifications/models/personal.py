"""What a person chose: which channels may reach them, when, and who stands in for them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.delivery import ChannelName


class Preference(models.Model):
    """What a person said about a channel; without a row it is on, and in the language of the installation."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences")
    channel = models.CharField(_("渠道"), max_length=20, choices=ChannelName.choices)
    on = models.BooleanField(_("接收"), default=True)
    language = models.CharField(_("语言"), max_length=10, blank=True)

    class Meta:
        verbose_name = _("接收设置")
        verbose_name_plural = _("接收设置")
        constraints = [
            models.UniqueConstraint(name="preference_once", fields=["user", "channel"]),
            # the messages inside are the record of what one was told: they cannot be switched off
            models.CheckConstraint(name="preference_keeps_in_app", condition=~Q(channel="in_app") | Q(on=True)),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.channel}"
