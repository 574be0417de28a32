"""One request over HTTP: to an address that was checked, once, with an end to its time and its size."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)
from urllib3.response import HTTPResponse

from cases.lib.tls import tls_context
from notifications.channels.base import ChannelError, Receipt
from notifications.channels.guard import Refused, checked

SECONDS = 10  # for all of it: far less than the lease of a message
LONGEST_ANSWER = 64 * 1024
READ_AT_ONCE = 16 * 1024
LONGEST_WORDS = 200
LONGEST_WAIT = 24 * 3600
BEFORE_IT_LEFT = (ConnectTimeoutError, NewConnectionError, NameResolutionError, SSLError)
OK, REDIRECT, REFUSED, FAULT = 200, 300, 400, 500
TOO_MANY, GONE = 429, 410
PASSING = frozenset({401, 403, 408, 409, 423, 425, TOO_MANY})  # 401, 403: people mend the keys, then it goes
NOBODY_KNOWS = frozenset({502, 504})  # from a gateway: what is behind it may have the message


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    retry_after: int | None = None  # seconds

    def json(self) -> dict[str, Any]:
        """The object that it is; nothing when it is anything else."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def post(url: str, body: dict[str, Any] | bytes, *, headers: dict[str, str] | None = None, guarded: bool) -> Answer:
    """POST JSON; ChannelError when no answer came, or one that is not of the 2xx. `guarded`: not into our own net."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    given = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Zhuoluo", **(headers or {})}
    return accepted(_ask("POST", url, raw, given, guarded=guarded))


def get(url: str) -> Answer:
    """GET from a host that is a setting."""
    return accepted(_ask("GET", url, None, {"User-Agent": "Zhuoluo"}, guarded=False))


def _ask(method: str, url: str, body: bytes | None, headers: dict[str, str], *, guarded: bool) -> Answer:
    """Reasons never name the address: it may hold a key."""
    try:
        place = checked(url, guarded=guarded)
    except Refused as error:
        raise ChannelError(str(error), permanent=error.permanent, away=not error.permanent) from error
    parts = urlsplit(url)
    kind: Any = HTTPConnection
    options: dict[str, Any] = {"timeout": SECONDS}
    if parts.scheme == "https":
        kind, tls = HTTPSConnection, {"server_hostname": place.name, "assert_hostname": place.name}
        options |= tls | {"cert_reqs": "CERT_REQUIRED", "ssl_context": tls_context()}
    connection: HTTPConnection = kind(place.address, place.port, **options)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    has_left = False
    try:
        with _deadline(connection):
            connection.connect()
            has_left = True
            connection.request(
                method, target, body=body, headers={"Host": place.host, **headers}, preload_content=False,
                decode_content=False,
            )  # fmt: skip
            return _read(connection.getresponse())
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        known = isinstance(error, BEFORE_IT_LEFT) or not has_left
        words = _("连不上对方") if known else _("发出后连接中断，没有完整的答复")
        raise ChannelError(
            f"{words} ({type(error).__name__})", permanent=False, away=True, unknown=not known
        ) from error
    finally:
        connection.close()


@contextlib.contextmanager
def _deadline(connection: HTTPConnection) -> Iterator[None]:
    """A far end that sends a letter a second would never run into the limit of a single read."""

    def end() -> None:
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(SECONDS, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(response: HTTPResponse) -> Answer:
    body = b""
    while part := response.read(READ_AT_ONCE, decode_content=False):  # the last one says whether it was all
        body += part
        if len(body) > LONGEST_ANSWER:
            raise ValueError("the answer is too long")
    wait = seconds_of(response.headers.get("Retry-After", ""), response.headers.get("Date", ""))
    return Answer(response.status, body, wait)


def accepted(answer: Answer) -> Answer:
    """An answer of the 2xx; ChannelError for any other."""
    status = answer.status
    if OK <= status < REDIRECT:
        return answer
    receipt = Receipt(status)
    if status < OK or REDIRECT <= status < REFUSED:  # followed, it would lead past the check of the address
        reason = _("对方要求转到别的地址，没有照办")
        raise ChannelError(f"HTTP {status}: {reason}", permanent=True, receipt=receipt)
    raise ChannelError(
        f"HTTP {status}",
        permanent=status < FAULT and status not in PASSING,
        away=status >= FAULT,
        unknown=status in NOBODY_KNOWS,
        gone=status == GONE,
        retry_after=answer.retry_after,
        receipt=receipt,
    )


def seconds_of(retry_after: str, date: str) -> int | None:
    """How long to wait: a number of seconds, or a moment, which is compared with the clock of the far end itself."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(int(text), LONGEST_WAIT)
    try:
        wait = (parsedate_to_datetime(text) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(int(wait), 0), LONGEST_WAIT)


def judged(answer: Answer, code: str, verdicts: "Verdicts", *, words: str = "", id_: str = "") -> Receipt:
    """The receipt of a platform that says in a code of its own what came of it; ChannelError when it took nothing."""
    receipt = Receipt(answer.status, code[:40], id_[:100])
    if code == "0":
        return receipt
    if not code:
        reason = _("对方的答复看不懂")
        raise ChannelError(reason, permanent=False, away=True, unknown=True, receipt=receipt)
    reason = f"{code}: {words[:LONGEST_WORDS]}".rstrip(": ")
    if code in verdicts.too_many:
        raise ChannelError(reason, permanent=False, retry_after=verdicts.pause, receipt=receipt)
    raise ChannelError(reason, permanent=code in verdicts.for_good, away=code in verdicts.away, receipt=receipt)


@dataclass(frozen=True)
class Verdicts:
    """What the codes of a platform mean; one that is not here may pass, or is mended by people."""

    for_good: frozenset[str] = frozenset()
    too_many: frozenset[str] = frozenset()
    away: frozenset[str] = frozenset()
    pause: int = 60


def scrubbed(text: str, secrets: Sequence[str]) -> str:
    """Without any of the secrets, should the far end have repeated one."""
    for secret in sorted({s for s in secrets if len(s) > 3}, key=len, reverse=True):  # noqa: PLR2004
        text = text.replace(secret, "***")
    return text
