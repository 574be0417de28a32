"""What messages keep in the database, one concern a file."""

from notifications.models.addresses import PERSONAL, ROBOTS, SUBSCRIBED, Address, Subscriber
from notifications.models.delivery import ChannelName, Delivery, DeliveryQuerySet, DeliveryState
from notifications.models.gate import Gate
from notifications.models.personal import Pace, Preference, QuietKind, Rhythm

__all__ = [
    "PERSONAL",
    "ROBOTS",
    "SUBSCRIBED",
    "Address",
    "ChannelName",
    "Delivery",
    "DeliveryQuerySet",
    "DeliveryState",
    "Gate",
    "Pace",
    "Preference",
    "QuietKind",
    "Rhythm",
    "Subscriber",
]
