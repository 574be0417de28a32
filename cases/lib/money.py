"""Money in whole 分: typed and shown as 元 with two digits, never a float in between."""

import re
import unicodedata

LARGEST_FEN = 10**13  # a hundred thousand million 元: far above any project, far below the end of the column
_YUAN = re.compile(r"(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d{1,2}))?")


class NotMoney(ValueError):
    """No amount in 元 with at most two digits after the point."""


def fen_of(text: str) -> int:
    """12345.67, 12,345.67, ￥12345.67 or 12345.67元 as 1234567 fen. Raises NotMoney."""
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("¥").removesuffix("元").strip()
    found = _YUAN.fullmatch(plain)
    if found is None:
        raise NotMoney(text)
    fen = int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))
    if fen > LARGEST_FEN:
        raise NotMoney(text)
    return fen


def yuan_of(fen: int) -> str:
    """1234567 fen as 12,345.67; what is below nothing has its sign."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}"
