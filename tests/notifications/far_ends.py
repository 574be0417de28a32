"""Far ends of messages: real servers on this machine that keep what they were asked and answer as told."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request as it came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Said:
    """One answer; `cut` ends the connection after so many bytes, `nothing` without a word."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    nothing: bool = False

    @property
    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class FarEnd(ThreadingHTTPServer):
    """Answers `said`, or the next of `then` while there are some, or what `decide` says."""

    daemon_threads = True

    def __init__(self, said: Said) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.said, self.then, self.asked = said, list[Said](), list[Asked]()
        self.decide: Callable[[Asked], Said] | None = None
        self.lock, self.scheme = threading.Lock(), "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up in the middle is meant to."""


class Talk(BaseHTTPRequestHandler):
    server: FarEnd

    def _talk(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, parts.path, query, {k.lower(): v for k, v in self.headers.items()}, raw)
        with self.server.lock:
            self.server.asked.append(asked)
            said = self.server.then.pop(0) if self.server.then else self.server.said
        self._answer(self.server.decide(asked) if self.server.decide else said)

    def _answer(self, said: Said) -> None:
        self.close_connection = True
        if said.nothing:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(said.status)
        for name, value in {"Content-Length": str(len(said.raw)), **said.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.raw if said.cut is None else said.raw[: said.cut])

    do_GET = do_POST = _talk  # noqa: N815  # the names of the base class

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Not into the output of the tests."""


@contextmanager
def far_end(body: Any = None, *, tls: ssl.SSLContext | None = None, **given: Any) -> Iterator[FarEnd]:
    """A server for the time of a test."""
    with FarEnd(Said({} if body is None else body, **given)) as server:
        if tls:
            server.socket, server.scheme = tls.wrap_socket(server.socket, server_side=True), "https"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()
