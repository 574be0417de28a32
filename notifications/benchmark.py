"""P14: events relayed to deliveries in batches, against one Celery task for each message that writes its row."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

from celery import current_app, shared_task
from django.conf import settings

from cases.models import CaseEvent, User
from notifications.models import Delivery, DeliveryState
from notifications.relay import relay
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.moves import database_url
from workflows.benchmark.world import World

ROUNDS, CASES = 5, 150
SHARE = 100  # in a world of few clocks a case for so many of them
QUEUE = "zhuoluo-bench"
LOOK, PATIENCE = 0.005, 300.0
TASK = "notifications.benchmark.write_row"
COLUMNS = ("event_id", "recipient_user_id", "recipient_reporter_id", "channel", "state")


@shared_task(name=TASK, ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def write_row(*, at: str, **columns: Any) -> None:
    """The anchor: one message, one task, one row in a transaction of its own."""
    moments = {"sent_at": at} if columns["state"] == DeliveryState.SENT else {"next_try_at": at}
    Delivery.objects.create(created_at=at, **columns, **moments)


def measure_relaying(world: World, *, rounds: int = ROUNDS, cases: int = CASES) -> list[Figure]:
    """Both sides make the same rows of the same events; the anchor is told whom to tell, the relay finds out."""
    cases = min(cases, max(world.size // SHARE, 1))
    User.objects.filter(email="").update(email="somebody@example.org")
    _put_away(world)
    first = world.dispatched()
    for _ in range(cases - 1):
        world.dispatched()
    events = CaseEvent.objects.filter(case__gte=first)
    relay(now=world.now)
    wanted = _rows()

    def reset() -> None:
        Delivery.objects.all().delete()
        events.update(relayed_at=None)

    def subject(_: int) -> None:
        relay(now=world.now)
        _expect(wanted)

    def anchor(_: int) -> None:
        # A connection of its own: the pool may hold one to a broker that is gone.
        with current_app.connection_for_write() as connection, current_app.amqp.Producer(connection) as producer:
            for row in wanted:
                named = dict(zip(COLUMNS, row, strict=True), at=world.now.isoformat())
                current_app.send_task(TASK, kwargs=named, queue=QUEUE, ignore_result=True, producer=producer)
        _expect(wanted)

    with _worker():
        turns = take_turns(subject, anchor, rounds=rounds, size=len(wanted), before=reset)
    reset()
    relay(now=world.now)
    equal = _rows() == wanted
    name = f"P14 messages a second, {len(wanted):,} of {events.count():,} events"
    return [Figure(name, turns.subject, turns.anchor, turns.ratio, 1, 5, equal, turns.noisy)]


def _put_away(world: World) -> None:
    """What earlier figures left is nobody's message here."""
    Delivery.objects.all().delete()
    CaseEvent.objects.filter(relayed_at=None).update(relayed_at=world.now)


def _rows() -> list[tuple[Any, ...]]:
    return list(Delivery.objects.order_by(*COLUMNS).values_list(*COLUMNS))


def _expect(wanted: list[tuple[Any, ...]]) -> None:
    """Wait until all rows are there, for a worker works beside us."""
    give_up = monotonic() + PATIENCE
    while Delivery.objects.count() < len(wanted):
        if monotonic() > give_up:
            raise TimeoutError(f"after {PATIENCE:.0f} s not all rows were written")
        sleep(LOOK)
    if _rows() != wanted:
        raise AssertionError("other rows were written than those of the events")


@contextmanager
def _worker() -> Iterator[None]:
    """One process that runs tasks, as `manage.py up` starts it, on the database of the benchmark."""
    options = ("--concurrency", "1", "--queues", QUEUE, "--include", "notifications.benchmark", "--without-mingle")
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "worker", *options]
    given = os.environ | {"DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL}
    _purge()  # what a run left that was cut off
    process = subprocess.Popen(  # noqa: S603  # our own worker
        command, env=given, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()
        _purge()


def _purge() -> None:
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge(QUEUE)
