"""The personal link of an owner to vote by phone: derived, nowhere stored, of one elector of one ballot."""

import hmac
import re

from cases.lib.crypto import keyed_token
from cases.models import Elector

MAC_BYTES = 18  # 144 bits: 24 letters in the address
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
KEY = re.compile(r"[0-9a-z]{1,13}")  # a key of 63 bits


def ballot_token(elector: Elector) -> str:
    """The elector's key and a code that only the secret key makes; the ballot and its words are part of it."""
    return f"{_written(elector.pk)}-{_code(elector)}"


def elector_of_token(token: str) -> Elector | None:
    """Whose link it is, or None; a code that is nearly right takes as long as one that is not at all."""
    key, _, code = token.partition("-")
    if not KEY.fullmatch(key):
        return None
    rows = Elector.objects.select_related("poll__topic", "poll__pack", "poll__council__area")
    elector = rows.filter(pk=min(int(key, 36), 2**63 - 1), poll__item=None, owner__isnull=False).first()
    if elector is None or not hmac.compare_digest(_code(elector).encode(), code.encode()):
        return None
    return elector


def _code(elector: Elector) -> str:
    return keyed_token(f"owners-ballot:{elector.poll_id}:{elector.poll.sha256}:{elector.pk}", MAC_BYTES)


def _written(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = DIGITS[rest] + text
    return text
