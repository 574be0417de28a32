"""Messages inside: the row is the message, the page of messages shows it."""

from typing import ClassVar

from cases.models import User
from notifications.channels.base import Message, Rate, Receipt, Recipient


class InApp:
    """For people with a login."""

    name: ClassVar[str] = "in_app"
    at_once: ClassVar[bool] = True
    to_machine: ClassVar[bool] = False
    rate: ClassVar[Rate | None] = None

    def reaches(self, recipient: Recipient) -> bool:
        """Everybody who can sign in."""
        return isinstance(recipient, User) and recipient.is_active

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:  # noqa: ARG002  # nothing is sent
        """Nothing leaves: the row is there already."""
        return Receipt()
