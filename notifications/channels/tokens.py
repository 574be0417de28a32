"""Tokens of platforms that are fetched, kept while they are good, and fetched anew once when they are not."""

from collections.abc import Callable

from django.core.cache import cache

from cases.lib.crypto import WrongKey, decrypt, encrypt
from notifications.channels.wire import Answer

EARLIER = 300  # seconds before its end a token is not used any more
LONGEST = 7200
Fetched = tuple[str, int]  # the token, and for how many seconds it is good


def with_token(
    name: str, fetch: Callable[[], Fetched], call: Callable[[str], Answer], is_stale: Callable[[Answer], bool]
) -> Answer:
    """Call with the token; when the platform does not take it any more, once again with a new one."""
    kept = _kept(name)
    answer = call(kept or _new(name, fetch))
    if is_stale(answer):
        answer = call(_new(name, fetch))
    return answer


def live(*names: str) -> list[str]:
    """Those that are good at this moment."""
    return [token for name in names if (token := _kept(name))]


def _kept(name: str) -> str:
    """From the cache, where it lies encrypted: who reads the cache cannot send in our name."""
    sealed = cache.get(_key(name))
    if not isinstance(sealed, str):
        return ""
    try:
        return decrypt(sealed, context=_key(name))
    except WrongKey:
        return ""


def _new(name: str, fetch: Callable[[], Fetched]) -> str:
    token, seconds = fetch()
    cache.set(_key(name), encrypt(token, context=_key(name)), max(min(seconds, LONGEST) - EARLIER, 1))
    return token


def _key(name: str) -> str:
    return f"token.{name}"
