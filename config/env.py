"""Settings from the environment: an unknown, missing or malformed one stops the start with a sentence that names it."""

import base64
import binascii
import os
import re
import secrets
import sys
import warnings
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

PREFIX = "ZHUOLUO_"
_NAMES = """
SECRET_KEY FIELD_KEYS INDEX_KEY DEBUG DEMO HTTPS ALLOWED_HOSTS BASE_URL SOURCE_URL DATA_DIR EMAIL_URL EMAIL_FROM CA_FILE
BIND PORT WEB_WORKERS WEB_THREADS WORKER_PROCESSES QUIET_HOURS LEADERBOARDS PUBLIC_FIGURES FIGURES_MIN_SAMPLE
LOG_LEVEL SETTINGS_FILE
SMS_URL SMS_KEY SMS_SECRET SMS_SIGNATURE WECOM_BASE_URL WECOM_CORP_ID WECOM_AGENT_ID WECOM_SECRET DINGTALK_BASE_URL
FEISHU_BASE_URL WECHAT_BASE_URL WECHAT_APP_ID WECHAT_SECRET WECHAT_TEMPLATE_ID WECHAT_FIELDS WEBHOOK_NETWORKS
"""
KNOWN = frozenset(PREFIX + name for name in _NAMES.split())
KEY_BYTES = 32
SECRET_KEY_LENGTH = 32
WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class SettingsError(ImproperlyConfigured):
    """One setting is wrong; the message is the whole story, so it is shown without a traceback."""


def load(base_dir: Path) -> None:
    """Read `.env` (or the file that ZHUOLUO_SETTINGS_FILE names) under the real environment, then check the names."""
    named = os.environ.get(PREFIX + "SETTINGS_FILE")
    path = Path(named or base_dir / ".env")
    if named and not path.exists():
        raise SettingsError(
            f"{PREFIX}SETTINGS_FILE names {path}, which does not exist: create it or unset the setting."
        )
    if path.exists():
        _refuse_odd_lines(path)
        environ.Env.read_env(path)
    names = {name if name in KNOWN else name.removesuffix("_FILE") for name in os.environ if name.startswith(PREFIX)}
    if unknown := sorted(names - KNOWN):
        raise SettingsError(f"{', '.join(unknown)} is not a setting: see .env.example for the names.")


def _refuse_odd_lines(path: Path) -> None:
    """The reader skips a line like `NAME = value`, and the setting would silently keep its default."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not re.match(r"#|(export )?[A-Za-z_0-9]+=", line):
            raise SettingsError(f"{path} line {number} is not NAME=value (no spaces around the sign): correct it.")


def text(name: str, default: str = "") -> str:
    """NAME, or the content of the file that NAME_FILE names; empty counts as not set."""
    if path := os.environ.get(name + "_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip() or default
        except OSError as error:
            raise SettingsError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
    return os.environ.get(name, "").strip() or default


def boolean(name: str, *, default: bool) -> bool:
    """A switch; a word that is neither yes nor no is refused, for a typo must not mean "off"."""
    value = text(name)
    if value and value.lower() not in WORDS:
        raise SettingsError(f"{name} is {value!r}: set it to true or false.")
    return WORDS[value.lower()] if value else default


def integer(name: str, *, default: int, lowest: int = 1, highest: int = 65535) -> int:
    """A whole number within bounds."""
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= highest:
        raise SettingsError(f"{name} is {value!r}: set it to a whole number from {lowest} to {highest}.")
    return int(value)


def words(name: str, default: list[str]) -> list[str]:
    """A list, comma separated."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or default


def url(name: str, default: str, *, schemes: tuple[str, ...]) -> str:
    """An address with one of the schemes; empty only where the default is."""
    value = text(name, default)
    try:
        parts = urlsplit(value)
        known = parts.scheme in schemes and bool(parts.netloc or parts.path) and (parts.port or True)
    except ValueError:
        known = False
    if value and not known:
        raise SettingsError(
            f"{name} is not an address: it should begin with {' or '.join(s + '://' for s in schemes)}."
        )
    return value


def choice(name: str, default: str, among: tuple[str, ...]) -> str:
    """One word of a few."""
    value = text(name, default)
    if value not in among:
        raise SettingsError(f"{name} is {value!r}: set it to one of {', '.join(among)}.")
    return value


def hours(name: str, default: str) -> tuple[time, time] | None:
    """A stretch of the day such as 21:00-07:30, over midnight or not; None when it is "off"."""
    value = text(name, default)
    if value.lower() == "off":
        return None
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in value.split("-"))
    except ValueError:
        begin = end = time(0)
    if begin == end:
        raise SettingsError(f"{name} is {value!r}: set it to two times such as 21:00-07:30, or to off.")
    return begin, end


def secret_key() -> str:
    """The key that signs sessions and links; there is no default."""
    value = _required("SECRET_KEY")
    if len(value) < SECRET_KEY_LENGTH:
        raise SettingsError(
            f"{PREFIX}SECRET_KEY is too short: set it to at least {SECRET_KEY_LENGTH} random characters."
        )
    return value


