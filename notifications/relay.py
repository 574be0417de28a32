"""Events become deliveries: each event once, each recipient and channel once, whoever else relays at the same moment.

1. Claim: lock the oldest events that nobody relayed, skipping those that another relay holds (SQLite lets one in at
   a time anyway: its transactions are immediate).
2. Write: one row for each recipient and channel; the unique constraints make a second row impossible.
3. Mark: `relayed_at` in the same transaction. A relay that dies before the commit has done nothing.

A flag and not a cursor, because keys commit out of order.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone

from cases.lib.bulk import insert_many
from cases.lib.waking import wake
from cases.models import CaseEvent, Reporter, User
from notifications.audience import is_history, residents_told, staff_told
from notifications.channels import CHANNELS
from notifications.channels.base import Recipient
from notifications.directory import Directory
from notifications.models import Delivery, DeliveryState, NotSent, Subscriber
from notifications.occasion import Occasion
from notifications.subscriptions import Subscriptions
from notifications.substitutes import Telling, with_substitutes
from notifications.timing import decent, is_bundled, send_at
from notifications.wishes import Wishes
from workflows.models import Leave

NAMED = (
    *(f"case__{name}" for name in ("area", "reporter", "handler", "holder_user", "reported_by")),
    "council__area",
)
BUNDLES = UUID("6f1a3c1e-6f0b-4c8e-9f6d-2f0c52a7b1d4")  # the name space of the keys of bundles


def relay(*, now: datetime, limit: int = 200) -> int:
    """Turn all that nobody was told of into deliveries, `limit` in a transaction; returns how much it was."""
    total = 0
    heads: set[tuple[int, int]] = set()  # who has the head of a bundle of this run already
    while done := _relay_batch(now, limit, heads):
        total += done
    while done := _relay_leaves(now, limit):
        total += done
    return total


@transaction.atomic
def _relay_batch(now: datetime, limit: int, heads: set[tuple[int, int]]) -> int:
    events = claimed(limit)
    if events:
        insert_many(_deliveries(events, now, heads), ignore_conflicts=True)
        CaseEvent.objects.filter(pk__in=[event.pk for event in events]).update(relayed_at=now)
    return len(events)


@transaction.atomic
def _relay_leaves(now: datetime, limit: int) -> int:
    """Leave that somebody registered or ended for another is told to that person, through their own channels."""
    waiting = Leave.objects.exclude(news="").order_by("pk").select_for_update(skip_locked=True, of=("self",))
    leaves = list(waiting.select_related("user").prefetch_related("user__addresses")[:limit])
    if leaves:
        wishes = Wishes(leave.user_id for leave in leaves)
        insert_many([row for leave in leaves for row in _of_leave(leave, wishes, now)], ignore_conflicts=True)
        Leave.objects.filter(pk__in=[leave.pk for leave in leaves]).update(news="")
    return len(leaves)


def _of_leave(leave: Leave, wishes: Wishes, now: datetime) -> Iterator[Delivery]:
    about = {"leave": leave, "news": leave.news, "recipient_user": leave.user}
    for channel in CHANNELS.values():
        wish = wishes.of(leave.user_id, channel.name)
        if wish.on and channel.reaches(leave.user):
            row = Delivery(channel=channel.name, created_at=now, **about)
            yield _owed(row, None if channel.at_once else decent(now, wish.quiet))


def _owed(row: Delivery, moment: datetime | None) -> Delivery:
    """A row to be sent at a moment; without one the row itself is the message."""
    if moment is None:
        row.state, row.sent_at, row.attempts = DeliveryState.SENT, row.created_at, 1
    row.next_try_at = moment
    return row


def claimed(limit: int) -> list[CaseEvent]:
    """The oldest events that nobody has relayed or is relaying, locked until the transaction ends."""
    rows = CaseEvent.objects.filter(relayed_at=None).order_by("pk").select_for_update(skip_locked=True, of=("self",))
    return list(rows.select_related(*NAMED)[:limit])


def _deliveries(events: Sequence[CaseEvent], now: datetime, heads: set[tuple[int, int]]) -> list[Delivery]:
    alive = [event for event in events if not is_history(event)]
    if not alive:
        return []
    directory = Directory.read(alive, timezone.localdate(now))
    told = [(event, Occasion(event, directory)) for event in alive]
    staff = with_substitutes(
        [Telling(event, key, asked) for event, occasion in told for key, asked in sorted(staff_told(occasion).items())],
        timezone.localdate(now),
    )
    keys = {telling.user for telling in staff}
    users = User.objects.filter(is_active=True).prefetch_related("addresses").in_bulk(keys)
    wishes = Wishes(keys)
    present = [(telling, users[telling.user]) for telling in staff if telling.user in users]
    rows = [row for telling, user in present for row in _rows(telling, user, wishes, now)]
    rows += [
        row
        for event, occasion in told
        for resident in residents_told(occasion)
        for row in _of_resident(event, resident, wishes, now)
    ]
    subscriptions = Subscriptions.read()
    rows += [
        row
        for event, occasion in told
        for subscriber in subscriptions.of(event, occasion)
        for row in _rows(Telling(event), subscriber, wishes, now)
    ]
    _bundle(rows, now, heads)
    return rows


def _bundle(rows: Iterable[Delivery], now: datetime, heads: set[tuple[int, int]]) -> None:
    """What one person is told inside, in one run, of how limits stand gets one head; the first of its kind is it."""
    for row in rows:
        user = row.recipient_user
        if user is None or not CHANNELS[row.channel].at_once or not is_bundled(row.event, user):
            continue
        for_whom = row.on_behalf_of_id or user.pk
        row.bundle = uuid5(BUNDLES, f"{user.pk} {for_whom} {now.isoformat()}")
        row.is_head = (user.pk, for_whom) not in heads
        heads.add((user.pk, for_whom))


def _rows(telling: Telling, recipient: Recipient, wishes: Wishes, now: datetime) -> Iterator[Delivery]:
    """One for each channel that reaches the recipient and that they want; what the digest tells has none but inside.

    While somebody else hears in their place, nothing rings for who is away.
    """
    event, user = telling.event, recipient if isinstance(recipient, User) else None
    for channel in CHANNELS.values():
        wish = wishes.of(user.pk if user else None, channel.name)
        if not wish.on or (telling.is_away and not channel.at_once) or not channel.reaches(recipient):
            continue
        row = Delivery(event=event, channel=channel.name, created_at=now, recipient_user=user)
        row.recipient_reporter = recipient if isinstance(recipient, Reporter) else None
        row.recipient_subscriber = recipient if isinstance(recipient, Subscriber) else None
        row.on_behalf_of = telling.on_behalf_of
        moment = now if channel.to_machine else send_at(event, recipient, asked=telling.asked, wish=wish, now=now)
        if channel.at_once or moment:
            yield _owed(row, None if channel.at_once else moment)


def _of_resident(event: CaseEvent, resident: Reporter, wishes: Wishes, now: datetime) -> Iterator[Delivery]:
    """The same for a resident; what would have gone to one who opted out says why it did not, for who asks later."""
    if not resident.opted_out:
        yield from _rows(Telling(event), resident, wishes, now)
        return
    willing = copy(resident)
    willing.opted_out = False
    for channel in CHANNELS.values():
        if channel.reaches(willing):
            row = Delivery(event=event, channel=channel.name, created_at=now, recipient_reporter=resident)
            row.state, row.not_sent = DeliveryState.CANCELLED, NotSent.OPTED_OUT
            yield row


def nudge() -> None:
    """Wake a relay once the transaction has committed. Only lowers latency: the timetable finds what was not said."""
    wake("notifications.tasks.relay")
