import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from pytest_django.fixtures import Settings

from config import processes

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    (settings.STATIC_ROOT / "staticfiles.json").write_text("{}")
    return tmp_path


@pytest.mark.django_db(transaction=True)
def test_pending_migrations_are_named(data_dir: Path) -> None:
    recorder = MigrationRecorder.Migration.objects.filter(app="sessions")
    rows = list(recorder)
    recorder.delete()
    try:
        with pytest.raises(CommandError, match=r"^1 migrations are pending: run `manage.py migrate` first"):
            call_command("up")
    finally:
        MigrationRecorder.Migration.objects.bulk_create(rows)


@pytest.mark.django_db(transaction=True)
def test_missing_static_files_are_named(data_dir: Path) -> None:
    (data_dir / "static" / "staticfiles.json").unlink()
    with pytest.raises(CommandError, match=r"^The static files are missing: run `manage.py collectstatic"):
        call_command("up")


@pytest.mark.django_db(transaction=True)
def test_a_port_in_use_is_named_with_its_setting(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"^Port {port} on 127.0.0.1 cannot be had .*set ZHUOLUO_PORT"):
            call_command("up", port=port)


def test_a_second_start_on_the_same_data_is_refused(data_dir: Path) -> None:
    with processes._claim_data_dir(), pytest.raises(CommandError, match=r"^Zhuoluo is already running on"):
        call_command("up")


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    short, deep = tmp_path / "b", tmp_path.joinpath(*["deeper"] * 20)
    assert processes._socket_path(short) == short / "broker.sock"
    path = processes._socket_path(deep)
    assert len(os.fsencode(path)) <= processes.LONGEST_SOCKET
    assert path.parent.stat().st_mode & 0o077 == 0
    path.parent.rmdir()


@pytest.fixture
def broker(data_dir: Path) -> Iterator["subprocess.Popen[bytes]"]:
    path = processes._socket_path(data_dir / "broker")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(processes._broker_command(path), **quiet) as process:  # type: ignore[call-overload]  # noqa: S603
        yield process
        process.kill()


def test_the_embedded_broker_keeps_what_it_was_given_through_a_kill(
    data_dir: Path, broker: "subprocess.Popen[bytes]"
) -> None:
    path = data_dir / "broker" / "broker.sock"
    patient = redis.retry.Retry(redis.backoff.ConstantBackoff(0.02), 200)
    with redis.Redis(unix_socket_path=str(path), retry=patient) as client:
        client.lpush("queue", "message")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    broker.kill()
    broker.wait()
    again = subprocess.Popen(processes._broker_command(path), stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        with redis.Redis(unix_socket_path=str(path), retry=patient) as client:
            assert client.lrange("queue", 0, -1) == [b"message"]
    finally:
        again.kill()
        again.wait()
