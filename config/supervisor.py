"""Keeps a few processes running: starts them in order, again when they end, stops them in reverse, leaves none behind.

One thread on purpose: the death signal of a child follows the thread that started it, not the process.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TextIO

LONGEST_WAIT = 30.0  # seconds between two starts of a child that keeps ending
STEADY = 60.0  # seconds after which a start counts as a good one
TICK = 0.1  # seconds between two looks at a child that is not ready yet
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None  # loading it after a fork may hang


def die_with_parent(parent: int) -> None:
    """Called in a new child: the kernel kills it when its parent ends, however that ends."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def wait_before_start(failures: int) -> float:
    """Seconds to wait after so many bad ends in a row: 1, 2, 4 … 30."""
    return float(min(2 ** max(failures - 1, 0), LONGEST_WAIT))


@dataclass
class Child:
    """A process to keep: how it starts, when the next one may, and how long it may take to stop."""

    name: str
    argv: Sequence[str]
    is_ready: Callable[[], bool] = lambda: True
    patience: float = 10.0
    was_ready: bool = field(default=False, init=False)
    failures: int = field(default=0, init=False)
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    next_start: float = field(default=0.0, init=False)


class Supervisor:
    """Runs children until it is told to stop by a signal."""

    def __init__(self, children: Sequence[Child], *, on_ready: Callable[[], None] = lambda: None, out: TextIO) -> None:
        self.children = children
        self._on_ready = on_ready
        self._out = out
        self._selector = selectors.DefaultSelector()
        self._signals = 0  # how often somebody asked to stop
        self._announced = False
        self._width = max(len(child.name) for child in children)

    def run(self) -> int:
        """Keep the children until SIGINT, SIGTERM or SIGHUP; 0 when all of them stopped."""
        with self._watched_signals():
            try:
                while not self._signals:
                    self._start_what_is_due()
                    self._pump(self._pause())
                    self._reap()
            finally:
                self._stop()
        return 0

    def _start_what_is_due(self) -> None:
        """In order: a child waits until each one before it was ready once; later starts need nobody."""
        for child in self.children:
            if child.process is None and time.monotonic() >= child.next_start:
                self._start(child)
            if not child.was_ready:
                child.was_ready = child.process is not None and child.is_ready()
                if not child.was_ready:
                    return
        if not self._announced:
            self._announced = True
            self._on_ready()

    def _start(self, child: Child) -> None:
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(  # noqa: S603  # our own command lines
            child.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal reaches us alone, or the order of the stop is lost
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509  # one thread: safe here
        )
        assert child.process.stdout is not None  # noqa: S101  # for the type checker: it was asked for above
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, (child.name, bytearray()))

    def _pause(self) -> float:
        """Until the next start; signals, output and the end of a child wake earlier."""
        if not all(child.was_ready for child in self.children):
            return TICK
        waits = [child.next_start - time.monotonic() for child in self.children if child.process is None]
        return max(min(waits, default=LONGEST_WAIT), 0.0)

    def _pump(self, timeout: float) -> None:
        """Pass on what the children say, a line at a time behind their name."""
        for key, _ in self._selector.select(timeout):
            if key.data is None:  # the wake-up of a signal
                os.read(key.fd, 4096)
                continue
            name, pending = key.data
            try:
                chunk = os.read(key.fd, 65536)
            except BlockingIOError:
                continue
            pending += chunk
            *lines, rest = pending.split(b"\n")
            if not chunk:
                lines, rest = [rest] if rest else [], bytearray()
                self._selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]  # a pipe, never a bare number
            for line in lines:
                self._say(name, line.decode("utf-8", "replace"))
            pending[:] = rest

    def _reap(self) -> None:
        """Plan the next start of each child that ended, and end what it left behind."""
        for child in self.children:
            if child.process is None or (code := child.process.poll()) is None:
                continue
            _kill_group(child.process.pid)
            lived = time.monotonic() - child.started_at
            child.failures = 1 if lived >= STEADY else child.failures + 1
            wait = wait_before_start(child.failures)
            child.next_start, child.process = time.monotonic() + wait, None
            self._say(child.name, f"ended with {_cause(code)}; it starts again in {wait:.0f} s")

    def _stop(self) -> None:
        """Last started, first stopped; one that takes too long, or a second signal, is killed."""
        asked = self._signals
        for child in reversed(self.children):
            if child.process is None:
                continue
            child.process.terminate()
            deadline = time.monotonic() + child.patience
            while child.process.poll() is None and time.monotonic() < deadline and self._signals == asked:
                self._pump(TICK)
            _kill_group(child.process.pid)
            child.process.wait()
            self._pump(0)
            child.process = None

    def _say(self, name: str, line: str) -> None:
        try:
            self._out.write(f"{name:<{self._width}} | {line}\n")
            self._out.flush()
        except OSError:  # nobody reads any more, as in `… | head`
            self._signals += 1

    @contextlib.contextmanager
    def _watched_signals(self) -> Iterator[None]:
        """Signals are counted, and wake the loop through a pipe; afterwards everything is as it was."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(reader, selectors.EVENT_READ, None)

        def count(*_: object) -> None:
            self._signals += 1

        before = {number: signal.signal(number, count) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            for key in list(self._selector.get_map().values()):
                if key.data is not None:
                    key.fileobj.close()  # type: ignore[union-attr]  # a pipe, as above
            self._selector.close()
            os.close(reader)
            os.close(writer)


def _kill_group(leader: int) -> None:
    """Each child leads a group of its own, so this ends its workers too."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _cause(code: int) -> str:
    return f"code {code}" if code >= 0 else signal.Signals(-code).name
