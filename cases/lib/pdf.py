"""An HTML page as a PDF, by WeasyPrint: nothing is fetched but data and our own static files.

WeasyPrint is imported when the first sheet is made: it takes most of a second, and fails where libraries are missing.
"""

import ctypes
import mimetypes
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import SuspiciousFileOperation
from PIL import ImageFile

LIBRARIES = {  # the Debian package, and the file by the system that it is for
    "libpango-1.0-0": ("libpango-1.0.so.0", "libpango-1.0.dylib", "libpango-1.0-0.dll"),
    "libpangoft2-1.0-0": ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "libpangoft2-1.0-0.dll"),
    "libharfbuzz-subset0": ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib", "libharfbuzz-subset-0.dll"),
}
FONTCONFIG = ("libfontconfig.so.1", "libfontconfig.1.dylib", "libfontconfig-1.dll")
FONTS = "fonts-noto-cjk"
HERE = "http://sheet.invalid"  # a name that no network knows: what a sheet names without a host is ours
_one_at_a_time = Lock()  # laying out a page is all processor: side by side two would only need twice the memory


class PdfUnavailable(RuntimeError):
    """This machine cannot make a PDF; the words say what to install."""


@lru_cache(maxsize=1)
def missing() -> tuple[str, ...]:
    """The Debian packages that have to be installed before a PDF can be made; looked for once in a process."""
    lacking = [package for package, files in LIBRARIES.items() if _loaded(files) is None]
    if not _has_chinese_font(_loaded(FONTCONFIG)):
        lacking.append(FONTS)
    return tuple(lacking)


class OwnFiles:
    """Fetches what a sheet may name: data within it, and static files of ours. Keeps what else it was asked for."""

    _fail_on_errors = False  # WeasyPrint would raise what no `except Exception` catches

    def __init__(self) -> None:
        self.refused: list[str] = []

    def __call__(self, url: str) -> Any:
        from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415  # see above

        if url.startswith("data:"):
            return URLFetcher(allowed_protocols=["data"])(url)
        name = url.removeprefix(f"{HERE}{settings.STATIC_URL}")
        content = None if name == url else _static(name)
        if content is None:
            self.refused.append(url)
            raise ValueError(url)
        return URLFetcherResponse(url, content, {"Content-Type": mimetypes.guess_type(name)[0] or ""})


def html_to_pdf(html: str) -> bytes:
    """A whole page as a PDF with its fonts in it. Raises PdfUnavailable, ValueError (it names what is not ours)."""
    if missing():
        raise PdfUnavailable(f"No PDF can be made here: apt install {' '.join(missing())}")
    import weasyprint  # noqa: PLC0415  # slow, and only where its libraries are

    ImageFile.LOAD_TRUNCATED_IMAGES = False  # its import lets half a photograph pass, in the whole process
    own_files = OwnFiles()
    with _one_at_a_time:
        made = weasyprint.HTML(string=html, base_url=f"{HERE}/", url_fetcher=own_files).write_pdf()
    if own_files.refused:
        raise ValueError(f"A sheet fetches nothing from elsewhere: {', '.join(own_files.refused)[:200]}")
    return bytes(made)


def _static(name: str) -> bytes | None:
    """A static file: collected, or where it lies; None when there is none."""
    with suppress(SuspiciousFileOperation):
        if staticfiles_storage.exists(name):
            with staticfiles_storage.open(name) as file:
                return bytes(file.read())
        if found := finders.find(name):
            return Path(found).read_bytes()
    return None


def _loaded(files: tuple[str, ...]) -> ctypes.CDLL | None:
    for file in files:
        with suppress(OSError):
            return ctypes.CDLL(file)
    return None


def _has_chinese_font(fontconfig: ctypes.CDLL | None) -> bool:
    if fontconfig is None:
        return False
    for name in ("FcNameParse", "FcObjectSetCreate", "FcFontList"):
        getattr(fontconfig, name).restype = ctypes.c_void_p
    pattern = ctypes.c_void_p(fontconfig.FcNameParse(b":lang=zh-cn"))
    nothing_more = ctypes.c_void_p(fontconfig.FcObjectSetCreate())
    found = fontconfig.FcFontList(None, pattern, nothing_more)
    return bool(found and ctypes.cast(found, ctypes.POINTER(ctypes.c_int)).contents.value)
