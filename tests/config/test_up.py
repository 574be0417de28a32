import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from config import env

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A new installation without any service: settings as `make run` writes them, a migrated SQLite file."""
    (tmp_path / ".env").write_text(env.first_settings())
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "staticfiles.json").write_text('{"paths": {}, "version": "1.1", "hash": ""}')
    (tmp_path / "demo-logins.txt").write_text("网格员 wang / 123\n")
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    ours = {"ZHUOLUO_SETTINGS_FILE": str(tmp_path / ".env"), "ZHUOLUO_DATA_DIR": str(tmp_path)}
    return kept | ours | {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def children_of(pid: int) -> set[int]:
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True)  # noqa: S607
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()[1:]]
    found = {child for child, parent in pairs if parent == pid}
    return found.union(*(children_of(child) for child in found))


def test_one_command_serves_a_page_and_stops_cleanly(environment: dict[str, str], free_port: int) -> None:
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)  # noqa: S603
    command = [*manage, "up", "--port", str(free_port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as up:  # noqa: S603
        guard = threading.Timer(60, up.kill)
        guard.start()
        assert up.stdout is not None
        shown = []
        for line in up.stdout:
            shown.append(line)
            if "wang" in line:
                break
        assert f"着落 Zhuoluo: http://127.0.0.1:{free_port}/   (Ctrl-C stops it)\n" in shown
        with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/health/work") as answer:
            assert answer.read() == b'{"database": "ok", "broker": "ok", "sweep": "ok", "relay": "ok"}'
        started = children_of(up.pid)
        assert len(started) >= 4
        up.send_signal(signal.SIGINT)
        shown += up.stdout.readlines()
        guard.cancel()
    assert up.returncode == 0, "".join(shown)
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
