import pytest
from django.core.checks import run_checks
from django.db import connection
from pytest_django.fixtures import Settings

from cases.lib import pdf
from config import checks


def test_keys_of_another_settings_module_are_looked_at(settings: Settings) -> None:
    settings.FIELD_KEYS, settings.INDEX_KEY = "k1:short", ""
    assert [message.id for message in checks.keys_can_be_read(None)] == ["config.E002", "config.E003"]


def test_debug_is_refused_for_every_host_only(settings: Settings) -> None:
    settings.DEBUG, settings.ALLOWED_HOSTS = True, ["127.0.0.1"]
    assert checks.debug_is_for_one_machine(None) == []
    settings.ALLOWED_HOSTS = ["*"]
    assert [message.id for message in checks.debug_is_for_one_machine(None)] == ["config.E001"]


@pytest.mark.parametrize(("ctype", "found"), [("C", 1), ("POSIX", 1), ("C.UTF-8", 0), ("zh_CN.UTF-8", 0)])
def test_a_database_that_cannot_search_chinese_is_named(ctype: str, found: int) -> None:
    messages = checks.locale_messages("zl", ctype)
    assert len(messages) == found
    assert all("CREATE DATABASE zl TEMPLATE template0" in (message.hint or "") for message in messages)


def test_a_machine_that_cannot_make_pdf_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "missing", lambda: ("libpango-1.0-0", "fonts-noto-cjk"))
    messages = checks.sheets_can_be_printed(None)
    assert [(message.id, message.hint) for message in messages] == [
        ("config.W002", "apt install libpango-1.0-0 fonts-noto-cjk")
    ]
    monkeypatch.setattr(pdf, "missing", tuple)
    assert checks.sheets_can_be_printed(None) == []


@pytest.mark.django_db
def test_the_database_of_this_run_passes() -> None:
    found = run_checks(databases=["default"], tags=["database"])
    assert [message.id for message in found if (message.id or "").startswith("config.")] == []
    assert connection.is_usable()
