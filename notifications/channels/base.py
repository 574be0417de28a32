"""What every channel is: it reaches some recipients, and sends or says why not."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from cases.models import Reporter, User

Recipient = User | Reporter


@dataclass(frozen=True)
class Message:
    """The words for one recipient; the first paragraph of `text` stands alone where there is little room."""

    subject: str
    text: str
    html: str = ""
    url: str = ""

    @property
    def lead(self) -> str:
        """The first paragraph."""
        return self.text.split("\n\n", 1)[0]


class ChannelError(Exception):
    """Why a message did not leave. `permanent`: no later attempt can succeed."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Channel(Protocol):
    """One way to a recipient."""

    name: ClassVar[str]
    at_once: ClassVar[bool]  # the row itself is the message: there is nothing to send later

    def reaches(self, recipient: Recipient) -> bool:
        """Whether this recipient has an address here and is to be told."""

    def send(self, message: Message, recipient: Recipient, *, key: str) -> None:
        """Send, or raise ChannelError. `key` is the same for every attempt of one message."""
