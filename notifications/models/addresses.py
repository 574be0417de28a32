"""Where messages go: what a colleague is called in a channel, the robots of groups, and the systems that listen."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.lib.crypto import EncryptedTextField
from cases.models import Area, Team
from notifications.models.delivery import ChannelName

PERSONAL = (ChannelName.SMS, ChannelName.WECOM, ChannelName.WECHAT)  # a colleague has an address of their own there
ROBOTS = (ChannelName.WECOM_ROBOT, ChannelName.DINGTALK_ROBOT, ChannelName.FEISHU_ROBOT)
SUBSCRIBED = (*ROBOTS, ChannelName.WEBHOOK)


class Address(models.Model):
    """What a colleague is called in a channel: a mobile number, the account of WeCom, the openid of WeChat."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="addresses", verbose_name=_("人员"))
    channel = models.CharField(_("渠道"), max_length=20, choices=[(c.value, c.label) for c in PERSONAL])
    value = EncryptedTextField(_("号码或账号"))

    class Meta:
        verbose_name = _("接收地址")
        verbose_name_plural = _("接收地址")
        constraints = [models.UniqueConstraint(name="address_once", fields=["user", "channel"])]

    def __str__(self) -> str:
        return f"{self.user_id} {self.channel}"  # never the value: this text reaches logs and the admin


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def listening(self) -> Self:
        """Those that are told of events."""
        return self.filter(active=True)


class Subscriber(models.Model):
    """The robot of a group, or a system of others, that hears of some events of an area or a team.

    `address` is the key of a robot (its host is a setting) or the whole address of a system; like `secret` it opens the
    door to whoever has it, so both are encrypted and never shown again.
    """

    name = models.CharField(_("名称"), max_length=60)
    channel = models.CharField(_("渠道"), max_length=20, choices=[(c.value, c.label) for c in SUBSCRIBED])
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("区域"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("工作队"))
    event_types = models.JSONField(_("告知哪些事"), default=list)
    address = EncryptedTextField(_("地址"))
    secret = EncryptedTextField(_("密钥"), blank=True)
    # The one before it signs beside the new one until the far end has been changed.
    old_secret = EncryptedTextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    language = models.CharField(_("语言"), max_length=10, blank=True)
    active = models.BooleanField(_("启用"), default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        verbose_name = _("群或系统")
        verbose_name_plural = _("群和系统")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="subscriber_of_area_or_team",
                condition=Q(area__isnull=False, team=None) | Q(area=None, team__isnull=False),
                violation_error_message=_("区域和工作队须且只能选一个。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
