"""Photographs: only the picture is kept."""

import io
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from PIL import ExifTags, Image

from cases.lib import photos
from cases.lib.photos import UnusablePhoto, reencode


def picture(form: str = "JPEG", size: tuple[int, int] = (64, 32), **options: object) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, form, **options)
    return out


def with_exif() -> io.BytesIO:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "SecretPhone"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:03:02 09:30:00"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (28.0, 11.0, 24.0)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (112.0, 58.0, 48.0)
    return picture(exif=exif)


def test_place_and_time_are_read_and_then_dropped() -> None:
    photo = reencode(with_exif())
    assert photo.taken_at == datetime(2026, 3, 2, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert (photo.lat, photo.lon) == (28.19, 112.98)
    assert b"SecretPhone" not in photo.content
    with Image.open(io.BytesIO(photo.content)) as image:
        assert dict(image.getexif()) == {}


def test_a_picture_lying_on_its_side_is_put_upright() -> None:
    photo = reencode(with_exif())
    assert (photo.width, photo.height) == (32, 64)


def test_what_is_appended_to_a_picture_does_not_survive() -> None:
    file = picture()
    file.seek(0, io.SEEK_END)
    file.write(b"<script>alert(1)</script>")
    assert b"script" not in reencode(file).content


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_formats_of_phones_become_jpeg(form: str) -> None:
    assert reencode(picture(form)).content.startswith(b"\xff\xd8")


def test_a_large_picture_is_made_smaller() -> None:
    photo = reencode(picture(size=(4000, 1000)))
    assert (photo.width, photo.height) == (2048, 512)


@pytest.mark.parametrize(
    "file",
    [
        io.BytesIO(b""),
        io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        io.BytesIO(b"GIF89a" + b"0" * 64),
        io.BytesIO(b"MZ" + b"0" * 64),
        io.BytesIO(picture().getvalue()[:200]),
    ],
    ids=["empty", "svg", "gif", "program", "cut"],
)
def test_what_is_no_photograph_is_refused(file: io.BytesIO) -> None:
    with pytest.raises(UnusablePhoto):
        reencode(file)


def test_too_many_pixels_or_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MAX_PIXELS", 1000)
    with pytest.raises(UnusablePhoto):
        reencode(picture())
    monkeypatch.setattr(photos, "MAX_BYTES", 100)
    with pytest.raises(UnusablePhoto):
        reencode(picture())


def test_a_decompression_bomb_is_refused() -> None:
    with pytest.raises(UnusablePhoto):
        reencode(picture("PNG", (14000, 14000)))
