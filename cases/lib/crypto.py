"""Personal data at rest: AES-256-GCM with key ids, and a blind index that finds a phone without decrypting."""

import base64
import hashlib
import hmac
import os
import re
import unicodedata
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import Exact

_MOBILE = re.compile(r"1[3-9]\d{9}")
_TOKEN = re.compile(r"([A-Za-z0-9_-]+):([A-Za-z0-9+/]{38,}={0,2})")  # nonce and tag alone are 28 bytes


class WrongKey(ValueError):
    """The text cannot be read with the keys that are set."""


@lru_cache(maxsize=8)
def _ring(keys: str) -> dict[str, AESGCM]:
    ring = {}
    for item in keys.split(","):
        name, _, value = item.strip().partition(":")
        key = base64.b64decode(value)
        if not name or len(key) != 32:  # noqa: PLR2004
            raise ValueError("ZHUOLUO_FIELD_KEYS needs id:base64 of 32 bytes, comma separated.")
        ring[name] = AESGCM(key)
    return ring


def encrypt(text: str, *, context: str = "") -> str:
    """ "keyid:base64(nonce + ciphertext)", with the first key; `context` must be given again to decrypt."""
    ring = _ring(settings.FIELD_KEYS)
    name = next(iter(ring))
    nonce = os.urandom(12)
    sealed = ring[name].encrypt(nonce, text.encode(), context.encode())
    return f"{name}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(token: str, *, context: str = "") -> str:
    """The text; raises WrongKey when no key that is set opens it, or it was changed or moved to another field."""
    found = _TOKEN.fullmatch(token)
    if found is None:  # perhaps readable text, so the message does not repeat it
        raise WrongKey("The stored value is not encrypted, or was cut off: restore it from a backup.")
    name = found[1]
    key = _ring(settings.FIELD_KEYS).get(name)
    if key is None:
        raise WrongKey(f"Encrypted with key {name!r}, which ZHUOLUO_FIELD_KEYS does not hold: add it back.")
    try:
        raw = base64.b64decode(found[2], validate=True)
        return key.decrypt(raw[:12], raw[12:], context.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise WrongKey(
            f"Key {name!r} does not open this value: put back the key that it had, or restore the value from a backup."
        ) from error


def normal_phone(value: str) -> str:
    """Digits only, full-width ones too, without the prefix of China and the 0 that is dialled within it."""
    digits = "".join(c for c in unicodedata.normalize("NFKC", value) if c in "0123456789+")
    digits = re.sub(r"^(?:\+86|0086|86(?=1\d{10}$))", "", digits).replace("+", "")
    return digits.lstrip("0") or digits


def is_mobile(value: str) -> bool:
    """Whether a short message can reach the phone: a mobile number of this country."""
    return bool(_MOBILE.fullmatch(normal_phone(value)))


def blind_index(value: str) -> str:
    """HMAC-SHA256 of a normalised phone, in hex: equal phones have equal ones, and nothing else can be read."""
    key = base64.b64decode(settings.INDEX_KEY)
    return hmac.new(key, normal_phone(value).encode(), hashlib.sha256).hexdigest()


def keyed(words: str) -> bytes:
    """HMAC-SHA256 under the secret key: 32 bytes that nobody without the key can foresee or make up.

    `words` begin with what it is for, so that one use never gives what another one takes.
    """
    return hmac.new(settings.SECRET_KEY.encode(), words.encode(), hashlib.sha256).digest()


def keyed_token(words: str, size: int = 24) -> str:
    """The first `size` bytes of it, fit for an address: it can be made again, so only its hash need be stored."""
    return base64.urlsafe_b64encode(keyed(words)[:size]).decode()


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database, bound to its model and field; the empty string stays empty."""

    @property
    def _context(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return encrypt(text, context=self._context) if text else text

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return decrypt(value, context=self._context) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull`, and `exact` with the empty string: each encryption of a text differs."""
        if lookup_name == "exact":
            return _ExactlyEmpty
        if lookup_name != "isnull":
            raise _unsearchable(self.name)
        return super().get_lookup(lookup_name)


class _ExactlyEmpty(Exact):
    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise _unsearchable(self.lhs.output_field.name)
        return self.rhs


def _unsearchable(name: str) -> FieldError:
    return FieldError(f"{name} is encrypted and cannot be searched: use its blind index.")