INDEX_KEY_HINT = f"Set it to base64 of {KEY_BYTES} random bytes."
FIELD_KEYS_HINT = f"Write id:base64 of {KEY_BYTES} random bytes, comma separated, each id once."


def index_key() -> str:
    """The key of the blind index of phones: base64 of 32 bytes."""
    value = _required("INDEX_KEY")
    if not is_key(value):
        raise SettingsError(f"{PREFIX}INDEX_KEY is malformed. {INDEX_KEY_HINT}")
    return value


def field_keys() -> str:
    """The keys of residents' data; the first encrypts, all decrypt."""
    value = _required("FIELD_KEYS")
    if not are_field_keys(value):
        raise SettingsError(f"{PREFIX}FIELD_KEYS is malformed. {FIELD_KEYS_HINT}")
    return value


def is_key(value: str) -> bool:
    """Whether it is base64 of as many bytes as AES-256 takes."""
    try:
        return len(base64.b64decode(value, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def are_field_keys(value: str) -> bool:
    """Whether it is a list of `id:key` with every id once."""
    pairs = [pair.strip().partition(":") for pair in value.split(",")]
    names = [name for name, _, _ in pairs]
    whole = all(re.fullmatch(r"[A-Za-z0-9_-]+", name) and is_key(key) for name, _, key in pairs)
    return whole and len(set(names)) == len(names)


def _required(name: str) -> str:
    if value := text(PREFIX + name):
        return value
    raise SettingsError(f"{PREFIX}{name} is not set: set it (or {PREFIX}{name}_FILE); `make run` writes one to .env.")


def database(data_dir: Path) -> dict[str, Any]:
    """PostgreSQL or SQLite from DATABASE_URL; without one a SQLite file in the data directory."""
    if not (value := text("DATABASE_URL")):
        return _sqlite({"ENGINE": "django.db.backends.sqlite3", "NAME": str(data_dir / "zhuoluo.sqlite3")})
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # `sqlite://relative/path` loses its first word with a warning only
        try:
            found: dict[str, Any] = environ.Env.db_url_config(value)
        except (UserWarning, ValueError, ImproperlyConfigured) as error:
            raise SettingsError(_DATABASE) from error
    if urlsplit(value).scheme not in {"postgres", "postgresql", "sqlite"} or not found["NAME"]:
        raise SettingsError(_DATABASE)
    return _sqlite(found) if value.startswith("sqlite") else _postgresql(found)


_DATABASE = "DATABASE_URL is malformed: write postgres://user:password@host:5432/name or sqlite:////absolute/path."


def _sqlite(found: dict[str, Any]) -> dict[str, Any]:
    found["OPTIONS"] = {
        # Deferred transactions fail under four writers; immediate ones wait for their turn.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    return found


def _postgresql(found: dict[str, Any]) -> dict[str, Any]:
    return {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True} | found


def email(name: str, data_dir: Path) -> dict[str, Any]:
    """Where mail goes: smtp+tls://…, or files in a directory that need no server."""
    if not (value := text(name)):
        return {"EMAIL_BACKEND": environ.Env.EMAIL_SCHEMES["filemail"], "EMAIL_FILE_PATH": str(data_dir / "mail")}
    try:
        found: dict[str, Any] = environ.Env.email_url_config(value)
    except (ValueError, ImproperlyConfigured) as error:
        raise SettingsError(
            f"{name} is malformed: write smtp+tls://user:password@host:587 or filemail:///directory."
        ) from error
    found["EMAIL_FILE_PATH"] = urlsplit(value).path  # the reader drops the leading slash, mail went beside the code
    found.setdefault("EMAIL_PORT", 25)
    if found["EMAIL_BACKEND"] == environ.Env.EMAIL_SCHEMES["smtp"]:
        found["EMAIL_BACKEND"] = "config.mail.EmailBackend"  # which believes the authorities of the house, too
    return {key: option for key, option in found.items() if key.startswith("EMAIL_") and option is not None}


def broker_url(redis_url: str) -> str:
    """The address in the dialect of Celery; without a broker nothing leaves the process, the sweep finds the rows."""
    return redis_url.replace("unix://", "redis+socket://", 1) if redis_url else "memory://"


def first_settings() -> str:
    """What `make run` writes to .env: random keys, local, with the demonstration."""

    def key() -> str:
        return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()

    lines = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": f"k1:{key()}",
        "INDEX_KEY": key(),
        "DEBUG": "false",
        "HTTPS": "false",
        "DEMO": "true",
    }
    note = (
        "# Written by `make run`. Keep the keys: without them residents' data cannot be read. All names: .env.example\n"
    )
    return note + "".join(f"{PREFIX}{name}={value}\n" for name, value in lines.items())


if __name__ == "__main__":
    # Created for the owner alone and never over an existing one: its keys may be the only copy.
    with open(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(first_settings())
