"""Photographs: sniffed, decoded and encoded again, so that nothing but the picture is kept."""

import hashlib
import io
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

import puremagic
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image

MAX_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SIDE = 2048
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
ZONE = ZoneInfo("Asia/Shanghai")  # EXIF times of phones carry no zone
TURNS = dict(zip(range(2, 9), map(Image.Transpose, (0, 3, 1, 5, 4, 6, 2)), strict=True))  # by EXIF orientation
# What the decoder raises when the tags of a picture are cut, of the wrong type or out of range.
BROKEN_TAGS = (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, struct.error)


class UnusablePhoto(ValueError):
    """No photograph that can be kept: a code (size, pixels, broken, kind) and a text that says what to do."""

    def __init__(self, code: str, message: Promise | str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Photo:
    """A JPEG without metadata, and the place and time that its EXIF told."""

    content: bytes
    width: int
    height: int
    sha256: str
    taken_at: datetime | None
    lat: float | None
    lon: float | None


def reencode(file: BinaryIO) -> Photo:
    """Read an upload and encode it again: at most 2048 px, no EXIF, nothing appended. Raises UnusablePhoto."""
    file.seek(0)
    raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise UnusablePhoto("size", _("照片超过 15 MB，请拍小一点或压缩后再传。"))
    _sniff(raw)
    try:
        with Image.open(io.BytesIO(raw), formats=tuple(FORMATS)) as image:
            small = _small(image)
            turn, taken_at, (lat, lon) = _tags(image)
            upright = small if turn is None else small.transpose(turn)
            clean = Image.frombytes("RGB", upright.size, upright.tobytes())  # leaves every kind of metadata behind
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UnusablePhoto("pixels", _("照片尺寸过大，请缩小后再传。")) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UnusablePhoto("broken", _("照片打不开，可能已损坏，请重新拍摄。")) from error
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=85, optimize=True)
    content = out.getvalue()
    return Photo(content, clean.width, clean.height, hashlib.sha256(content).hexdigest(), taken_at, lat, lon)


def _sniff(raw: bytes) -> None:
    try:
        mimes = {match.mime_type for match in puremagic.magic_string(raw)}
    except (puremagic.PureError, ValueError):
        mimes = set()
    if mimes.isdisjoint(FORMATS.values()):
        raise UnusablePhoto("kind", _("这不是照片。请上传 JPEG、PNG 或 WebP 格式的图片。"))


def _small(image: Image.Image) -> Image.Image:
    """At most 2048 px, on white: JPEG knows no transparency, and black would hide dark writing."""
    # Filters of warnings are shared by all threads, so this lower limit stands in for the one that only warns.
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    image.draft(None, (MAX_SIDE, MAX_SIDE))  # a large JPEG is decoded at a fraction, else one costs 0.6 GB
    image.load()
    mode = "RGBA" if image.has_transparency_data else "RGB"
    small = image if image.mode == mode else image.convert(mode)
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    if mode == "RGBA":
        small = Image.alpha_composite(Image.new(mode, small.size, "white"), small).convert("RGB")
    return small


def _tags(image: Image.Image) -> tuple[Image.Transpose | None, datetime | None, tuple[float | None, float | None]]:
    """Which way is up, when and where; a picture with broken tags is still a picture."""
    try:
        exif = image.getexif()
        turn = TURNS.get(exif.get(ExifTags.Base.Orientation, 1))
    except BROKEN_TAGS:
        return None, None, (None, None)
    return turn, _taken_at(exif), _position(exif)


def _taken_at(exif: Image.Exif) -> datetime | None:
    try:
        text = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        return datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S").replace(tzinfo=ZONE)
    except BROKEN_TAGS:
        return None


def _position(exif: Image.Exif) -> tuple[float | None, float | None]:
    try:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef] == "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef] == "W")
    except BROKEN_TAGS:
        return None, None
    known = abs(lat) <= 90 and abs(lon) <= 180 and (lat or lon)  # noqa: PLR2004  # 0, 0 is a phone without a fix
    return (lat, lon) if known else (None, None)


def _degrees(parts: tuple[float, float, float], negative: bool) -> float:
    value = float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
    return round(-value if negative else value, 6)
