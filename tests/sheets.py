"""What is written inside a PDF."""

import re
import zlib


def unpacked(made: bytes) -> bytes:
    """The bytes of a PDF followed by those of its packed parts; the last byte of one may look like a line end."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)
    return b"\n".join([made, *(zlib.decompressobj().decompress(part) for part in parts if part[:1] == b"\x78")])
