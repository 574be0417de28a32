"""Real processes on the database of the test: those that carry out orders, and those of the service itself."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.db import connection

from config.supervisor import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
KILLED = -9
IMPATIENT = """
import sys
from workflows.management import loop
loop.AFTER_FAULT_SECONDS = 0
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv[1:])
"""


class Ended(NamedTuple):
    """How a process ended, and what it gave back or raised before."""

    code: int
    said: Any = None
    error: str = ""


def environment(**more: str) -> dict[str, str]:
    """For a child that works on the same database as the test."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings_test"} | more


class Crew:
    """Processes that do what they are told."""

    def __init__(self) -> None:
        command = [sys.executable, str(ROOT / "tests" / "faults" / "sweeper.py")]
        self.process = subprocess.Popen(  # noqa: S603  # our own script
            command, env=environment(), cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def at_once(self, *orders: dict[str, Any]) -> list[Ended]:
        """Each order to a process of its own; they start together."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(orders, default=str), file=self.process.stdin, flush=True)
        return [Ended(**one) for one in json.loads(self.process.stdout.readline())]

    def alone(self, do: str, **order: Any) -> Ended:
        """One process."""
        return self.at_once({"do": do, **order})[0]

    def killed_everywhere(self, do: str, **order: Any) -> int:
        """Start it again and again, killed after its 1st, 2nd, 3rd … statement; how often until it was left alive."""
        for visit in range(1, 500):
            end = self.alone(do, die_at="after_any_statement", visit=visit, **order)
            if end.code != KILLED:
                assert end.error == ""
                return visit - 1
        raise AssertionError("it is never done")

    def dismiss(self) -> None:
        """They end when there are no more orders."""
        self.process.communicate(timeout=10)


class Service:
    """Processes of the service as they are started in earnest; whoever is left is killed after the test."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, **more: str) -> "subprocess.Popen[bytes]":
        """A process at the head of a group of its own."""
        process = subprocess.Popen(  # noqa: S603  # our own commands
            command, env=environment(**more), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509  # one thread
        )  # fmt: skip
        self.started.append(process)
        return process

    def manage(self, *command: str) -> "subprocess.Popen[bytes]":
        """`manage.py …`, but that a loop which lost its database looks again at once, not after seconds."""
        return self.start(sys.executable, "-c", IMPATIENT, "manage.py", *command)

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """`kill -9`, with the children that it may have."""
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait(10)

    def end(self) -> None:
        """Nobody is left to hold a lock or a connection."""
        for process in self.started:
            self.kill(process)


def until(holds: Callable[[], object], *, seconds: float = 30) -> None:
    """Wait for it, no longer than that."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.05)


def waiting() -> list[int]:
    """The connections of others that wait for a lock, by the key of their server process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees them as they were at its first look
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return [pid for (pid,) in cursor.fetchall()]


def terminate(pid: int) -> None:
    """End a connection from the side of the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
