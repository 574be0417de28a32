import re
import subprocess
import sys

import pytest
from PIL import ImageFile

from cases.lib import pdf
from tests.sheets import unpacked

needs_pdf = pytest.mark.skipif(bool(pdf.missing()), reason=f"needs apt install {' '.join(pdf.missing())}")
PAGE = """<!DOCTYPE html><html lang="zh-hans">
<head><style>body { font-family: "Noto Serif CJK SC", serif }</style></head>
<body><p>督办单〔2026〕23号，生僻字：堋龚鏻</p>%s</body></html>"""


@needs_pdf
def test_a_chinese_font_with_every_character_is_in_the_file() -> None:
    made = pdf.html_to_pdf(PAGE % "")
    whole = unpacked(made)
    assert made.startswith(b"%PDF-")
    assert re.search(rb"/BaseFont\s*/[A-Z]{6}\+Noto-?Serif-?CJK", whole), (
        "the font is named as a part of it is embedded"
    )
    assert re.search(rb"/FontFile[23]?\s", whole), "and the part itself is there"
    for letter in "督办单堋龚鏻":  # the map from its glyphs back to letters
        assert f"{ord(letter):04x}".encode() in whole.lower()


@needs_pdf
def test_making_a_pdf_does_not_let_half_a_photograph_pass() -> None:
    pdf.html_to_pdf(PAGE % "")
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@needs_pdf
def test_a_sheet_takes_data_and_static_files_of_ours() -> None:
    dot = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="
    given = f'<link rel="stylesheet" href="/static/sheet.css"><img src="{dot}">'
    assert pdf.html_to_pdf(PAGE % given).startswith(b"%PDF-")


@needs_pdf
@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/a.png",
        "https://example.com/a.png",
        "file:///etc/passwd",
        "/etc/passwd",
        "/media/photo.jpg",
        "/static/../manage.py",
        "/static/%2e%2e/%2e%2e/manage.py",
        "/static/nothing.css",
        "ftp://127.0.0.1/a.png",
    ],
)
def test_a_sheet_takes_nothing_from_elsewhere(address: str) -> None:
    with pytest.raises(ValueError, match="nothing from elsewhere"):
        pdf.html_to_pdf(PAGE % f'<img src="{address}">')


def test_a_machine_without_the_libraries_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_loaded", lambda _files: None)
    pdf.missing.cache_clear()
    try:
        assert pdf.missing() == (*pdf.LIBRARIES, pdf.FONTS)
        with pytest.raises(pdf.PdfUnavailable, match=r"apt install libpango-1.0-0 .*fonts-noto-cjk"):
            pdf.html_to_pdf(PAGE % "")
    finally:
        pdf.missing.cache_clear()


def test_the_program_starts_without_the_pdf_maker() -> None:
    code = (
        "import sys; sys.modules['weasyprint'] = None; import django; django.setup(); "
        "import config.urls, cases.lib.pdf; print(len(config.urls.urlpatterns) > 5)"
    )
    env = {"DJANGO_SETTINGS_MODULE": "config.settings_test", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)  # noqa: S603
    assert done.stdout.strip() == "True", done.stderr
