"""The journal of sending: who was told what by which channel, how each channel stands; no words, no secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from cases.lib.masking import mask_email, mask_phone
from cases.models import Case, Reporter, User
from cases.terms import Role
from notifications.about import label, number
from notifications.channels.sms import mobile_of
from notifications.models import SUBSCRIBED, ChannelName, Delivery, DeliveryQuerySet, DeliveryState, Gate, Subscriber

LONGEST_LIST = 200
DAY = timedelta(days=1)
COUNTED: tuple[Literal["pending", "sent", "dead", "duplicates_possible"], ...] = (
    "pending", "sent", "dead", "duplicates_possible",
)  # fmt: skip
NAMED = ("event__case", "event__council", "leave", "recipient_user", "recipient_reporter", "recipient_subscriber")
# Who reads on the page of a case how its messages went; whoever oversees sending does so besides.
READERS = (Role.SUPERVISOR, Role.LEADER, Role.AUDITOR, Role.DISPATCHER, Role.DESK)


@dataclass(frozen=True)
class Entry:
    """One message, as it may be shown."""

    id: int
    number: str
    label: str
    recipient: str
    channel: str
    state: str
    state_code: str
    at: datetime
    sent_at: datetime | None
    next_try_at: datetime | None
    read_at: datetime | None
    attempts: int
    duplicates_possible: int
    answer: str
    error: str
    not_sent: str

    def as_json(self) -> dict[str, Any]:
        """For programs: the state as its code."""
        row = asdict(self)
        return row | {"state": row.pop("state_code")}


@dataclass(frozen=True)
class ChannelNow:
    """How a channel stands."""

    name: str
    label: str
    is_set_up: bool
    opened_at: datetime | None
    shut_until: datetime | None
    error: str
    pending: int = 0
    sent: int = 0  # of the last day
    dead: int = 0
    duplicates_possible: int = 0  # of the last day

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def everything() -> DeliveryQuerySet:
    """All deliveries, for the command line."""
    return Delivery.objects.all()


def narrowed(rows: DeliveryQuerySet, *, state: str = "", channel: str = "") -> DeliveryQuerySet:
    """Those of a state and a channel, where given."""
    rows = rows.filter(state=state) if state else rows
    return rows.filter(channel=channel) if channel else rows


def entries(rows: DeliveryQuerySet, *, limit: int = LONGEST_LIST) -> list[Entry]:
    """The newest of them; two queries, however many."""
    found = rows.select_related(*NAMED).prefetch_related("recipient_user__addresses").order_by("-pk")[:limit]
    return [_entry(row) for row in found]


def may_read(viewer: User) -> bool:
    """Whether the person reads how messages about a case that they see went."""
    return viewer.grants().has(*READERS)


def of_case(case: Case, viewer: User) -> list[Entry]:
    """How the messages about a case went, the newest first; nothing for who may not read it."""
    if not may_read(viewer) or not Case.objects.visible_to(viewer).filter(pk=case.pk).exists():
        return []
    return entries(Delivery.objects.filter(event__case=case.pk))


def _entry(row: Delivery) -> Entry:
    return Entry(
        id=row.pk,
        number=number(row),
        label=label(row),
        recipient=masked_recipient(row),
        channel=row.get_channel_display(),
        state=row.get_state_display(),
        state_code=row.state,
        at=row.created_at,
        sent_at=row.sent_at,
        next_try_at=row.next_try_at,
        read_at=row.read_at,
        attempts=row.attempts,
        duplicates_possible=row.unknown_ends,
        answer=" ".join(str(part) for part in (row.answer_status, row.answer_code, row.answer_id) if part),
        error=row.last_error,
        not_sent=row.get_not_sent_display() if row.not_sent else "",
    )


def masked_recipient(row: Delivery) -> str:
    """Who was to be told, as it may be shown: names of colleagues and groups, addresses masked, residents by theirs."""
    recipient = row.recipient
    if isinstance(recipient, Subscriber):
        return recipient.name
    if row.channel == ChannelName.EMAIL:
        address = mask_email(recipient.email)
    elif row.channel == ChannelName.SMS:
        address = mask_phone(mobile_of(recipient))
    else:
        address = ""
    name = _("居民") if isinstance(recipient, Reporter) else str(recipient)
    return f"{name} {address}".strip()


def channels(*, now: datetime) -> list[ChannelNow]:
    """Every channel that something is sent by: its breaker, and what waits, went and failed. Three queries."""
    since = now - DAY
    lately = Q(created_at__gte=since) | ~Q(state=DeliveryState.SENT)
    counted = Delivery.objects.filter(lately).values("channel").annotate(
        pending=Count("pk", Q(state=DeliveryState.PENDING)),
        sent=Count("pk", Q(state=DeliveryState.SENT)),
        dead=Count("pk", Q(state=DeliveryState.DEAD)),
        duplicates_possible=Sum("unknown_ends", filter=Q(created_at__gte=since), default=0),
    )  # fmt: skip
    numbers = {row["channel"]: {name: int(row[name]) for name in COUNTED} for row in counted}
    gates = {gate.channel: gate for gate in Gate.objects.filter(subscriber=None)}
    used = set(Subscriber.objects.listening().values_list("channel", flat=True))
    return [
        _channel(name, gates.get(name), numbers.get(name, {}), is_set_up=_is_set_up(name, used))
        for name in ChannelName
        if name != ChannelName.IN_APP
    ]


def _channel(name: ChannelName, gate: Gate | None, numbers: Mapping[Any, int], *, is_set_up: bool) -> ChannelNow:
    opened = gate if gate and gate.opened_at else None
    return ChannelNow(
        name=name.value,
        label=str(name.label),
        is_set_up=is_set_up,
        opened_at=opened.opened_at if opened else None,
        shut_until=opened.shut_until if opened else None,
        error=opened.last_error if opened else "",
        pending=numbers.get("pending", 0),
        sent=numbers.get("sent", 0),
        dead=numbers.get("dead", 0),
        duplicates_possible=numbers.get("duplicates_possible", 0),
    )


def _is_set_up(name: ChannelName, used: Iterable[str]) -> bool:
    if name in SUBSCRIBED:
        return name in used
    by_settings = {
        ChannelName.SMS: settings.SMS_URL,
        ChannelName.WECOM: settings.WECOM_CORP_ID,
        ChannelName.WECHAT: settings.WECHAT_APP_ID,
    }
    return bool(by_settings.get(name, True))
