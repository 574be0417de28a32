"""Every channel by its name: one file each, alike inside."""

from notifications.channels.base import Channel
from notifications.channels.dingtalk import DingtalkRobot
from notifications.channels.email import Email
from notifications.channels.feishu import FeishuRobot
from notifications.channels.inapp import InApp
from notifications.channels.sms import Sms
from notifications.channels.webhook import Webhook
from notifications.channels.wechat import Wechat
from notifications.channels.wecom import Wecom, WecomRobot

ALL = (InApp(), Email(), Sms(), Wecom(), Wechat(), WecomRobot(), DingtalkRobot(), FeishuRobot(), Webhook())
CHANNELS: dict[str, Channel] = {channel.name: channel for channel in ALL}
