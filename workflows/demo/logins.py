"""The logins of the demonstration: one random password, made at the first run and kept in a file only we may read."""

import os
import secrets
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from cases.models import User
from workflows.demo.people import LOGINS

FILE = "demo-logins.txt"


def ensure_logins(folder: Path) -> str:
    """The table of logins; made, and the passwords set, when the file or the users are new."""
    path = folder / FILE
    users = list(User.objects.filter(username__in=[login.username for login in LOGINS]))
    if path.is_file() and all(user.has_usable_password() for user in users):
        return path.read_text(encoding="utf-8")
    password = secrets.token_urlsafe(9)
    kept = make_password(password)  # one for all of them: each would take as long as all
    User.objects.filter(pk__in=[user.pk for user in users]).update(password=kept)
    text = _table([(str(login.role.label), login.username, password) for login in LOGINS])
    folder.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # a file of an older database may have other permissions
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return text


def _table(rows: list[tuple[str, str, str]]) -> str:
    lines = [(_("角色"), _("登录名"), _("密码")), *rows]
    widths = [max(_width(line[n]) for line in lines) for n in range(3)]
    return "".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)  # noqa: PLR2004
