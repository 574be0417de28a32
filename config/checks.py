"""What is looked at before a start: settings that are wrong together, and a database that cannot search Chinese."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from cases.lib import pdf
from config import env


@register(Tags.security)
def debug_is_for_one_machine(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The debug pages show settings and code to whoever asks for them."""
    if settings.DEBUG and "*" in settings.ALLOWED_HOSTS:
        return [
            Error(
                "ZHUOLUO_DEBUG is true while ZHUOLUO_ALLOWED_HOSTS is *.",
                hint="Set ZHUOLUO_DEBUG=false, or name the hosts.",
                id="config.E001",
            )
        ]
    return []


@register(Tags.security)
def keys_can_be_read(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The keys of residents' data are whole, also where another settings module sets them."""
    found: list[CheckMessage] = []
    if not env.are_field_keys(settings.FIELD_KEYS):
        found.append(Error("FIELD_KEYS cannot be read.", hint=env.FIELD_KEYS_HINT, id="config.E002"))
    if not env.is_key(settings.INDEX_KEY):
        found.append(Error("INDEX_KEY cannot be read.", hint=env.INDEX_KEY_HINT, id="config.E003"))
    return found


@register(Tags.database)
def database_knows_chinese(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """In a PostgreSQL database of the locale C the trigrams of Chinese words are empty: searches find nothing."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        if connections[alias].vendor != "postgresql":
            continue
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT datname, datctype FROM pg_database WHERE datname = current_database()")
            name, ctype = cursor.fetchone()
        found += locale_messages(name, ctype)
    return found


def locale_messages(name: str, ctype: str) -> list[CheckMessage]:
    """What to say about a database of that name and locale."""
    if ctype not in {"C", "POSIX"}:
        return []
    hint = f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';"
    return [
        checks.Warning(
            f"The database {name} has lc_ctype {ctype}: Chinese words cannot be searched in it.",
            hint=f"Create it again and load the data: {hint}",
            id="config.W001",
        )
    ]


@register()
def sheets_can_be_printed(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Without libraries of the system no PDF can be made; all else works, and sheets print from the browser."""
    if not pdf.missing():
        return []
    return [
        checks.Warning(
            "This machine cannot make PDF: printed sheets are offered as pages only.",
            hint=f"apt install {' '.join(pdf.missing())}",
            id="config.W002",
        )
    ]
