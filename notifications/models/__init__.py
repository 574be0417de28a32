"""What messages keep in the database, one concern a file."""

from notifications.models.delivery import ChannelName, Delivery, DeliveryQuerySet, DeliveryState
from notifications.models.personal import Pace, Preference, QuietKind, Rhythm

__all__ = ["ChannelName", "Delivery", "DeliveryQuerySet", "DeliveryState", "Pace", "Preference", "QuietKind", "Rhythm"]
