"""The source of this program as it runs here, for everybody who uses it: the licence asks for it."""

import io
import tarfile
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# Named one by one, so that keys and data beside them never come along.
PARTS = (
    "cases", "config", "docs", "notifications", "tests", "workflows", ".ci", ".env.example", "ARCHITECTURE.md",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "README.zh-CN.md", "manage.py",
    "pyproject.toml", "requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt",
)  # fmt: skip


@require_safe
@cache_control(public=True, max_age=3600)
def source(_request: HttpRequest) -> HttpResponse:
    """A tar.gz of the project."""
    headers = {"Content-Disposition": 'attachment; filename="zhuoluo.tar.gz"'}
    return HttpResponse(_archive(), content_type="application/gzip", headers=headers)


@lru_cache(maxsize=1)
def _archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in PARTS:
            if (settings.BASE_DIR / name).exists():
                archive.add(settings.BASE_DIR / name, f"zhuoluo/{name}", filter=_ours)
    return packed.getvalue()


def _ours(item: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Without compiled files, and without the names of this machine's users."""
    if "__pycache__" in item.name or item.name.endswith(".pyc") or not (item.isfile() or item.isdir()):
        return None
    item.uid = item.gid = 0
    item.uname = item.gname = ""
    return item
