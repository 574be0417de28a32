import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config import channels, env
from tests.notifications.authority import Authority

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(bytes(32)).decode()
WHOLE = {
    "ZHUOLUO_SETTINGS_FILE": os.devnull,
    "ZHUOLUO_SECRET_KEY": "s" * 50,
    "ZHUOLUO_FIELD_KEYS": f"k1:{KEY}",
    "ZHUOLUO_INDEX_KEY": KEY,
}


def manage(tmp_path: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    settings = {name: value for name, value in (clean | WHOLE | changes).items() if value}
    settings.setdefault("ZHUOLUO_DATA_DIR", str(tmp_path))
    command = [sys.executable, "manage.py", "check", "--tag", "security"]
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ZHUOLUO_SECRETKEY": "x"}, "ZHUOLUO_SECRETKEY is not a setting: see .env.example for the names."),
        (
            {"ZHUOLUO_SECRET_KEY": ""},
            "ZHUOLUO_SECRET_KEY is not set: set it (or ZHUOLUO_SECRET_KEY_FILE); `make run` writes one to .env.",
        ),
        (
            {"DATABASE_URL": "postgres"},
            "DATABASE_URL is malformed: write postgres://user:password@host:5432/name or sqlite:////absolute/path.",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_sentence(
    tmp_path: Path, wrong: dict[str, str], sentence: str
) -> None:
    answer = manage(tmp_path, **wrong)
    assert (answer.returncode, answer.stderr, answer.stdout) == (2, f"{sentence}\n", "")


def test_debug_for_every_host_is_refused_by_a_check(tmp_path: Path) -> None:
    answer = manage(tmp_path, ZHUOLUO_DEBUG="true", ZHUOLUO_ALLOWED_HOSTS="*")
    assert answer.returncode == 1
    assert "(config.E001) ZHUOLUO_DEBUG is true while ZHUOLUO_ALLOWED_HOSTS is *." in answer.stderr


def test_whole_settings_pass(tmp_path: Path) -> None:
    answer = manage(tmp_path)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.fixture
def set_only(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing of ours in the environment, nor left there by a file that was read."""
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr("environ.Env.ENVIRON", os.environ)
    return monkeypatch


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS", "INDEX_KEY"])
def test_a_missing_secret_names_itself(set_only: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(env.SettingsError, match=f"^ZHUOLUO_{name} is not set"):
        getattr(env, name.lower())()


@pytest.mark.parametrize(
    "value",
    [
        KEY,  # no id
        "k1:abc",
        f"k1:{KEY[:-1]}",
        "k1:" + base64.b64encode(bytes(16)).decode(),
        f"k1:{KEY},",
        f"k1:{KEY},k1:{KEY}",
        f"k 1:{KEY}",
    ],
)
def test_malformed_field_keys_are_refused(set_only: pytest.MonkeyPatch, value: str) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_FIELD_KEYS", value)
    with pytest.raises(env.SettingsError, match=r"^ZHUOLUO_FIELD_KEYS is malformed"):
        env.field_keys()


def test_several_field_keys_are_kept_as_they_are(set_only: pytest.MonkeyPatch) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_FIELD_KEYS", f"k2:{KEY},k1:{KEY}")
    assert env.field_keys() == f"k2:{KEY},k1:{KEY}"


def test_a_malformed_index_key_is_refused(set_only: pytest.MonkeyPatch) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_INDEX_KEY", "short")
    with pytest.raises(env.SettingsError, match=r"^ZHUOLUO_INDEX_KEY is malformed"):
        env.index_key()


def test_a_short_secret_key_is_refused(set_only: pytest.MonkeyPatch) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_SECRET_KEY", "x" * 31)
    with pytest.raises(env.SettingsError, match=r"^ZHUOLUO_SECRET_KEY is too short"):
        env.secret_key()


def test_a_secret_is_read_from_the_file_that_is_named(set_only: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("y" * 40 + "\n")
    set_only.setitem(os.environ, "ZHUOLUO_SECRET_KEY_FILE", str(tmp_path / "key"))
    env.load(tmp_path)
    assert env.secret_key() == "y" * 40


def test_a_secret_file_that_is_not_there_is_named(set_only: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_INDEX_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(env.SettingsError, match=r"^ZHUOLUO_INDEX_KEY_FILE names .*none, which cannot be read"):
        env.index_key()


def test_the_environment_wins_over_the_file(set_only: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# note\n\nZHUOLUO_PORT=1\nREDIS_URL=redis://file\n")
    set_only.setitem(os.environ, "ZHUOLUO_PORT", "2")
    env.load(tmp_path)
    assert (env.text("ZHUOLUO_PORT"), env.text("REDIS_URL")) == ("2", "redis://file")


def test_an_odd_line_of_the_file_is_named(set_only: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# note\nZHUOLUO_DEBUG = true\n")
    with pytest.raises(env.SettingsError, match=r"\.env line 2 is not NAME=value"):
        env.load(tmp_path)


def test_a_settings_file_that_is_not_there_is_refused(set_only: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_SETTINGS_FILE", str(tmp_path / "none"))
    with pytest.raises(env.SettingsError, match=r"^ZHUOLUO_SETTINGS_FILE names"):
        env.load(tmp_path)


@pytest.mark.parametrize(("word", "means"), [("true", True), ("OFF", False), ("", True)])
def test_a_switch_is_read(set_only: pytest.MonkeyPatch, word: str, *, means: bool) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_HTTPS", word)
    assert env.boolean("ZHUOLUO_HTTPS", default=True) is means


def test_a_mistyped_switch_is_refused(set_only: pytest.MonkeyPatch) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_HTTPS", "ture")
    with pytest.raises(env.SettingsError, match=r"^ZHUOLUO_HTTPS is 'ture'"):
        env.boolean("ZHUOLUO_HTTPS", default=False)


@pytest.mark.parametrize("value", ["0", "65536", "-1", "80a", "8_0", "²"])
def test_a_number_out_of_bounds_is_refused(set_only: pytest.MonkeyPatch, value: str) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_PORT", value)
    with pytest.raises(env.SettingsError, match=r"whole number from 1 to 65535"):
        env.integer("ZHUOLUO_PORT", default=8000)


@pytest.mark.parametrize("value", ["127.0.0.1:6379", "http://127.0.0.1", "redis://", "redis://host:port"])
def test_an_address_of_another_kind_is_refused(set_only: pytest.MonkeyPatch, value: str) -> None:
    set_only.setitem(os.environ, "REDIS_URL", value)
    with pytest.raises(env.SettingsError, match=r"^REDIS_URL is not an address: it should begin with redis:// or unix"):
        env.url("REDIS_URL", "", schemes=("redis", "unix"))


@pytest.mark.parametrize(
    "value",
    ["postgres://", "postgres://user@host", "mysql://user@host/name", "sqlite://var/name", "postgres://h:port/name"],
)
def test_a_malformed_database_address_is_refused(set_only: pytest.MonkeyPatch, value: str) -> None:
    set_only.setitem(os.environ, "DATABASE_URL", value)
    with pytest.raises(env.SettingsError, match=r"^DATABASE_URL is malformed"):
        env.database(Path("/data"))


def test_without_a_database_address_there_is_a_file_in_the_data_directory(set_only: pytest.MonkeyPatch) -> None:
    found = env.database(Path("/data 1#2"))
    assert found["NAME"] == "/data 1#2/zhuoluo.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_postgresql_keeps_checked_connections(set_only: pytest.MonkeyPatch) -> None:
    set_only.setitem(os.environ, "DATABASE_URL", "postgres://u:p%40ss@db:5433/zl?CONN_MAX_AGE=0&sslmode=require")
    found = env.database(Path("/data"))
    assert (found["HOST"], found["PORT"], found["NAME"], found["PASSWORD"]) == ("db", 5433, "zl", "p@ss")
    assert (found["CONN_MAX_AGE"], found["CONN_HEALTH_CHECKS"], found["OPTIONS"]) == (0, True, {"sslmode": "require"})


@pytest.mark.parametrize(
    ("value", "path"),
    [("", "/data/mail"), ("filemail:///srv/mail", "/srv/mail"), ("filemail:////srv/mail", "//srv/mail")],
)
def test_mail_as_files_goes_to_an_absolute_directory(set_only: pytest.MonkeyPatch, value: str, path: str) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_EMAIL_URL", value)
    found = env.email("ZHUOLUO_EMAIL_URL", Path("/data"))
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend"
    assert Path(found["EMAIL_FILE_PATH"]) == Path(path)


def test_mail_goes_to_a_server_with_encryption(set_only: pytest.MonkeyPatch) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_EMAIL_URL", "smtp+tls://me:secret@mail.example.org:587")
    found = env.email("ZHUOLUO_EMAIL_URL", Path("/data"))
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == ("mail.example.org", 587, True)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("me", "secret")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"no PEM", "it is no PEM file"), (b"", "it is no PEM file")],
)
def test_a_file_of_authorities_that_cannot_be_used_is_named(
    set_only: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    set_only.setitem(os.environ, "ZHUOLUO_CA_FILE", str(file))
    with pytest.raises(env.SettingsError, match=words):
        channels.authorities()


def test_a_file_of_authorities_is_taken(set_only: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert channels.authorities() == ""
    file = Authority(tmp_path).file
    set_only.setitem(os.environ, "ZHUOLUO_CA_FILE", str(file))
    assert channels.authorities() == str(file)


def test_a_malformed_mail_address_is_refused(set_only: pytest.MonkeyPatch) -> None:
    set_only.setitem(os.environ, "ZHUOLUO_EMAIL_URL", "mail.example.org")
    with pytest.raises(env.SettingsError, match=r"^ZHUOLUO_EMAIL_URL is malformed"):
        env.email("ZHUOLUO_EMAIL_URL", Path("/data"))


def test_the_first_settings_are_whole_and_for_the_owner_alone(set_only: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "config.env", ".env"]
    environment = {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)  # noqa: S603
    written = (tmp_path / ".env").read_text()
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    env.load(tmp_path)
    assert env.secret_key()
    assert env.field_keys().startswith("k1:")
    assert env.index_key()
    again = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True)  # noqa: S603
    assert again.returncode == 1
    assert (tmp_path / ".env").read_text() == written


def test_every_setting_stands_in_the_example(set_only: pytest.MonkeyPatch) -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {line.partition("=")[0] for line in lines if line.startswith("ZHUOLUO_")}
    assert named == env.KNOWN - {"ZHUOLUO_SETTINGS_FILE"}
