"""What every channel is: it reaches some recipients, and sends or says why not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from cases.models import Reporter, User
from cases.terms import AnswerWay
from notifications.models import Subscriber

Recipient = User | Reporter | Subscriber
FOOT = "\n--\n"  # what is below is about mail


@dataclass(frozen=True)
class Message:
    """The words for one recipient; the first paragraph of `text` stands alone where there is little room.

    `data` is the same for a machine, where one listens.
    """

    subject: str
    text: str
    html: str = ""
    url: str = ""
    button: str = ""  # what the link is called where it stands by itself
    data: dict[str, Any] = field(default_factory=dict)
    unsubscribe: str = ""  # where one click of a mail program stops them (RFC 8058)

    @property
    def lead(self) -> str:
        """The first paragraph."""
        return self.text.split("\n\n", 1)[0]

    @property
    def lines(self) -> list[str]:
        """What there is to read: without the foot, empty lines, and the line of the link, which stands by itself."""
        body = f"{self.text}\n".split(FOOT, 1)[0]
        lines = (line.strip() for line in body.splitlines())
        return [line for line in lines if line and not (self.url and line.endswith(self.url))]


@dataclass(frozen=True)
class Receipt:
    """What the far end answered to what it took."""

    status: int | None = None
    code: str = ""
    id: str = ""


@dataclass(frozen=True)
class Rate:
    """So many messages may leave in any stretch of so many seconds."""

    messages: int
    seconds: int = 60
    burst: int = 0  # in one go; half of them unless told

    @property
    def at_most(self) -> int:
        """How many may leave in one go."""
        return self.burst or max(self.messages // 2, 1)

    @property
    def interval(self) -> float:
        """Seconds from one to the next when there is no room left for more in one go.

        What may go at once is taken off, or the first stretch would see it on top of what the clock gives.
        """
        return self.seconds / max(self.messages - self.at_most, 1)


class ChannelError(Exception):
    """Why a message did not leave.

    `permanent`: no later attempt can succeed. `away`: the far end itself does not work, others would fail likewise.
    `unknown`: it was sent and nobody knows whether it arrived. `gone`: the far end asks never to be called again.
    """

    def __init__(  # noqa: PLR0913  # each is one thing that is known of a failure
        self,
        reason: str,
        *,
        permanent: bool,
        away: bool = False,
        unknown: bool = False,
        gone: bool = False,
        retry_after: int | None = None,
        receipt: Receipt | None = None,
    ) -> None:
        super().__init__(reason)
        self.permanent, self.away, self.unknown, self.gone = permanent, away, unknown, gone
        self.retry_after = retry_after  # seconds
        self.receipt = receipt or Receipt()


class Channel(Protocol):
    """One way to a recipient."""

    name: ClassVar[str]
    at_once: ClassVar[bool]  # the row itself is the message: there is nothing to send later
    to_machine: ClassVar[bool]  # nobody is woken and nobody reads a list: each event by itself, at any hour
    rate: ClassVar[Rate | None]  # for each robot or system by itself, for all of a channel to persons

    def reaches(self, recipient: Recipient) -> bool:
        """Whether this recipient has an address here and is to be told."""

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:
        """Send, or raise ChannelError. `key` is the same for every attempt of one message."""


def wants(recipient: User | Reporter) -> bool:
    """Whether a person is still to be told; a resident, in this way."""
    if isinstance(recipient, Reporter):
        return not recipient.opted_out and recipient.answer_way == AnswerWay.MESSAGE
    return recipient.is_active


def kept_address(recipient: Recipient, channel: str) -> str:
    """What a colleague is called in a channel, or nothing; costs no query when the addresses were fetched before."""
    if not isinstance(recipient, User) or not recipient.is_active:
        return ""
    return next((kept.value for kept in recipient.addresses.all() if kept.channel == channel), "")


def listens(recipient: Recipient, channel: str) -> bool:
    """Whether it is a robot or a system of this channel, and switched on."""
    return isinstance(recipient, Subscriber) and recipient.active and recipient.channel == channel


def subscriber(recipient: Recipient) -> Subscriber:
    """The robot or system; a person is none."""
    if isinstance(recipient, Subscriber):
        return recipient
    raise ChannelError("not a robot or system", permanent=True)


def in_bytes(text: str) -> int:
    """As most platforms count: in UTF-8."""
    return len(text.encode())


def in_units(text: str) -> int:
    """As telephone networks count what is not plain English: in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, room: int, size: Callable[[str], int] = in_bytes) -> str:
    """The text, or as many of its characters as there is room for and an ellipsis."""
    if size(text) <= room:
        return text
    room -= size("…")
    used = kept = 0
    for letter in text:
        used += size(letter)
        if used > room:
            break
        kept += 1
    return text[:kept].rstrip() + "…" if room >= 0 else ""


def fitted(lines: list[str], room: int, size: Callable[[str], int] = in_bytes) -> str:
    """Whole lines while there is room; of the one that is too long its beginning, but never half of a link."""
    kept: list[str] = []
    for line in lines:
        if size("\n".join([*kept, line])) <= room:
            kept.append(line)
            continue
        left = room - size("\n".join([*kept, ""]))
        short = cut(line, left, size) if "://" not in line and left > size("…") else ""
        kept += [short] if short else []
        break
    return "\n".join(kept)


MARKS = str.maketrans("<>[]*`|\\", "＜＞［］＊｀｜＼")
MARKS_BUT_IN_LINKS = str.maketrans("_#~", "＿＃～")


def plainly(text: str) -> str:
    """Text for where marks have a meaning: a title must not become a link, a call to all, or bold. Links are kept."""
    words = text.translate(MARKS).split(" ")
    return " ".join(word if "://" in word else word.translate(MARKS_BUT_IN_LINKS) for word in words)
