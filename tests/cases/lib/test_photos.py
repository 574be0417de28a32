"""Photographs: only the picture is kept."""

import io
import struct
import zlib
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

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


def only_a_header(width: int, height: int) -> io.BytesIO:
    """A PNG that says how large it is and has nothing more: the refusal must come before decoding."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    chunks = b"".join(
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data, b"IEND")
    )
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunks)


@pytest.mark.parametrize("side", [7100, 10_000, 14_000], ids=["our limit", "bomb warned of", "bomb"])
def test_a_decompression_bomb_is_refused(side: int) -> None:
    with pytest.raises(UnusablePhoto) as refused:
        reencode(only_a_header(side, side))
    assert refused.value.code == "pixels"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (io.BytesIO(b"GIF89a" + b"0" * 64), "kind"),
        (only_a_header(10, 10), "broken"),
        (io.BytesIO(b"0" * (photos.MAX_BYTES + 1)), "size"),
    ],
    ids=["kind", "broken", "size"],
)
def test_a_refusal_says_which_kind_it_is_and_what_to_do(file: io.BytesIO, code: str) -> None:
    with pytest.raises(UnusablePhoto, match="请") as refused:
        reencode(file)
    assert refused.value.code == code


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_put_upright_as_pillow_would(orientation: int) -> None:
    drawn = Image.new("RGB", (64, 32))
    drawn.paste((255, 255, 255), (0, 0, 32, 16))
    exif, file = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Orientation] = orientation
    drawn.save(file, "PNG", exif=exif)
    with Image.open(file) as image, Image.open(io.BytesIO(reencode(file).content)) as kept:
        upright = ImageOps.exif_transpose(image)
        corners = [(4, 4), (upright.width - 4, 4), (4, upright.height - 4), (upright.width - 4, upright.height - 4)]
        assert kept.size == upright.size
        assert [kept.getpixel(c)[0] > 127 for c in corners] == [upright.getpixel(c)[0] > 127 for c in corners]


@pytest.mark.parametrize("parts", [(28.0, 11.0), (0.0, 0.0, 0.0), (999.0, 0.0, 0.0)], ids=["cut", "no fix", "too far"])
def test_a_place_that_cannot_be_is_no_place(parts: tuple[float, ...]) -> None:
    exif = Image.Exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", parts
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", parts
    photo = reencode(picture(exif=exif))
    assert (photo.lat, photo.lon) == (None, None)


@pytest.mark.filterwarnings("ignore::UserWarning")  # the decoder remarks on each tag that it skips
@given(st.binary(min_size=1, max_size=4), st.integers(0, 255))
def test_broken_tags_cost_the_tags_and_not_the_picture(noise: bytes, place: int) -> None:
    whole = with_exif().getvalue()
    start = whole.index(b"Exif\0\0") + 6 + place % 200
    photo = reencode(io.BytesIO(whole[:start] + noise + whole[start + len(noise) :]))
    assert {photo.width, photo.height} == {64, 32}


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_what_is_transparent_becomes_white(form: str) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(file, form)
    with Image.open(io.BytesIO(reencode(file).content)) as image:
        assert min(image.getpixel((5, 5))) > 250
