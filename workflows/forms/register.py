"""Forms of the register of owners: a sheet to upload, and its confirmation."""

from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.lib.crypto import WrongKey, decrypt, encrypt
from cases.lib.spreadsheet import UnreadableSheet
from workflows.council.register_sheet import NoRegister, RegisterSheet, read_register, unpacked

SUFFIXES = (".xlsx", ".xls", ".csv")
MOST_BYTES = 10 * 1024 * 1024
SALT = "workflows.register.import"
KEPT_FOR = timedelta(hours=8)


class RegisterUploadForm(forms.Form):
    """The sheet as a file; `sheet` is what it says, row errors included."""

    file = forms.FileField(
        label=_("业主名册"),
        help_text=_("Excel（.xlsx）或 CSV：房号、业主姓名、专有部分面积、面积来源；可另有业主编号、电话。"),
        widget=forms.FileInput(attrs={"accept": ",".join(SUFFIXES)}),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的，请另选一个。")},
    )
    sheet: RegisterSheet

    def clean_file(self) -> UploadedFile:  # type: ignore[type-arg]
        """Read the sheet; a file that is none says why."""
        file: UploadedFile = self.cleaned_data["file"]  # type: ignore[type-arg]
        suffix = Path(file.name or "").suffix.lower()
        if suffix not in SUFFIXES:
            raise ValidationError(gettext("请选择 .xlsx 或 .csv 文件。"))
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(gettext("文件超过 %(n)s MB，请核对是不是选错了。") % {"n": MOST_BYTES // 2**20})
        with NamedTemporaryFile(suffix=suffix) as kept:
            for chunk in file.chunks():
                kept.write(chunk)
            kept.flush()
            try:
                self.sheet = read_register(Path(kept.name), title=str(file.name))
            except NoRegister as error:
                raise ValidationError(str(error)) from error
            except UnreadableSheet as error:
                raise ValidationError(gettext("这个文件读不了，请用 Excel 另存为 .xlsx（不设密码）后再选。")) from error
        return file


class RegisterConfirmForm(forms.Form):
    """The sheet that was looked at; it comes along encrypted, for it holds names and phones."""

    sheet = forms.CharField(widget=forms.HiddenInput)
    base = forms.CharField(widget=forms.HiddenInput)

    def clean_sheet(self) -> RegisterSheet:
        """The sheet, when it is the one that was shown."""
        try:
            signed = decrypt(self.cleaned_data["sheet"], context=SALT)
            return unpacked(signing.loads(signed, salt=SALT, max_age=KEPT_FOR))
        except (WrongKey, signing.BadSignature) as error:
            raise ValidationError(gettext("上传已过期，请重新选择文件。")) from error


def confirmation(sheet: RegisterSheet, *, base: str) -> RegisterConfirmForm:
    """The form that carries a sheet on."""
    signed = signing.dumps(sheet.packed(), salt=SALT, compress=True)
    return RegisterConfirmForm(initial={"sheet": encrypt(signed, context=SALT), "base": base})
