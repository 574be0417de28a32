"""Real processes, tiny ones; the supervisor is a child of the test, for it takes over signals."""

import io
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.supervisor import Child, Supervisor, wait_before_start

ROOT = Path(__file__).parents[2]
SUPERVISE = """
import sys
from config.supervisor import Child, Supervisor
children = [Child(name, ["sh", "-c", script], patience=float(patience)) for name, script, patience in {children!r}]
ready = lambda: print("READY", flush=True)
sys.exit(Supervisor(children, on_ready=ready, out=sys.stdout).run())
"""
FOREVER = "echo pid $$; exec sleep 600"


class Running:
    """A supervisor in a process of its own, whose lines are read as they come."""

    def __init__(self, *children: tuple[str, str, float]) -> None:
        command = [sys.executable, "-c", SUPERVISE.format(children=children)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
        self.lines: list[str] = []
        self._guard = threading.Timer(20, self.process.kill)  # a hanging test ends with an empty line
        self._guard.start()

    def line_with(self, *words: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if all(word in line for word in words):
                return self.lines[-1]
        raise AssertionError(f"{words} never came, but {self.lines}")

    def pid_of(self, name: str) -> int:
        return int(self.line_with(f"{name} ", "| pid").rpartition(" ")[2])

    def end(self) -> int:
        assert self.process.stdout is not None
        with self.process.stdout as rest:
            self.lines += rest.read().splitlines()
        self._guard.cancel()
        return self.process.wait()


@pytest.fixture
def supervise() -> Iterator[Callable[..., Running]]:
    """Starts a supervisor of (name, script, patience); none is left behind."""
    started: list[Running] = []

    def start(*children: tuple[str, str, float]) -> Running:
        started.append(Running(*children))
        return started[-1]

    yield start
    for one in started:
        if one.process.returncode is None:
            one.process.kill()
            one.end()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    """At most five seconds, and no longer than it takes."""
    if is_alive(pid):
        with os.fdopen(os.pidfd_open(pid)) as process:
            select.select([process], [], [], 5)


def test_the_wait_doubles_up_to_half_a_minute() -> None:
    assert [wait_before_start(failures) for failures in range(8)] == [1, 1, 2, 4, 8, 16, 30, 30]
    assert wait_before_start(10_000) == 30


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_ordered_and_clean(supervise: Callable[..., Running], number: signal.Signals) -> None:
    slow = "trap 'echo bye; exit 0' TERM; echo pid $$; while :; do sleep 0.05; done"
    one = supervise(("broker", slow, 5), ("web", slow, 5))
    pids = [one.pid_of("broker"), one.pid_of("web")]
    one.process.send_signal(number)
    assert one.end() == 0
    assert [line for line in one.lines if "bye" in line] == ["web    | bye", "broker | bye"]
    assert not any(is_alive(pid) for pid in pids)


def test_a_child_that_ends_starts_again_with_growing_waits(supervise: Callable[..., Running]) -> None:
    one = supervise(("web", "exit 3", 1), ("worker", FOREVER, 1))
    assert one.line_with("web", "ended") == "web    | ended with code 3; it starts again in 1 s"
    assert one.line_with("web", "ended") == "web    | ended with code 3; it starts again in 2 s"
    assert sum("pid" in line for line in one.lines) == 1  # the worker was left alone


def test_a_killed_child_comes_back(supervise: Callable[..., Running]) -> None:
    one = supervise(("worker", FOREVER, 1))
    first = one.pid_of("worker")
    os.kill(first, signal.SIGKILL)
    assert "ended with SIGKILL" in one.line_with("ended")
    second = one.pid_of("worker")
    assert second != first
    assert is_alive(second)


def test_what_a_child_left_behind_goes_with_it(supervise: Callable[..., Running]) -> None:
    one = supervise(("worker", "sleep 600 & echo left $!; exit 1", 1))
    left = int(one.line_with("left").rpartition(" ")[2])
    one.line_with("ended with code 1")
    wait_until_gone(left)
    assert not is_alive(left)


def test_no_child_outlives_a_killed_supervisor(supervise: Callable[..., Running]) -> None:
    one = supervise(("broker", FOREVER, 1), ("web", FOREVER, 1))
    pids = [one.pid_of("broker"), one.pid_of("web")]
    one.process.kill()
    assert one.end() == -signal.SIGKILL
    for pid in pids:
        wait_until_gone(pid)
    assert not any(is_alive(pid) for pid in pids)


def test_a_child_that_does_not_stop_is_killed(supervise: Callable[..., Running]) -> None:
    one = supervise(("web", "trap '' TERM; echo pid $$; while :; do sleep 0.05; done", 0.2))
    pid = one.pid_of("web")
    one.process.send_signal(signal.SIGTERM)
    assert one.end() == 0
    assert not is_alive(pid)


def test_readiness_is_announced_once_after_all_have_started(supervise: Callable[..., Running]) -> None:
    one = supervise(("a", FOREVER, 1), ("b", FOREVER, 1))
    one.line_with("READY")
    one.process.send_signal(signal.SIGINT)
    assert one.end() == 0
    assert one.lines.count("READY") == 1


def test_a_child_waits_until_the_one_before_it_is_ready(tmp_path: Path) -> None:
    """In this process: the second child asks for the stop, so reaching it is the end of the run."""
    looks: list[bool] = []
    mark = tmp_path / "ready"

    def is_ready() -> bool:
        looks.append(mark.exists())
        if len(looks) == 3:
            mark.touch()
        return looks[-1]

    first = Child("first", ["sleep", "600"], is_ready=is_ready)
    second = Child("second", ["sh", "-c", f"test -e {mark} && echo in order; kill -INT {os.getpid()}; exec sleep 600"])
    out = io.StringIO()
    handler = signal.getsignal(signal.SIGINT)
    assert Supervisor([first, second], out=out).run() == 0
    assert looks == [False, False, False, True]
    assert "second | in order" in out.getvalue()
    assert signal.getsignal(signal.SIGINT) is handler
