"""Every channel by its name: one file each, alike inside."""

from notifications.channels.base import Channel
from notifications.channels.email import Email
from notifications.channels.inapp import InApp

CHANNELS: dict[str, Channel] = {channel.name: channel for channel in (InApp(), Email())}
