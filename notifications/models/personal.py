"""What a person chose: which channels may reach them, when, and who stands in for them."""

from django.conf import settings
from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from notifications.models.delivery import ChannelName


class Pace(TextChoices):
    """What of a channel goes at once, and what the digest of the next working morning tells."""

    CALM = "calm", _("要我办的随到随发，知会的进每日汇总")
    AT_ONCE = "at_once", _("全部随到随发")
    DIGEST = "digest", _("全部进每日汇总（特急除外）")


class QuietKind(TextChoices):
    """Whose quiet hours hold for a person."""

    DEFAULT = "default", _("按单位的统一时段")
    OWN = "own", _("自己定一个时段")
    NONE = "none", _("随时都可以发")


class Preference(models.Model):
    """What a person said about a channel; without a row it is on, and in the language of the installation."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences")
    channel = models.CharField(_("渠道"), max_length=20, choices=ChannelName.choices)
    on = models.BooleanField(_("接收"), default=True)
    pace = models.CharField(_("何时发"), max_length=10, choices=Pace.choices, default=Pace.CALM)
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


class Rhythm(models.Model):
    """When a person wants to be told, by whatever channel; without a row as the installation does it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="rhythm")
    digest = models.BooleanField(_("每日汇总"), default=True)
    quiet = models.CharField(_("免打扰"), max_length=10, choices=QuietKind.choices, default=QuietKind.DEFAULT)
    quiet_from = models.TimeField(_("免打扰开始"), null=True)
    quiet_to = models.TimeField(_("免打扰结束"), null=True)

    class Meta:
        verbose_name = _("消息时间")
        verbose_name_plural = _("消息时间")
        constraints = [
            models.CheckConstraint(
                name="rhythm_own_hours_are_two_times",
                condition=Q(quiet=QuietKind.OWN, quiet_from__isnull=False, quiet_to__isnull=False)
                & ~Q(quiet_from=models.F("quiet_to"))
                | ~Q(quiet=QuietKind.OWN) & Q(quiet_from=None, quiet_to=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.quiet}"
