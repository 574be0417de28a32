"""Personal data at rest."""

import base64

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from pytest_django import Settings

from cases.lib.crypto import WrongKey, blind_index, decrypt, encrypt, keyed_token
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


@pytest.mark.parametrize(
    "same",
    [
        "138 0013 8000",
        "+86 13800138000",
        "0086-138-0013-8000",
        "１３８００１３８０００",
        "8613800138000",
        "013800138000",
    ],
)
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


def test_a_landline_is_found_with_and_without_the_country() -> None:
    assert blind_index("+86 731 88886666") == blind_index("0731-88886666")


@pytest.mark.parametrize("stored", ["王小明 13800138000", "13800138000:王小明", "test:AAAA", "test:no base64!", ""])
def test_what_is_not_encrypted_is_refused_and_not_repeated(stored: str) -> None:
    with pytest.raises(WrongKey, match="not encrypted") as refused:
        decrypt(stored)
    assert "13800138000" not in str(refused.value)


@pytest.mark.django_db
def test_rows_written_many_at_once_are_encrypted_too() -> None:
    rows = Reporter.objects.bulk_create([Reporter(name="王小明"), Reporter(name="李四")])
    rows[0].name = "赵五"
    Reporter.objects.bulk_update(rows, ["name"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM cases_reporter")
        assert all(name.startswith("test:") for (name,) in cursor.fetchall())
    assert set(Reporter.objects.values_list("name", flat=True)) == {"赵五", "李四"}


@pytest.mark.django_db
def test_who_left_nothing_can_be_asked_for() -> None:
    silent = Reporter.objects.create(name="王小明", phone="")
    Reporter.objects.create(name="李四", phone="13800138000")
    assert list(Reporter.objects.filter(phone="")) == [silent]
    assert not Reporter.objects.filter(phone__isnull=True).exists()


@pytest.mark.parametrize("lookup", ["phone__contains", "phone__in", "phone__gt"])
def test_no_other_lookup_is_offered(lookup: str) -> None:
    with pytest.raises(FieldError, match="blind index"):
        Reporter.objects.filter(**{lookup: "1"})


def test_a_migration_can_write_the_field_down() -> None:
    _, path, args, options = Reporter._meta.get_field("phone").deconstruct()
    assert (path, args, options["blank"]) == ("cases.lib.crypto.EncryptedTextField", [], True)


def test_a_keyed_token_stays_what_was_printed_and_sent(settings: Settings) -> None:
    settings.SECRET_KEY = "a key of a test"
    assert keyed_token("resident-link:5a17") == "wFVLAd8Wnmd6z3FucHBnRJ5x5GGp9zv5"
    assert keyed_token("resident-link:5a17", 18) == "wFVLAd8Wnmd6z3FucHBnRJ5x"
    assert keyed_token("survey-invitation:5a17") != keyed_token("resident-link:5a17")
