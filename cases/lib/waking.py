"""Wake a worker. Only lowers latency: what is owed stands in the database, and the timetable finds it."""

import logging
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
AT_ONCE = {"max_retries": 0, "socket_timeout": 1}  # seconds
EXPIRES = 30  # seconds: a tick of the timetable


def wake(task: str, *args: Any) -> None:
    """Send a task once the transaction has committed; nothing is lost when this fails."""
    transaction.on_commit(lambda: _publish(task, args), robust=True)


def _publish(task: str, args: tuple[Any, ...]) -> None:
    broker = current_app.conf.broker_url
    if not broker or broker.startswith("memory://"):  # no worker could hear it
        return
    try:
        with (
            # A connection of its own: the pooled one tries for seconds to reach a broker that is away, and waits for
            # ever for one that is there and does not answer.
            current_app.connection_for_write(transport_options=AT_ONCE) as connection,
            current_app.amqp.Producer(connection) as producer,
        ):
            current_app.send_task(task, args=args, retry=False, expires=EXPIRES, ignore_result=True, producer=producer)
    except (OperationalError, OSError) as error:
        logger.warning("The broker is away, %s waits for the timetable: %s", task, error)
