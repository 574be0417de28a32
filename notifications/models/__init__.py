"""What messages keep in the database, one concern a file."""

from notifications.models.addresses import PERSONAL, ROBOTS, SUBSCRIBED, Address, Subscriber
from notifications.models.delivery import ChannelName, Delivery, DeliveryQuerySet, DeliveryState, NotSent
from notifications.models.digest import Digest, DigestState
from notifications.models.feed import CalendarFeed
from notifications.models.gate import Gate
from notifications.models.personal import Pace, Preference, QuietKind, Rhythm
from notifications.models.texts import TextVersion

__all__ = [
    "PERSONAL",
    "ROBOTS",
    "SUBSCRIBED",
    "Address",
    "CalendarFeed",
    "ChannelName",
    "Delivery",
    "DeliveryQuerySet",
    "DeliveryState",
    "Digest",
    "DigestState",
    "Gate",
    "NotSent",
    "Pace",
    "Preference",
    "QuietKind",
    "Rhythm",
    "Subscriber",
    "TextVersion",
]
