"""Photographs: sniffed, decoded and encoded again, so that nothing but the picture is kept."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

import puremagic
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image, ImageOps

MAX_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SIDE = 2048
FORMATS = ("JPEG", "PNG", "WEBP")
ZONE = ZoneInfo("Asia/Shanghai")  # EXIF times of phones carry no zone


class UnusablePhoto(ValueError):
    """The upload is no photograph that can be kept; the text says what to do."""


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
        raise UnusablePhoto(_("照片超过 15 MB，请拍小一点或压缩后再传。"))
    _sniff(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(raw), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UnusablePhoto(_("照片尺寸过大，请缩小后再传。"))
                exif = image.getexif()
                taken_at, (lat, lon) = _taken_at(exif), _position(exif)
                upright = ImageOps.exif_transpose(image).convert("RGB")
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise UnusablePhoto(_("照片尺寸过大，请缩小后再传。")) from error
        except (OSError, SyntaxError, ValueError) as error:
            if isinstance(error, UnusablePhoto):
                raise
            raise UnusablePhoto(_("照片打不开，可能已损坏，请重新拍摄。")) from error
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    clean = Image.frombytes("RGB", upright.size, upright.tobytes())  # leaves every kind of metadata behind
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=85, optimize=True)
    content = out.getvalue()
    return Photo(content, clean.width, clean.height, hashlib.sha256(content).hexdigest(), taken_at, lat, lon)


def _sniff(raw: bytes) -> None:
    try:
        mimes = {match.mime_type for match in puremagic.magic_string(raw)}
    except (puremagic.PureError, ValueError):
        mimes = set()
    if not mimes & {"image/jpeg", "image/png", "image/webp"}:
        raise UnusablePhoto(_("这不是照片。请上传 JPEG、PNG 或 WebP 格式的图片。"))


def _taken_at(exif: Image.Exif) -> datetime | None:
    text = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    try:
        return datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S").replace(tzinfo=ZONE)
    except ValueError:
        return None


def _position(exif: Image.Exif) -> tuple[float | None, float | None]:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef] == "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef] == "W")
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None, None
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else (None, None)  # noqa: PLR2004


def _degrees(parts: tuple[float, float, float], negative: bool) -> float:
    value = float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
    return round(-value if negative else value, 6)
