"""A spreadsheet that is uploaded: the field, and how what it says is read."""

from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from cases.lib.spreadsheet import UnreadableSheet

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SUFFIXES = (".xlsx", ".xls", ".csv")
T = TypeVar("T")


class SheetField(forms.FileField):
    """An Excel or CSV file of at most `most_mb` megabytes."""

    def __init__(self, *, label: "StrOrPromise", help_text: "StrOrPromise", most_mb: int = 10) -> None:
        self.most_bytes = most_mb * 2**20
        errors = {"required": _("请选择文件。"), "empty": _("文件是空的，请另选一个。")}
        widget = forms.FileInput(attrs={"accept": ",".join(SUFFIXES)})
        super().__init__(label=label, help_text=help_text, widget=widget, error_messages=errors)

    def clean(self, data: Any, initial: Any = None) -> UploadedFile:  # type: ignore[type-arg]
        """A table by its name, and not a huge one."""
        file: UploadedFile = super().clean(data, initial)  # type: ignore[type-arg]
        if suffix_of(file) not in SUFFIXES:
            raise ValidationError(_("请选择 .xlsx 或 .csv 文件。"))
        if (file.size or 0) > self.most_bytes:
            raise ValidationError(_("文件超过 %(n)s MB，请核对是不是选错了。") % {"n": self.most_bytes // 2**20})
        return file


def suffix_of(file: UploadedFile) -> str:  # type: ignore[type-arg]
    """The ending of its name in small letters, with the dot."""
    return Path(file.name or "").suffix.lower()


def read_upload(file: UploadedFile, read: Callable[[Path], T]) -> T:  # type: ignore[type-arg]
    """What `read` makes of an upload, which it gets as a file of its own.

    Raises ValidationError: the words of a subclass of UnreadableSheet are for the page, those of the class itself are
    for a command line.
    """
    with NamedTemporaryFile(suffix=suffix_of(file)) as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        try:
            return read(Path(kept.name))
        except UnreadableSheet as error:
            is_ours = type(error) is not UnreadableSheet
            said = str(error) if is_ours else _("这个文件读不了，请用 Excel 另存为 .xlsx（不设密码）后再选。")
            raise ValidationError(said) from error
