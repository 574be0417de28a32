"""Gates: while a far end is away nothing is tried there but a probe, and nobody is written to faster than they allow.

A message before a shut gate stays owed as it is: its attempts are not counted and its row is not touched.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import QuerySet

from notifications.channels import CHANNELS
from notifications.channels.base import ChannelError, Rate
from notifications.models import SUBSCRIBED, ChannelName, Gate

FAILURES_IN_A_ROW = 3  # then the far end is away: the others keep their attempts
SHUT_FOR = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15))
PROBE = timedelta(minutes=5)  # how long one message alone may be under way to a far end that was away
OWN_FAR_END = ChannelName.WEBHOOK  # robots of a platform are away together, systems each by itself


class Leaving(Protocol):
    """What is about to leave, a delivery or a digest."""

    @property
    def channel(self) -> str: ...

    @property
    def recipient_subscriber_id(self) -> int | None: ...


@dataclass(frozen=True)
class Way:
    """By which channel, and to which robot or system, if it is one."""

    channel: str
    recipient_subscriber_id: int | None = None


def shut(now: datetime) -> tuple[set[str], set[int]]:
    """The channels, and the robots and systems, to which nothing leaves now."""
    rows = list(Gate.objects.shut(now).only("channel", "subscriber_id"))
    own = {row.subscriber_id for row in rows if row.subscriber_id}
    return {row.channel for row in rows if not row.subscriber_id}, own


def enter(row: Leaving, now: datetime) -> bool:
    """Whether this message may leave now; if so, the next one may have to wait for it. In a transaction."""
    gates = [_locked(*key) for key in _keys(row)]
    if any(_is_shut(gate, now) for gate in gates):
        return False
    breaker, rate = gates[0], CHANNELS[row.channel].rate
    if breaker.opened_at:
        breaker.shut_until = now + PROBE
    if rate:
        _count(gates[-1], rate, now)
    for gate in {gate.pk: gate for gate in gates}.values():
        gate.save(update_fields=["shut_until", "reached", "free_at"])
    return True


def refused(row: Leaving, error: ChannelError, text: str, now: datetime, *, was_tried: bool = True) -> None:
    """What a failure says of the far end; `text` is fit to be kept. In a transaction."""
    if error.away:
        failed(row, text, now)
    elif was_tried:
        passed(row)
    else:
        untried(row)
    if error.retry_after:
        pause(row, error.retry_after, now)


def passed(row: Leaving) -> None:
    """The far end answered, whatever it said: it is there. One statement, and none that writes while all is well."""
    troubled = _breaker(row).exclude(failures=0, opened_at=None)
    troubled.update(failures=0, openings=0, opened_at=None, shut_until=None, last_error="")


def untried(row: Leaving) -> None:
    """It was not sent after all: another one may be the probe."""
    _breaker(row).exclude(opened_at=None).update(shut_until=None)


def failed(row: Leaving, text: str, now: datetime) -> None:
    """The far end is away. In a transaction."""
    gate = _locked(*_keys(row)[0])
    gate.failures, gate.last_error = gate.failures + 1, text
    if gate.opened_at or gate.failures >= FAILURES_IN_A_ROW:
        gate.shut_until = now + SHUT_FOR[min(gate.openings, len(SHUT_FOR) - 1)]
        gate.opened_at, gate.openings = gate.opened_at or now, gate.openings + 1
    gate.save(update_fields=["failures", "last_error", "shut_until", "opened_at", "openings"])


def pause(row: Leaving, seconds: int, now: datetime) -> None:
    """Whoever asks to be left alone for a while is. In a transaction."""
    gate = _locked(*_keys(row)[-1])
    gate.free_at = max(gate.free_at or now, now + timedelta(seconds=seconds))
    gate.save(update_fields=["free_at"])


def _keys(row: Leaving) -> list[tuple[str, int | None]]:
    """The gate of the breaker first, that of the rate last; they are locked in this order."""
    if row.channel not in SUBSCRIBED:
        return [(row.channel, None)]
    own = (row.channel, row.recipient_subscriber_id)
    return [own] if row.channel == OWN_FAR_END else [(row.channel, None), own]


def _locked(channel: str, subscriber_id: int | None) -> Gate:
    found = Gate.objects.select_for_update().filter(channel=channel, subscriber=subscriber_id).first()
    if found is None:
        Gate.objects.bulk_create([Gate(channel=channel, subscriber_id=subscriber_id)], ignore_conflicts=True)
        found = Gate.objects.select_for_update().get(channel=channel, subscriber=subscriber_id)
    return found


def _breaker(row: Leaving) -> QuerySet[Gate]:
    channel, subscriber_id = _keys(row)[0]
    return Gate.objects.filter(channel=channel, subscriber=subscriber_id)


def _is_shut(gate: Gate, now: datetime) -> bool:
    return any(moment and moment > now for moment in (gate.shut_until, gate.free_at))


def _count(gate: Gate, rate: Rate, now: datetime) -> None:
    """The generic cell rate algorithm: one moment says how much was used up."""
    interval = timedelta(seconds=rate.interval)
    gate.reached = max(gate.reached or now, now) + interval
    ahead = gate.reached - interval * rate.at_most
    gate.free_at = ahead if ahead > now else None
