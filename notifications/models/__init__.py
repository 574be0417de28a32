"""What messages keep in the database, one concern a file."""

from notifications.models.delivery import ChannelName, Delivery, DeliveryQuerySet, DeliveryState
from notifications.models.personal import Preference

__all__ = ["ChannelName", "Delivery", "DeliveryQuerySet", "DeliveryState", "Preference"]
