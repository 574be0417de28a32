"""Personal data at rest."""

import base64

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from pytest_django import Settings

from cases.lib.crypto import WrongKey, blind_index, decrypt, encrypt
from cases.models import Reporter

A, B = (base64.b64encode(c * 32).decode() for c in (b"a", b"b"))


def test_text_comes_back_and_differs_each_time() -> None:
    one, two = encrypt("王小明", context="f"), encrypt("王小明", context="f")
    assert one != two
    assert decrypt(one, context="f") == decrypt(two, context="f") == "王小明"


def test_keys_are_rotated_by_adding_one_in_front(settings: Settings) -> None:
    settings.FIELD_KEYS = f"a:{A}"
    old = encrypt("老数据")
    settings.FIELD_KEYS = f"b:{B},a:{A}"
    assert decrypt(old) == "老数据"
    assert encrypt("新数据").startswith("b:")


def test_a_missing_key_is_named(settings: Settings) -> None:
    settings.FIELD_KEYS = f"a:{A}"
    old = encrypt("x")
    settings.FIELD_KEYS = f"b:{B}"
    with pytest.raises(WrongKey, match="'a'"):
        decrypt(old)


def test_a_changed_value_or_another_field_is_refused() -> None:
    token = encrypt("x", context="name")
    with pytest.raises(WrongKey):
        decrypt(token, context="phone")
    name, _, value = token.partition(":")
    raw = bytearray(base64.b64decode(value))
    raw[-1] ^= 1
    with pytest.raises(WrongKey):
        decrypt(f"{name}:{base64.b64encode(bytes(raw)).decode()}", context="name")


@pytest.mark.parametrize("same", ["138 0013 8000", "+86 13800138000", "0086-138-0013-8000", "１３８００１３８０００"])
def test_the_same_phone_is_found_however_it_is_written(same: str) -> None:
    assert blind_index(same) == blind_index("13800138000") != blind_index("13800138001")


@pytest.mark.django_db
def test_the_database_holds_no_readable_word() -> None:
    row = Reporter.objects.create(name="王小明", phone="13800138000", address="3 栋 501", email="")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone, address, email FROM cases_reporter")
        stored = cursor.fetchone()
    assert stored[3] == ""
    assert not any(word in "".join(stored) for word in ("王", "138", "501"))
    assert Reporter.objects.get(pk=row.pk).phone == "13800138000"
    Reporter.objects.filter(pk=row.pk).update(name="李四")
    assert Reporter.objects.get(pk=row.pk).name == "李四"


@pytest.mark.django_db
def test_searching_an_encrypted_field_is_refused_instead_of_finding_nothing() -> None:
    with pytest.raises(FieldError, match="blind index"):
        Reporter.objects.filter(phone="13800138000").exists()
